//! Files that a message carries: what is said about each, never their bytes (PROTOCOL.md §4.7).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{FileId, IdError};

/// A file that a message carries (PROTOCOL.md §4.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The file at the server. Of a message that is not sent yet it says nothing.
    pub file_id: FileId,
    /// How it is shown.
    #[serde(default)]
    pub kind: AttachmentKind,
    /// What it is called: 1 to 255 bytes, without a path.
    pub name: String,
    /// What is in it, as a MIME type: 3 to 127 bytes.
    pub mime_type: String,
    /// How many bytes it has.
    pub size: u64,
    /// What is in it, to the bit.
    pub sha256: ContentHash,
    /// Of a picture or a film: how wide, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Of a picture or a film: how high, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Of something that plays: how long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What is shown until it is here: a blurhash of at most 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
    /// The same as a small picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<Thumbnail>,
}

/// How an attachment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
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
    #[default]
    #[serde(other)]
    File,
}

impl AttachmentKind {
    /// The kind that goes with a MIME type.
    #[must_use]
    pub fn of_mime_type(mime_type: &str) -> Self {
        match mime_type.split('/').next() {
            Some("image") => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::File,
        }
    }
}

/// The SHA-256 of a file: 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The 32 bytes of the hash.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The hash with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for ContentHash {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(IdError::NotSha256);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            for digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(IdError::NotSha256),
                };
                *byte = *byte << 4 | value;
            }
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ContentHash {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        hash.to_string()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// A small picture of at most 2 KiB that travels inside a message, as base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Thumbnail(pub Vec<u8>);

impl TryFrom<String> for Thumbnail {
    type Error = base64::DecodeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<Thumbnail> for String {
    fn from(thumbnail: Thumbnail) -> String {
        STANDARD.encode(thumbnail.0)
    }
}

impl fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbnail({} bytes)", self.0.len())
    }
}

impl Attachment {
    /// The longest name, in bytes (PROTOCOL.md §9).
    pub const NAME_BYTES: usize = 255;
    /// The longest MIME type, in bytes (PROTOCOL.md §9).
    pub const MIME_TYPE_BYTES: usize = 127;
    /// The longest blurhash, in bytes (PROTOCOL.md §9).
    pub const BLURHASH_BYTES: usize = 128;
    /// The largest thumbnail, in bytes (PROTOCOL.md §9).
    pub const THUMBNAIL_BYTES: usize = 2_048;
    /// The most attachments of a message (PROTOCOL.md §9).
    pub const MOST: usize = 10;

    /// What of it the rules of PROTOCOL.md §4.7 forbid, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let mime_type = self.mime_type.split_once('/');
        let token =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && c != '/');
        if !crate::text::is_file_name(&self.name) {
            Some(
                "the name of an attachment has 1 to 255 bytes, no path in it, and something to see",
            )
        } else if self.mime_type.len() > Self::MIME_TYPE_BYTES
            || !mime_type.is_some_and(|(kind, rest)| token(kind) && token(rest))
        {
            Some("the MIME type of an attachment looks like image/png, with at most 127 bytes")
        } else if (self.blurhash.as_ref()).is_some_and(|hash| hash.len() > Self::BLURHASH_BYTES) {
            Some("a blurhash has at most 128 bytes")
        } else if (self.thumbnail.as_ref())
            .is_some_and(|thumbnail| thumbnail.0.len() > Self::THUMBNAIL_BYTES)
        {
            Some("a thumbnail has at most 2,048 bytes")
        } else if self.size > crate::ids::MAX_NUMBER
            || self
                .duration_ms
                .is_some_and(|ms| ms > crate::ids::MAX_NUMBER)
        {
            Some("a number of an attachment is too large")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Attachment, AttachmentKind, ContentHash};

    #[test]
    fn a_hash_is_64_digits_in_lower_case() {
        let text = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let hash: ContentHash = text.parse().unwrap();
        assert_eq!(hash.to_string(), text);
        for bad in [
            "",
            "9f",
            &text.to_uppercase(),
            &format!("{text}0"),
            &"é".repeat(32),
        ] {
            assert!(bad.parse::<ContentHash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_and_types_keep_to_the_rules() {
        let good = Attachment {
            file_id: crate::FileId::new("f-1").unwrap(),
            kind: AttachmentKind::of_mime_type("image/png"),
            name: "harbour.png".to_owned(),
            mime_type: "image/png".to_owned(),
            size: 7,
            sha256: ContentHash::from_bytes([7; 32]),
            width: None,
            height: None,
            duration_ms: None,
            blurhash: None,
            thumbnail: None,
        };
        assert_eq!(good.fault(), None);
        assert_eq!(good.kind, AttachmentKind::Image);
        for name in [
            "",
            ".",
            "..",
            "../etc/passwd",
            "a\\b",
            "a\nb",
            "\u{200B}",
            "photo\u{202E}gnp.exe",
            &"x".repeat(256),
        ] {
            let bad = Attachment {
                name: name.to_owned(),
                ..good.clone()
            };
            assert!(bad.fault().is_some(), "{name:?}");
        }
        for mime_type in [
            "",
            "image",
            "/",
            "image/",
            "image/p ng",
            "a/b/c",
            &"x/".repeat(99),
        ] {
            let bad = Attachment {
                mime_type: mime_type.to_owned(),
                ..good.clone()
            };
            assert!(bad.fault().is_some(), "{mime_type:?}");
        }
    }
}
