//! Files to send.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fulmar_engine::{CommandError, Field, FieldRule};
use fulmar_protocol::{Attachment, AttachmentKind, ContentHash, FileId, Thumbnail};

use super::file_name;
use crate::files::{ImportError, Source};
use crate::runtime::Runtime;

/// A file to send with a message: from a path or from bytes, and what is said about it. It is copied when
/// the message is handed over, so the original may change or go afterwards. PROTOCOL.md §4.7.
///
/// ```
/// use std::time::Duration;
/// use fulmar::{AttachmentKind, NewAttachment, NewMessage};
///
/// let picture = NewAttachment::from_path("harbour.jpg").dimensions(1600, 1200);
/// let note = NewAttachment::from_bytes("note.ogg", vec![0x4f, 0x67, 0x67, 0x53])
///     .kind(AttachmentKind::Voice)
///     .duration(Duration::from_millis(4_200));
/// let message = NewMessage::text("The harbour").attach(picture).attach(note);
/// assert_eq!(message.attachments.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    source: NewSource,
    name: String,
    mime_type: String,
    kind: AttachmentKind,
    width: Option<u32>,
    height: Option<u32>,
    duration: Option<Duration>,
    blurhash: Option<String>,
    thumbnail: Option<Thumbnail>,
}

#[derive(Clone, PartialEq, Eq)]
enum NewSource {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

impl std::fmt::Debug for NewSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl NewAttachment {
    /// A file of this device. Its name is the last part of the path, cleaned and shortened where that cannot
    /// be the name of an attachment; its MIME type is what goes with the end of that, its kind what goes with
    /// the MIME type; all of them can be said otherwise. Touches nothing yet.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self::new(file_name::of_path(&path), NewSource::Path(path))
    }

    /// A file that is in memory, and what it is called. The rest as in [`NewAttachment::from_path`].
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name.into(), NewSource::Bytes(bytes.into()))
    }

    fn new(name: String, source: NewSource) -> Self {
        let mime_type = mime_guess::from_path(Path::new(&name))
            .first_raw()
            .unwrap_or("application/octet-stream")
            .to_owned();
        Self {
            kind: AttachmentKind::of_mime_type(&mime_type),
            source,
            name,
            mime_type,
            width: None,
            height: None,
            duration: None,
            blurhash: None,
            thumbnail: None,
        }
    }

    /// What it is called: 1 to 255 bytes, no path.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What is in it, such as `image/png`, and the kind that goes with that.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = mime_type.into();
        self.kind = AttachmentKind::of_mime_type(&self.mime_type);
        self
    }

    /// How it is shown: say it after the MIME type.
    #[must_use]
    pub fn kind(mut self, kind: AttachmentKind) -> Self {
        self.kind = kind;
        self
    }

    /// How wide and how high it is, in pixels.
    #[must_use]
    pub fn dimensions(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (Some(width), Some(height));
        self
    }

    /// How long it plays.
    #[must_use]
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// What is shown until it is there: a blurhash, at most 128 bytes.
    #[must_use]
    pub fn blurhash(mut self, blurhash: impl Into<String>) -> Self {
        self.blurhash = Some(blurhash.into());
        self
    }

    /// The same as a small picture, at most 2,048 bytes.
    #[must_use]
    pub fn thumbnail(mut self, thumbnail: impl Into<Vec<u8>>) -> Self {
        self.thumbnail = Some(Thumbnail(thumbnail.into()));
        self
    }

    /// Copies the file, and says what is told of it. What the rules forbid is not copied. The caller holds
    /// the handover until the message is committed.
    pub(super) async fn take(self, runtime: &Runtime) -> Result<Attachment, CommandError> {
        let most = runtime.file_bytes();
        // Until it is known what is in the file.
        let nothing = ContentHash::from_bytes([0; 32]);
        let mut attachment = Attachment {
            file_id: file_id(nothing)?,
            kind: self.kind,
            name: self.name,
            mime_type: self.mime_type,
            size: 0,
            sha256: nothing,
            width: self.width,
            height: self.height,
            duration_ms: self
                .duration
                .map(|long| u64::try_from(long.as_millis()).unwrap_or(u64::MAX)),
            blurhash: self.blurhash,
            thumbnail: self.thumbnail,
        };
        if let Some(fault) = attachment.fault() {
            let reason = fault.to_owned();
            return Err(invalid(FieldRule::Malformed { reason }));
        }
        let source = match self.source {
            NewSource::Path(path) => Source::Path(path),
            NewSource::Bytes(bytes) => Source::Bytes(bytes),
        };
        let imported = runtime
            .on_disk(move |files| files.import(&source, most))
            .await
            .ok_or(CommandError::Closed)?;
        let (content, size) = imported.map_err(|error| match error {
            ImportError::TooLarge { most } => invalid(FieldRule::TooLong { most_bytes: most }),
            ImportError::Closed => CommandError::Closed,
            ImportError::Disk(error) => unreadable(error.to_string()),
        })?;
        attachment.file_id = file_id(content)?;
        attachment.sha256 = content;
        attachment.size = size;
        Ok(attachment)
    }
}

/// The server names it when it goes up.
fn file_id(content: ContentHash) -> Result<FileId, CommandError> {
    FileId::new(content.to_string()).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(reason: String) -> CommandError {
    CommandError::FileUnreadable { reason }
}

fn invalid(rule: FieldRule) -> CommandError {
    let field = Field::Attachment;
    CommandError::Invalid { field, rule }
}
