//! What messages say, and what was done to them.

use fulmar::{OperationKey, Timestamp, UserId};

use crate::{Attachment, CommandError, Count, Field, FieldRule, NewAttachment};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MessageContent {
    /// A text that a person wrote, with or without files.
    Text {
        /// The text.
        text: String,
        /// The users that it mentions.
        mentions: Vec<UserId>,
        /// The files that it carries; beside them the text may be empty.
        #[uniffi(default = [])]
        attachments: Vec<Attachment>,
    },
    /// Something that an app defined. An app that does not know its type shows the text.
    Custom {
        /// What the app defined.
        payload: Payload,
        /// What it says in words.
        text: String,
        /// The files that it carries.
        #[uniffi(default = [])]
        attachments: Vec<Attachment>,
    },
    /// Something happened in the conversation; the sender is the user who did it.
    System {
        /// What happened in the conversation.
        notice: Notice,
        /// The same in words, for a notice that an app does not know.
        text: String,
    },
    /// It was deleted for everyone.
    Deleted {
        /// The user who deleted it.
        by: UserId,
    },
}

impl From<fulmar::MessageContent> for MessageContent {
    fn from(content: fulmar::MessageContent) -> Self {
        use fulmar::MessageContent as C;
        match content {
            C::Text {
                text,
                mentions,
                attachments,
            } => Self::Text {
                text,
                mentions,
                attachments: attachments.into_iter().map(Attachment::from).collect(),
            },
            C::Custom {
                payload,
                text,
                attachments,
            } => Self::Custom {
                payload: payload.into(),
                text,
                attachments: attachments.into_iter().map(Attachment::from).collect(),
            },
            C::System { notice, text } => Self::System {
                notice: notice.into(),
                text,
            },
            C::Deleted { by } => Self::Deleted { by },
        }
    }
}

/// JSON that an app defined.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Payload {
    /// What it is, as the app calls it: 1 to 128 bytes.
    pub kind: String,
    /// Its content, as JSON.
    pub data: String,
}

impl From<fulmar::Payload> for Payload {
    fn from(payload: fulmar::Payload) -> Self {
        let fulmar::Payload { kind, data } = payload;
        Self {
            kind,
            data: data.to_string(),
        }
    }
}

impl TryFrom<Payload> for fulmar::Payload {
    type Error = CommandError;

    fn try_from(payload: Payload) -> Result<Self, CommandError> {
        let Payload { kind, data } = payload;
        let data = serde_json::from_str(&data).map_err(|error| CommandError::Invalid {
            field: Field::PayloadData,
            rule: FieldRule::Malformed {
                reason: format!("it is JSON: {error}"),
            },
        })?;
        Ok(Self { kind, data })
    }
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Notice {
    /// People were added.
    ParticipantsAdded {
        /// The users who were added.
        user_ids: Vec<UserId>,
    },
    /// Somebody was removed.
    ParticipantRemoved {
        /// The participant who was removed.
        user_id: UserId,
    },
    /// The sender left.
    ParticipantLeft,
    /// The conversation has another title.
    TitleChanged {
        /// The new title.
        title: String,
    },
    /// The sender pinned a message.
    MessagePinned {
        /// The list key of the message that was pinned.
        message_key: OperationKey,
    },
    /// A notice that this version does not know; the text says what happened.
    Unknown,
}

impl From<fulmar::Notice> for Notice {
    fn from(notice: fulmar::Notice) -> Self {
        use fulmar::Notice as N;
        match notice {
            N::ParticipantsAdded { user_ids } => Self::ParticipantsAdded { user_ids },
            N::ParticipantRemoved { user_id } => Self::ParticipantRemoved { user_id },
            N::ParticipantLeft => Self::ParticipantLeft,
            N::TitleChanged { title } => Self::TitleChanged { title },
            N::MessagePinned { message_key } => Self::MessagePinned { message_key },
            N::Unknown => Self::Unknown,
        }
    }
}

/// A message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Quote {
    /// The list key of the message.
    pub key: OperationKey,
    /// What it is; nothing while it is not on this device.
    pub message: Option<QuotedMessage>,
}

impl From<fulmar::Quote> for Quote {
    fn from(quote: fulmar::Quote) -> Self {
        let fulmar::Quote { key, message } = quote;
        Self {
            key,
            message: message.map(|fulmar::QuotedMessage { sender, content }| QuotedMessage {
                sender,
                content: content.into(),
            }),
        }
    }
}

/// What is known of a message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct QuotedMessage {
    /// Who sent it.
    pub sender: UserId,
    /// The content of the message.
    pub content: MessageContent,
}

/// One emoji under a message, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Who set it, in that order; never empty.
    pub user_ids: Vec<UserId>,
}

impl From<fulmar::Reaction> for Reaction {
    fn from(reaction: fulmar::Reaction) -> Self {
        let fulmar::Reaction { emoji, user_ids } = reaction;
        Self { emoji, user_ids }
    }
}

/// How many of the others a message has reached. Who they are, the participants' pointers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Receipts {
    /// How many others take part.
    pub others: Count,
    /// How many of them have it on a device.
    pub delivered: Count,
    /// How many of them have read it.
    pub read: Count,
}

impl From<fulmar::Receipts> for Receipts {
    fn from(receipts: fulmar::Receipts) -> Self {
        let fulmar::Receipts {
            others,
            delivered,
            read,
        } = receipts;
        Self {
            others: others.into(),
            delivered: delivered.into(),
            read: read.into(),
        }
    }
}

/// What a message said at one time.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MessageVersion {
    /// Since when it said so.
    pub at: Timestamp,
    /// The text as it was then.
    pub text: String,
}

impl From<fulmar::MessageVersion> for MessageVersion {
    fn from(version: fulmar::MessageVersion) -> Self {
        let fulmar::MessageVersion { at, text } = version;
        Self { at, text }
    }
}

/// A message to send: a text, and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewMessage {
    /// What it says: not blank, except beside attachments; at most 8 KiB or what the server allows.
    pub text: String,
    /// The users that the text mentions. Those who do not take part are left out.
    #[uniffi(default = [])]
    pub mentions: Vec<UserId>,
    /// The message of this conversation that it answers.
    #[uniffi(default = None)]
    pub reply_to: Option<OperationKey>,
    /// The message of this conversation in whose thread it is to be.
    #[uniffi(default = None)]
    pub thread_root: Option<OperationKey>,
    /// What the app defined; the text is what others show then.
    #[uniffi(default = None)]
    pub payload: Option<Payload>,
    /// The files that go with it, at most 10.
    #[uniffi(default = [])]
    pub attachments: Vec<NewAttachment>,
}

impl TryFrom<NewMessage> for fulmar::NewMessage {
    type Error = CommandError;

    fn try_from(message: NewMessage) -> Result<Self, CommandError> {
        let NewMessage {
            text,
            mentions,
            reply_to,
            thread_root,
            payload,
            attachments,
        } = message;
        Ok(Self {
            text,
            mentions,
            reply_to,
            thread_root,
            payload: payload.map(TryInto::try_into).transpose()?,
            attachments: attachments.into_iter().map(Into::into).collect(),
        })
    }
}
