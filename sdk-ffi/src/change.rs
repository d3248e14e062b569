//! Everything that can be done to a conversation and its messages, as one value that crosses. The
//! packages have a method for each.

use fulmar::{ConversationId, OperationKey, Timestamp, UserId};

use crate::{ClientHandle, CommandError, Context, NewMessage, Role, Writing};

/// A change of a conversation or of a message in it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ForeignChange {
    /// Edits an own message.
    Edit {
        /// The message to edit.
        message: OperationKey,
        /// Its new content.
        edited: NewMessage,
    },
    /// Deletes a message for everyone.
    DeleteForEveryone {
        /// The message to delete.
        message: OperationKey,
    },
    /// Deletes a message for this user alone.
    DeleteForMe {
        /// The message to delete.
        message: OperationKey,
    },
    /// Pins a message for everyone.
    PinMessage {
        /// The message to pin.
        message: OperationKey,
    },
    /// Unpins a message for everyone.
    UnpinMessage {
        /// The message to unpin.
        message: OperationKey,
    },
    /// Adds a reaction of this user.
    AddReaction {
        /// The message to react to.
        message: OperationKey,
        /// The emoji to react with.
        emoji: String,
    },
    /// Removes a reaction of this user.
    RemoveReaction {
        /// The message that has the reaction.
        message: OperationKey,
        /// The emoji of the reaction to take back.
        emoji: String,
    },
    /// Sets the title of a group.
    SetTitle {
        /// The new title.
        title: String,
    },
    /// Sets the picture of a group.
    SetAvatarUrl {
        /// The address of the picture; none to remove it.
        url: Option<String>,
    },
    /// Sets who may write in a group.
    SetWriting {
        /// Who may write from now on.
        writing: Writing,
    },
    /// Sets what a group is about.
    SetContext {
        /// The new context.
        context: Context,
    },
    /// Adds people to a group.
    AddParticipants {
        /// The users to add.
        users: Vec<UserId>,
    },
    /// Removes a participant from a group.
    RemoveParticipant {
        /// The participant to remove.
        user: UserId,
    },
    /// Sets the role of a participant.
    SetRole {
        /// The participant whose role changes.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// Leaves a group.
    Leave,
    /// Mutes the conversation: no push notifications.
    Mute {
        /// When notifications begin again; never without it.
        until: Option<Timestamp>,
    },
    /// Unmutes the conversation.
    Unmute,
    /// Pins the conversation to the top of the list.
    Pin,
    /// Unpins the conversation.
    Unpin,
    /// Archives the conversation.
    Archive,
    /// Takes the conversation out of the archive.
    Unarchive,
    /// Hides the conversation until its next message.
    Hide,
    /// Marks the conversation as unread.
    MarkUnread,
    /// Sets the draft: what the user has begun to write.
    SetDraft {
        /// The text; empty for none.
        text: String,
    },
}

#[uniffi::export]
impl ClientHandle {
    /// Changes something of a conversation.
    pub async fn change(
        &self,
        conversation: ConversationId,
        change: ForeignChange,
    ) -> Result<(), CommandError> {
        use ForeignChange as C;
        let chat = self.core().conversation(&conversation);
        match change {
            C::Edit { message, edited } => {
                let edited = fulmar::NewMessage::try_from(edited)?;
                chat.edit(message, edited).await?;
            }
            C::DeleteForEveryone { message } => chat.delete_for_everyone(message).await?,
            C::DeleteForMe { message } => chat.delete_for_me(message).await?,
            C::PinMessage { message } => chat.pin_message(message).await?,
            C::UnpinMessage { message } => chat.unpin_message(message).await?,
            C::AddReaction { message, emoji } => chat.add_reaction(message, emoji).await?,
            C::RemoveReaction { message, emoji } => chat.remove_reaction(message, emoji).await?,
            C::SetTitle { title } => chat.set_title(title).await?,
            C::SetAvatarUrl { url } => chat.set_avatar_url(url).await?,
            C::SetWriting { writing } => chat.set_writing(writing.into()).await?,
            C::SetContext { context } => chat.set_context(context.try_into()?).await?,
            C::AddParticipants { users } => chat.add_participants(users).await?,
            C::RemoveParticipant { user } => chat.remove_participant(user).await?,
            C::SetRole { user, role } => chat.set_role(user, role.into()).await?,
            C::Leave => chat.leave().await?,
            C::Mute { until } => chat.mute(until).await?,
            C::Unmute => chat.unmute().await?,
            C::Pin => chat.pin().await?,
            C::Unpin => chat.unpin().await?,
            C::Archive => chat.archive().await?,
            C::Unarchive => chat.unarchive().await?,
            C::Hide => chat.hide().await?,
            C::MarkUnread => chat.mark_unread().await?,
            C::SetDraft { text } => chat.set_draft(text).await?,
        }
        Ok(())
    }
}
