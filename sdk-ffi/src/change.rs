//! Everything that can be done to a conversation and its messages, as one value that crosses. The
//! packages have a method for each.

use fulmar::{ConversationId, OperationKey, Timestamp, UserId};

use crate::{ClientHandle, CommandError, Context, NewMessage, Role, Writing};

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ForeignChange {
    /// What an own message says.
    Edit {
        /// Which one.
        message: OperationKey,
        /// What it says from now on.
        edited: NewMessage,
    },
    /// Delete a message for everyone.
    DeleteForEveryone {
        /// Which one.
        message: OperationKey,
    },
    /// Delete a message for this user alone.
    DeleteForMe {
        /// Which one.
        message: OperationKey,
    },
    /// Pin a message for everyone.
    PinMessage {
        /// Which one.
        message: OperationKey,
    },
    /// Unpin a message for everyone.
    UnpinMessage {
        /// Which one.
        message: OperationKey,
    },
    /// React.
    AddReaction {
        /// To which message.
        message: OperationKey,
        /// With what.
        emoji: String,
    },
    /// Take a reaction back.
    RemoveReaction {
        /// From which message.
        message: OperationKey,
        /// Which one.
        emoji: String,
    },
    /// The title of a group.
    SetTitle {
        /// The new one.
        title: String,
    },
    /// The picture of a group.
    SetAvatarUrl {
        /// Where it is; none to remove it.
        url: Option<String>,
    },
    /// Who may write.
    SetWriting {
        /// They.
        writing: Writing,
    },
    /// What it is about.
    SetContext {
        /// That.
        context: Context,
    },
    /// Let people in.
    AddParticipants {
        /// Who.
        users: Vec<UserId>,
    },
    /// Send somebody away.
    RemoveParticipant {
        /// Who.
        user: UserId,
    },
    /// What somebody may do.
    SetRole {
        /// Who.
        user: UserId,
        /// What.
        role: Role,
    },
    /// Leave.
    Leave,
    /// No notifications.
    Mute {
        /// Until then; for good without it.
        until: Option<Timestamp>,
    },
    /// Notifications again.
    Unmute,
    /// Above the others.
    Pin,
    /// Among the others again.
    Unpin,
    /// Into the archive.
    Archive,
    /// Out of the archive.
    Unarchive,
    /// Out of the lists until the next message.
    Hide,
    /// Shown as unread.
    MarkUnread,
    /// What the user has begun to write.
    SetDraft {
        /// It; empty for none.
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
