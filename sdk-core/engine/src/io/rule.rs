//! The rules that a command can break, as values that an app can match and translate.

use std::fmt;

use fulmar_protocol::text::TextFault;

/// What forbids something to a user (PROTOCOL.md §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The user takes no part in the conversation any more. Only what was never sent can be discarded.
    LeftConversation,
    /// The user has blocked the other person. Unblock them first.
    BlockedByUser,
    /// The other person deleted their account.
    OtherPersonGone,
    /// Only admins write here.
    AdminsOnly,
    /// The role of the user does not suffice. Ask an admin.
    RoleMissing,
    /// Only the person who wrote a message edits it, and forwarded ones and notices cannot be edited.
    NotEditable,
    /// Members delete their own messages only; notices cannot be deleted.
    NotDeletable,
    /// In groups members pin and unpin their own messages only; notices cannot be pinned.
    NotPinnable,
    /// As many messages are pinned as can be. Unpin one first.
    TooManyPinned,
    /// A thread is only under a message of the conversation that is in no thread itself, and is no notice.
    NoThreadHere,
    /// Only what people wrote can be forwarded, once it is sent. Wait until it is.
    NotForwardable,
    /// A conversation is created by a command of its own.
    NotAChange,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftConversation => "the user is no longer in this conversation",
            Self::BlockedByUser => "the user has blocked the other person",
            Self::OtherPersonGone => "the other person has deleted their account",
            Self::AdminsOnly => "only admins write in this conversation",
            Self::RoleMissing => "the role of the user does not suffice",
            Self::NotEditable => "only the sender edits a message, and no forwarded one",
            Self::NotDeletable => "members delete only their own messages",
            Self::NotPinnable => "members pin and unpin only their own messages",
            Self::TooManyPinned => "as many messages are pinned as can be",
            Self::NoThreadHere => {
                "a thread is only under a message of the conversation that is in none"
            }
            Self::NotForwardable => "only what people wrote can be forwarded, once it is sent",
            Self::NotAChange => "a conversation is created by a command of its own",
        })
    }
}

/// A value of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The text of a message.
    Text,
    /// The text that the user has begun to write.
    Draft,
    /// The title of a group.
    Title,
    /// The address of a picture.
    AvatarUrl,
    /// The emoji of a reaction.
    Emoji,
    /// The type of a payload.
    PayloadType,
    /// The data of a payload.
    PayloadData,
    /// The files of a message.
    Attachments,
    /// One of the files of a message.
    Attachment,
    /// The people of a conversation.
    Participants,
    /// The name of the user.
    Name,
    /// The id of a user, a conversation, a message or a session.
    Id,
    /// A number that cannot be negative.
    Number,
    /// What a conversation is about.
    Context,
    /// What a push notification carries.
    PushPayload,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "the text of the message",
            Self::Draft => "the draft",
            Self::Title => "the title of the group",
            Self::AvatarUrl => "the address of the picture",
            Self::Emoji => "the emoji",
            Self::PayloadType => "the type of the payload",
            Self::PayloadData => "the data of the payload",
            Self::Attachments => "the number of attachments",
            Self::Attachment => "an attachment",
            Self::Participants => "the list of participants",
            Self::Name => "the name",
            Self::Id => "an id",
            Self::Number => "a number",
            Self::Context => "the context",
            Self::PushPayload => "the push notification",
        })
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldRule {
    /// There is nothing to read in it.
    Blank,
    /// It has too many bytes of UTF-8, or of JSON.
    TooLong {
        /// How many it may have.
        most_bytes: u64,
    },
    /// There are too many.
    TooMany {
        /// How many there may be.
        most: u64,
    },
    /// It is no emoji.
    NotAnEmoji,
    /// A direct conversation is with somebody else.
    OnlyOneself,
    /// It is not what it should be.
    Malformed {
        /// What it should be.
        reason: String,
    },
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("is blank"),
            Self::TooLong { most_bytes } => write!(f, "has more than {most_bytes} bytes"),
            Self::TooMany { most } => write!(f, "is more than {most}"),
            Self::NotAnEmoji => f.write_str("is no emoji"),
            Self::OnlyOneself => f.write_str("names nobody else"),
            Self::Malformed { reason } => write!(f, "is malformed: {reason}"),
        }
    }
}

impl From<TextFault> for FieldRule {
    fn from(fault: TextFault) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        match fault {
            TextFault::Blank | TextFault::NoWord => Self::Blank,
            TextFault::TooLong { bytes: _, most } => Self::TooLong {
                most_bytes: count(most),
            },
            TextFault::NotAnEmoji => Self::NotAnEmoji,
            TextFault::Misleading
            | TextFault::NotAnId
            | TextFault::MixedScripts
            | TextFault::NotNormal
            | TextFault::TooDeep => Self::Malformed {
                reason: fault.to_string(),
            },
            TextFault::TooManyWords { words: _, most } => Self::TooMany { most: count(most) },
        }
    }
}
