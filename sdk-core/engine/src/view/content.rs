//! What a message says, as an app sees it.

use fulmar_protocol::{Attachment, Content, Deletion, Notice, Payload, UserId};
use serde::{Deserialize, Serialize};

/// What a message says (PROTOCOL.md §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageContent {
    /// A text that a person wrote, with or without files.
    Text {
        /// The text.
        text: String,
        /// The users that it mentions.
        mentions: Vec<UserId>,
        /// The files that it carries; beside them the text may be empty.
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// Something that an app defined. An app that does not know its type shows the text.
    Custom {
        /// What the app defined.
        payload: Payload,
        /// What it says in words.
        text: String,
        /// The files that it carries.
        #[serde(default)]
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

impl MessageContent {
    pub(crate) fn of(content: Content, deleted: Option<Deletion>) -> Self {
        let Content {
            text,
            mentions,
            payload,
            attachments,
            notice,
            reply_to: _,
            thread_root: _,
            forwarded_from: _,
        } = content;
        match (deleted, payload, notice) {
            (Some(deletion), ..) => Self::Deleted { by: deletion.by },
            (_, Some(payload), _) => Self::Custom {
                payload,
                text,
                attachments,
            },
            (_, _, Some(notice)) => Self::System { notice, text },
            _ => Self::Text {
                text,
                mentions,
                attachments,
            },
        }
    }

    /// The files that it carries.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        match self {
            Self::Text { attachments, .. } | Self::Custom { attachments, .. } => attachments,
            Self::System { .. } | Self::Deleted { .. } => &[],
        }
    }

    /// What it says in words; empty when it was deleted.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text, .. } | Self::Custom { text, .. } | Self::System { text, .. } => text,
            Self::Deleted { .. } => "",
        }
    }
}
