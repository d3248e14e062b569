//! Files that messages carry, and how they come onto the device.

use fulmar::{ContentHash, FileId, Thumbnail};

use std::sync::Arc;

use crate::cancel::{CancelHandle, cancellable};
use crate::{ByteCount, ClientHandle, CommandError, Count, DownloadWatcher, Millis};

/// A file that a message carries.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Attachment {
    /// The file at the server. Of a message that is not sent yet it says nothing.
    pub file_id: FileId,
    /// How it is shown.
    pub kind: AttachmentKind,
    /// What it is called.
    pub name: String,
    /// What is in it, as a MIME type.
    pub mime_type: String,
    /// How many bytes it has.
    pub size: ByteCount,
    /// What is in it, to the bit.
    pub sha256: ContentHash,
    /// Of a picture or a film: how wide, in pixels.
    pub width: Option<Count>,
    /// Of a picture or a film: how high, in pixels.
    pub height: Option<Count>,
    /// Of something that plays: how long.
    pub duration: Option<Millis>,
    /// What is shown until it is here.
    pub blurhash: Option<String>,
    /// The same as a small picture.
    pub thumbnail: Option<Thumbnail>,
}

impl From<fulmar::Attachment> for Attachment {
    fn from(attachment: fulmar::Attachment) -> Self {
        let fulmar::Attachment {
            file_id,
            kind,
            name,
            mime_type,
            size,
            sha256,
            width,
            height,
            duration_ms,
            blurhash,
            thumbnail,
        } = attachment;
        Self {
            file_id,
            kind: kind.into(),
            name,
            mime_type,
            size: ByteCount(size),
            sha256,
            width: width.map(Count::from),
            height: height.map(Count::from),
            duration: duration_ms.map(Millis::from_millis),
            blurhash,
            thumbnail,
        }
    }
}

impl From<Attachment> for fulmar::Attachment {
    fn from(attachment: Attachment) -> Self {
        let Attachment {
            file_id,
            kind,
            name,
            mime_type,
            size,
            sha256,
            width,
            height,
            duration,
            blurhash,
            thumbnail,
        } = attachment;
        Self {
            file_id,
            kind: kind.into(),
            name,
            mime_type,
            size: size.0,
            sha256,
            width: width.map(Count::as_u32),
            height: height.map(Count::as_u32),
            duration_ms: duration.map(Millis::as_millis),
            blurhash,
            thumbnail,
        }
    }
}

/// How an attachment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AttachmentKind {
    /// Shown as a picture.
    Image,
    /// Shown as a film.
    Video,
    /// As something to listen to.
    Audio,
    /// As something that was spoken into the device.
    Voice,
    /// As a file; also what this version does not know.
    File,
}

impl From<fulmar::AttachmentKind> for AttachmentKind {
    fn from(kind: fulmar::AttachmentKind) -> Self {
        match kind {
            fulmar::AttachmentKind::Image => Self::Image,
            fulmar::AttachmentKind::Video => Self::Video,
            fulmar::AttachmentKind::Audio => Self::Audio,
            fulmar::AttachmentKind::Voice => Self::Voice,
            fulmar::AttachmentKind::File => Self::File,
        }
    }
}

impl From<AttachmentKind> for fulmar::AttachmentKind {
    fn from(kind: AttachmentKind) -> Self {
        match kind {
            AttachmentKind::Image => Self::Image,
            AttachmentKind::Video => Self::Video,
            AttachmentKind::Audio => Self::Audio,
            AttachmentKind::Voice => Self::Voice,
            AttachmentKind::File => Self::File,
        }
    }
}

