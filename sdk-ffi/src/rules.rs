//! The rules that a call can break, by name.

use crate::{ByteCount, Count};

macro_rules! names {
    ($(#[$head:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident,)* }) => {
        $(#[$head])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl From<fulmar::$name> for $name {
            fn from(it: fulmar::$name) -> Self {
                match it {
                    $(fulmar::$name::$variant => Self::$variant,)*
                }
            }
        }

        impl From<$name> for fulmar::$name {
            fn from(it: $name) -> Self {
                match it {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}

names! {
    /// What forbids something to a user.
    Rule {
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
}

names! {
    /// A value of a call.
    Field {
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
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FieldRule {
    /// There is nothing to read in it.
    Blank,
    /// It has too many bytes of UTF-8, or of JSON.
    TooLong {
        /// How many it may have.
        most_bytes: ByteCount,
    },
    /// There are too many.
    TooMany {
        /// How many there may be.
        most: Count,
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

impl From<fulmar::FieldRule> for FieldRule {
    fn from(rule: fulmar::FieldRule) -> Self {
        match rule {
            fulmar::FieldRule::Blank => Self::Blank,
            fulmar::FieldRule::TooLong { most_bytes } => Self::TooLong {
                most_bytes: ByteCount(most_bytes),
            },
            fulmar::FieldRule::TooMany { most } => Self::TooMany { most: Count(most) },
            fulmar::FieldRule::NotAnEmoji => Self::NotAnEmoji,
            fulmar::FieldRule::OnlyOneself => Self::OnlyOneself,
            fulmar::FieldRule::Malformed { reason } => Self::Malformed { reason },
        }
    }
}

impl From<FieldRule> for fulmar::FieldRule {
    fn from(rule: FieldRule) -> Self {
        match rule {
            FieldRule::Blank => Self::Blank,
            FieldRule::TooLong { most_bytes } => Self::TooLong {
                most_bytes: most_bytes.0,
            },
            FieldRule::TooMany { most } => Self::TooMany { most: most.0 },
            FieldRule::NotAnEmoji => Self::NotAnEmoji,
            FieldRule::OnlyOneself => Self::OnlyOneself,
            FieldRule::Malformed { reason } => Self::Malformed { reason },
        }
    }
}
