//! Newtypes for everything that identifies or counts, so that no two of them can be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a string is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Ids have at least one and at most 128 bytes.
    #[error("an id has 1 to {max} bytes, this one has {length}", max = MAX_ID_BYTES)]
    Length {
        /// How many bytes it has.
        length: usize,
    },
    /// Ids are printable: no control characters.
    #[error("an id has no control characters")]
    ControlCharacter,
    /// An id is a segment of paths, and these two mean the folder and the one above it there, also when they are
    /// percent-encoded: a request would go to a path that nobody meant.
    #[error("an id is neither . nor .., because it stands in paths")]
    DotSegment,
    /// Numbers are at most 2^53 - 1, so that every JSON reader reads them exactly.
    #[error("a number of the protocol is at most 2^53 - 1")]
    TooLarge,
    /// An operation key that is not a UUID in its hyphenated form.
    #[error("an operation key is a UUID with hyphens")]
    NotUuid,
    /// A hash that is not a SHA-256.
    #[error("a hash is a SHA-256: 64 hexadecimal digits in lower case")]
    NotSha256,
}

/// The longest id, in bytes (PROTOCOL.md §2.3).
const MAX_ID_BYTES: usize = 128;

/// The largest number, so that every JSON reader reads it exactly (PROTOCOL.md §2.3).
pub(crate) const MAX_NUMBER: u64 = (1 << 53) - 1;

fn checked(text: String) -> Result<String, IdError> {
    if text.is_empty() || text.len() > MAX_ID_BYTES {
        return Err(IdError::Length { length: text.len() });
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::ControlCharacter);
    }
    if matches!(text.as_str(), "." | "..") {
        return Err(IdError::DotSegment);
    }
    Ok(text)
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a string as an id: 1 to 128 bytes, no control characters, neither `.` nor `..`
            /// (PROTOCOL.md §2.3).
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                checked(text.into()).map(Self)
            }

            /// The id as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdError;
            fn try_from(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque_id! {
    /// A person, as the backend names them.
    UserId
}
opaque_id! {
    /// One installation of an app; made by the device itself at its first sign-in.
    DeviceId
}
opaque_id! {
    /// A conversation, as the backend names it.
    ///
    /// A conversation that was created on a device and has not reached the server yet goes by the
    /// operation key of its `conversation.create`; the SDK goes on answering to that id afterwards.
    ConversationId
}
opaque_id! {
    /// A message, as the backend names it. For lists use the [`OperationKey`]: it never changes.
    MessageId
}
opaque_id! {
    /// A file at the server, and the upload that brings it there.
    FileId
}
opaque_id! {
    /// A session: one sign-in of one device.
    SessionId
}
opaque_id! {
    /// Names one incarnation of a user's event log; a `seq` means something only within it
    /// (PROTOCOL.md §6.3).
    LogId
}

/// The idempotency key of an operation: a UUIDv7 made on the device (PROTOCOL.md §5.1).
///
/// It is also the identity of the message that the operation sends: on this device before
/// anything else happens, in the outcome, and on every other device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationKey(Uuid);

impl OperationKey {
    /// Makes a key from the wall clock and ten random bytes, which the caller provides.
    #[must_use]
    pub fn from_parts(now: crate::Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now.millis_or_zero(), &random).into_uuid())
    }

    /// The sixteen bytes of the key, which sort by time.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl FromStr for OperationKey {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // There are other ways to write one, with braces or without hyphens.
        const HYPHENATED: usize = 36;
        Uuid::try_parse(text)
            .ok()
            .filter(|_| text.len() == HYPHENATED)
            .map(Self)
            .ok_or(IdError::NotUuid)
    }
}

impl TryFrom<String> for OperationKey {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<OperationKey> for String {
    fn from(key: OperationKey) -> String {
        key.to_string()
    }
}

impl From<OperationKey> for ConversationId {
    /// The id by which a conversation goes on the device that creates it, until the server has
    /// given it one.
    fn from(key: OperationKey) -> Self {
        Self(key.to_string())
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(try_from = "u64")]
        pub struct $name(pub u64);

        impl TryFrom<u64> for $name {
            type Error = IdError;
            fn try_from(number: u64) -> Result<Self, IdError> {
                if number > MAX_NUMBER {
                    return Err(IdError::TooLarge);
                }
                Ok(Self(number))
            }
        }

        impl $name {
            /// Before the first one.
            pub const ZERO: Self = Self(0);

            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter! {
    /// The number of an event in its user's log: dense, from 1 (PROTOCOL.md §6).
    Seq
}
counter! {
    /// The place of a message in its conversation: dense, from 1, given by the server.
    Position
}
counter! {
    /// Ties an `outcome` to its `submit` on one connection.
    SubmitId
}
counter! {
    /// The place of a submit among those that left a device for one session: each has a greater one than those before
    /// it (PROTOCOL.md §5.2).
    SubmitOrder
}
counter! {
    /// Counts the changes of messages in a conversation (PROTOCOL.md §4.2).
    Revision
}
