//! What can be done to messages: edit, delete, react.

use fulmar_engine::{Command, CommandError, Reply};
use fulmar_protocol::{
    MessageDelete, MessageEdit, MessageHide, MessagePin, MessageVersion, Method, OperationKey,
    ReactionAdd, ReactionRemove,
};

use super::{Conversation, NewMessage};

impl Conversation {
    /// Changes what an own message says: its text and the users it mentions. Shown at once, also
    /// offline; a message that has not left the device simply says it from the start. If the server
    /// refuses, the message says again what it said, and the edit is in the outbox as failed.
    /// PROTOCOL.md §5.7.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], also for one that was deleted; [`CommandError::NotAllowed`]
    /// for messages of others, notices and forwarded ones; [`CommandError::Invalid`] for the text;
    /// [`CommandError::OutboxFull`], [`CommandError::SignedOut`].
    pub async fn edit(
        &self,
        message: OperationKey,
        edited: impl Into<NewMessage>,
    ) -> Result<(), CommandError> {
        let NewMessage { text, mentions, .. } = edited.into();
        self.change(Method::MessageEdit(MessageEdit {
            conversation_id: self.id().clone(),
            message_key: message,
            text,
            mentions,
        }))
        .await
    }

    /// Deletes a message for everyone; it is shown as deleted. Own ones, and those of others for
    /// moderators and admins. Works offline; one that has not left the device vanishes. A second
    /// time changes nothing. PROTOCOL.md §5.8.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], [`CommandError::NotAllowed`], [`CommandError::OutboxFull`],
    /// [`CommandError::SignedOut`].
    pub async fn delete_for_everyone(&self, message: OperationKey) -> Result<(), CommandError> {
        self.change(Method::MessageDelete(MessageDelete {
            conversation_id: self.id().clone(),
            message_key: message,
        }))
        .await
    }

    /// Takes a message off the screens of this user, on all of their devices. The others keep it.
    /// Works offline. PROTOCOL.md §5.8.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], [`CommandError::OutboxFull`], [`CommandError::SignedOut`].
    pub async fn delete_for_me(&self, message: OperationKey) -> Result<(), CommandError> {
        self.change(Method::MessageHide(MessageHide {
            conversation_id: self.id().clone(),
            message_key: message,
        }))
        .await
    }

    /// Pins a message for everyone: it is in [`Conversation::pinned_messages`], and a notice tells of it. In a group
    /// members pin their own messages, moderators and admins all; in a direct conversation both people pin all. At
    /// most 50 messages are pinned at a time. Works offline. One that is pinned already stays as it is.
    /// PROTOCOL.md §5.13.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], also for one that was deleted; [`CommandError::NotAllowed`] with
    /// [`Rule::NotPinnable`], [`Rule::TooManyPinned`] or [`Rule::AdminsOnly`]; [`CommandError::OutboxFull`],
    /// [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no pins.
    ///
    /// [`Rule::NotPinnable`]: crate::Rule::NotPinnable
    /// [`Rule::TooManyPinned`]: crate::Rule::TooManyPinned
    /// [`Rule::AdminsOnly`]: crate::Rule::AdminsOnly
    pub async fn pin_message(&self, message: OperationKey) -> Result<(), CommandError> {
        self.set_pinned(message, true).await
    }

    /// Unpins a message for everyone, no matter who pinned it. Works offline. PROTOCOL.md §5.13.
    ///
    /// # Errors
    /// Those of [`Conversation::pin_message`].
    pub async fn unpin_message(&self, message: OperationKey) -> Result<(), CommandError> {
        self.set_pinned(message, false).await
    }

    async fn set_pinned(&self, message: OperationKey, pinned: bool) -> Result<(), CommandError> {
        self.change(Method::MessagePin(MessagePin {
            conversation_id: self.id().clone(),
            message_key: message,
            pinned,
        }))
        .await
    }

    /// Reacts with an emoji; several per message are fine. Works offline. PROTOCOL.md §5.9.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], [`CommandError::Invalid`] for what is no emoji,
    /// [`CommandError::NotAllowed`] where only admins write, [`CommandError::OutboxFull`],
    /// [`CommandError::SignedOut`].
    pub async fn add_reaction(
        &self,
        message: OperationKey,
        emoji: impl Into<String>,
    ) -> Result<(), CommandError> {
        self.change(Method::ReactionAdd(ReactionAdd {
            conversation_id: self.id().clone(),
            message_key: message,
            emoji: emoji.into(),
        }))
        .await
    }

    /// Takes an own reaction back. Works offline. PROTOCOL.md §5.9.
    ///
    /// # Errors
    /// Those of [`Conversation::add_reaction`].
    pub async fn remove_reaction(
        &self,
        message: OperationKey,
        emoji: impl Into<String>,
    ) -> Result<(), CommandError> {
        self.change(Method::ReactionRemove(ReactionRemove {
            conversation_id: self.id().clone(),
            message_key: message,
            emoji: emoji.into(),
        }))
        .await
    }

    /// All that a message ever said, oldest first; nothing when it was deleted. Needs the network,
    /// because only the server remembers. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], [`CommandError::Unreachable`], [`CommandError::Refused`],
    /// [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no versions.
    pub async fn fetch_versions(
        &self,
        message: OperationKey,
    ) -> Result<Vec<MessageVersion>, CommandError> {
        let command = Command::FetchVersions { message };
        // The engine answers this command with nothing else.
        let Reply::Versions(versions) = self.runtime().command(command).await? else {
            return Ok(Vec::new());
        };
        Ok(versions)
    }
}
