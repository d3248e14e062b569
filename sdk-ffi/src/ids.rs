//! Ids, positions, times and counts: each a type of its own on both sides. Ids cross as strings,
//! numbers as 64-bit integers, times as integer milliseconds.

use std::time::Duration;

use fulmar::{
    ContentHash, ConversationId, ConversationKey, DeviceId, FileId, MessageId, OperationKey,
    Position, SessionId, Thumbnail, Timestamp, UserId,
};

use crate::{CommandError, Field, FieldRule};

/// A number of things, small enough for the integers of every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

/// A number of bytes, which may be many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteCount(pub u64);

/// A length of time, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub Duration);

impl From<u32> for Count {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<usize> for Count {
    fn from(number: usize) -> Self {
        // No list is longer than that.
        Self(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl Count {
    /// As a number with 32 bits; larger ones become the largest.
    pub(crate) fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl Millis {
    pub(crate) fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub(crate) fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The error that a call answers with when a value from the other side is impossible.
fn impossible(field: Field, rule: impl ToString) -> CommandError {
    CommandError::Invalid {
        field,
        rule: FieldRule::Malformed {
            reason: rule.to_string(),
        },
    }
}

/// Numbers of the protocol are below 2^53, so they fit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Result<u64, CommandError> {
    u64::try_from(number).map_err(|_| impossible(Field::Number, "it is not negative"))
}

uniffi::custom_type!(UserId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| Ok(UserId::new(text).map_err(|error| impossible(Field::Id, error))?),
});
uniffi::custom_type!(ConversationId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| {
        Ok(ConversationId::new(text).map_err(|error| impossible(Field::Id, error))?)
    },
});
uniffi::custom_type!(MessageId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| Ok(MessageId::new(text).map_err(|error| impossible(Field::Id, error))?),
});
uniffi::custom_type!(FileId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| Ok(FileId::new(text).map_err(|error| impossible(Field::Id, error))?),
});
uniffi::custom_type!(ContentHash, String, {
    remote,
    lower: |hash| hash.into(),
    try_lift: |text| Ok(text.parse::<ContentHash>().map_err(|error| impossible(Field::Attachment, error))?),
});
uniffi::custom_type!(Thumbnail, Vec<u8>, {
    remote,
    lower: |thumbnail| thumbnail.0,
    try_lift: |picture| Ok(Thumbnail(picture)),
});
uniffi::custom_type!(ByteCount, i64, {
    lower: |bytes| signed(bytes.0),
    try_lift: |number| Ok(ByteCount(unsigned(number)?)),
});
uniffi::custom_type!(SessionId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| Ok(SessionId::new(text).map_err(|error| impossible(Field::Id, error))?),
});
uniffi::custom_type!(DeviceId, String, {
    remote,
    lower: |id| id.into(),
    try_lift: |text| Ok(DeviceId::new(text).map_err(|error| impossible(Field::Id, error))?),
});
uniffi::custom_type!(OperationKey, String, {
    remote,
    lower: |key| key.to_string(),
    try_lift: |text| {
        Ok(text.parse::<OperationKey>().map_err(|error| impossible(Field::Id, error))?)
    },
});
uniffi::custom_type!(ConversationKey, i64, {
    remote,
    lower: |key| key.0,
    try_lift: |number| Ok(ConversationKey(number)),
});
uniffi::custom_type!(Position, i64, {
    remote,
    lower: |position| signed(position.0),
    try_lift: |number| Ok(Position(unsigned(number)?)),
});
uniffi::custom_type!(Timestamp, i64, {
    remote,
    lower: |time| time.0,
    try_lift: |millis| Ok(Timestamp(millis)),
});
uniffi::custom_type!(Millis, i64, {
    lower: |time| i64::try_from(time.0.as_millis()).unwrap_or(i64::MAX),
    try_lift: |millis| Ok(Millis(Duration::from_millis(unsigned(millis)?))),
});
uniffi::custom_type!(Count, i64, {
    lower: |count| signed(count.0),
    try_lift: |number| Ok(Count(unsigned(number)?)),
});