/// Where the bytes of a file to send come from.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AttachmentSource {
    /// A file of this device.
    Path {
        /// The path of the file on this device.
        path: String,
    },
    /// Bytes in memory.
    Bytes {
        /// What the file is called: 1 to 255 bytes, no path.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// A file to send with a message, and what is said about it. It is copied when the message is handed over, so
/// the original may change or go afterwards. PROTOCOL.md §4.7.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewAttachment {
    /// Where it comes from.
    pub source: AttachmentSource,
    /// What it is called: 1 to 255 bytes, no path. Otherwise as its source is.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// What is in it, such as `image/png`. Otherwise what goes with the end of its name.
    #[uniffi(default = None)]
    pub mime_type: Option<String>,
    /// How it is shown. Otherwise what goes with its MIME type.
    #[uniffi(default = None)]
    pub kind: Option<AttachmentKind>,
    /// How wide it is, in pixels.
    #[uniffi(default = None)]
    pub width: Option<Count>,
    /// How high it is, in pixels.
    #[uniffi(default = None)]
    pub height: Option<Count>,
    /// How long it plays.
    #[uniffi(default = None)]
    pub duration: Option<Millis>,
    /// What is shown until it is there: a blurhash, at most 128 bytes.
    #[uniffi(default = None)]
    pub blurhash: Option<String>,
    /// The same as a small picture, at most 2,048 bytes.
    #[uniffi(default = None)]
    pub thumbnail: Option<Thumbnail>,
}

impl From<NewAttachment> for fulmar::NewAttachment {
    fn from(attachment: NewAttachment) -> Self {
        let NewAttachment {
            source,
            name,
            mime_type,
            kind,
            width,
            height,
            duration,
            blurhash,
            thumbnail,
        } = attachment;
        let mut new = match source {
            AttachmentSource::Path { path } => Self::from_path(path),
            AttachmentSource::Bytes { name, bytes } => Self::from_bytes(name, bytes),
        };
        if let Some(name) = name {
            new = new.name(name);
        }
        if let Some(mime_type) = mime_type {
            new = new.mime_type(mime_type);
        }
        if let Some(kind) = kind {
            new = new.kind(kind.into());
        }
        if let (Some(width), Some(height)) = (width, height) {
            new = new.dimensions(width.as_u32(), height.as_u32());
        }
        if let Some(duration) = duration {
            new = new.duration(duration.0);
        }
        if let Some(blurhash) = blurhash {
            new = new.blurhash(blurhash);
        }
        if let Some(thumbnail) = thumbnail {
            new = new.thumbnail(thumbnail.0);
        }
        new
    }
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct DownloadProgress {
    /// How many bytes of it are here.
    pub received: ByteCount,
    /// How many bytes it has.
    pub total: ByteCount,
    /// Whether more is coming at this moment.
    pub state: DownloadState,
}

impl From<fulmar::DownloadProgress> for DownloadProgress {
    fn from(progress: fulmar::DownloadProgress) -> Self {
        let fulmar::DownloadProgress {
            received,
            total,
            state,
        } = progress;
        Self {
            received: ByteCount(received),
            total: ByteCount(total),
            state: match state {
                fulmar::DownloadState::Waiting => DownloadState::Waiting,
                fulmar::DownloadState::Receiving => DownloadState::Receiving,
            },
        }
    }
}

/// Whether more of a file is coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DownloadState {
    /// It comes when there is a connection, or a little later.
    Waiting,
    /// The file is coming down.
    Receiving,
}

#[uniffi::export]
impl ClientHandle {
    /// Gets a file of a message onto this device, and says where it is.
    pub async fn download(
        &self,
        attachment: Attachment,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<String, CommandError> {
        let download = self.core().download(&attachment.into());
        let path = cancellable(cancel, download.finish()).await?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// A file that comes, live; ends when it is here.
    pub fn watch_download(
        &self,
        attachment: Attachment,
    ) -> Result<Arc<DownloadWatcher>, CommandError> {
        Ok(DownloadWatcher::of(
            self.core().download(&attachment.into()),
        ))
    }

    /// Where a file of a message is on this device, when all of it is.
    pub async fn downloaded(&self, attachment: Attachment) -> Result<Option<String>, CommandError> {
        let path = self.core().downloaded(&attachment.into()).await;
        Ok(path.map(|path| path.to_string_lossy().into_owned()))
    }
}

/// What a download gives next; it is over after the last.
pub(crate) async fn next(
    download: &mut fulmar::Download,
) -> Result<DownloadProgress, fulmar::WatchError> {
    match download.next().await {
        Some(progress) => Ok(progress.into()),
        None => Err(fulmar::WatchError::Closed),
    }
}
