//! A message to send.

use fulmar_protocol::{OperationKey, Payload, UserId};

use super::NewAttachment;

/// A message to send: a text, and what goes with it.
///
/// ```
/// use fulmar::{NewMessage, UserId};
///
/// # fn main() -> Result<(), fulmar::IdError> {
/// let message = NewMessage::text("Have a look, @Bob").mention(UserId::new("bob")?);
/// # let _ = message;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// What it says: not blank, except beside attachments; at most 8 KiB or what the server allows.
    pub text: String,
    /// The users that the text mentions. Those who do not take part are left out.
    pub mentions: Vec<UserId>,
    /// The message of this conversation that it answers.
    pub reply_to: Option<OperationKey>,
    /// The message of this conversation in whose thread it is to be.
    pub thread_root: Option<OperationKey>,
    /// What the app defined; the text is what others show then.
    pub payload: Option<Payload>,
    /// The files that go with it, at most 10.
    pub attachments: Vec<NewAttachment>,
}

impl NewMessage {
    /// A plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mentions: Vec::new(),
            reply_to: None,
            thread_root: None,
            payload: None,
            attachments: Vec::new(),
        }
    }

    /// A file, and nothing more to say.
    #[must_use]
    pub fn file(attachment: NewAttachment) -> Self {
        Self::text("").attach(attachment)
    }

    /// A file goes with it.
    #[must_use]
    pub fn attach(mut self, attachment: NewAttachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Something that the app defined, and what it says in words for an app that does not know its type.
    #[must_use]
    pub fn custom(payload: Payload, text: impl Into<String>) -> Self {
        Self {
            payload: Some(payload),
            ..Self::text(text)
        }
    }

    /// The text mentions this person.
    #[must_use]
    pub fn mention(mut self, user: UserId) -> Self {
        self.mentions.push(user);
        self
    }

    /// It answers this message.
    #[must_use]
    pub fn reply_to(mut self, message: OperationKey) -> Self {
        self.reply_to = Some(message);
        self
    }

    /// It belongs under this message.
    #[must_use]
    pub fn in_thread(mut self, root: OperationKey) -> Self {
        self.thread_root = Some(root);
        self
    }
}

impl From<&str> for NewMessage {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&String> for NewMessage {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<String> for NewMessage {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
