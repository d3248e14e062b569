//! What can be done to a conversation: its looks, its people, and what one has set for oneself.

use fulmar_engine::CommandError;
use fulmar_protocol::{
    Context, ConversationLeave, ConversationUpdate, Method, ParticipantAdd, ParticipantRemove,
    ParticipantUpdate, Position, Role, SettingsUpdate, Timestamp, UserId, Writing,
};

use super::Conversation;

/// Far enough in the future: the largest time that every JSON reader reads exactly.
const FOR_EVER: Timestamp = Timestamp((1 << 53) - 1);

/// All of these work offline and are shown at once. When the server refuses one, what it changed is
/// as it was, and the operation is in the outbox as failed.
impl Conversation {
    /// Gives a group another title: not blank, at most 200 bytes. For moderators and admins. Works
    /// offline. PROTOCOL.md §5.10.
    ///
    /// # Errors
    /// [`CommandError::Invalid`], [`CommandError::NotAllowed`], [`CommandError::NoSuchConversation`],
    /// [`CommandError::OutboxFull`], [`CommandError::SignedOut`].
    pub async fn set_title(&self, title: impl Into<String>) -> Result<(), CommandError> {
        let mut update = self.no_update();
        update.title = Some(title.into());
        self.change(Method::ConversationUpdate(update)).await
    }

    /// Says where the picture of a group is: at most 2,048 bytes; `None` for none. For moderators and
    /// admins. Works offline. PROTOCOL.md §5.10.
    ///
    /// # Errors
    /// Those of [`Conversation::set_title`].
    pub async fn set_avatar_url(&self, url: Option<String>) -> Result<(), CommandError> {
        let mut update = self.no_update();
        update.avatar_url = Some(url.unwrap_or_default());
        self.change(Method::ConversationUpdate(update)).await
    }

    /// Says who may write in a group. For admins. Works offline. PROTOCOL.md §4.4.
    ///
    /// # Errors
    /// Those of [`Conversation::set_title`].
    pub async fn set_writing(&self, writing: Writing) -> Result<(), CommandError> {
        let mut update = self.no_update();
        update.writing = Some(writing);
        self.change(Method::ConversationUpdate(update)).await
    }

    /// Says what the conversation is about. In a group for admins. Works offline. PROTOCOL.md §5.10.
    ///
    /// # Errors
    /// Those of [`Conversation::set_title`].
    pub async fn set_context(&self, context: Context) -> Result<(), CommandError> {
        let mut update = self.no_update();
        update.context = Some(context);
        self.change(Method::ConversationUpdate(update)).await
    }

    /// Adds people to a group. For admins. Works offline. PROTOCOL.md §5.11.
    ///
    /// # Errors
    /// [`CommandError::NotAllowed`], [`CommandError::NoSuchConversation`],
    /// [`CommandError::OutboxFull`], [`CommandError::SignedOut`].
    pub async fn add_participants(
        &self,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<(), CommandError> {
        self.change(Method::ParticipantAdd(ParticipantAdd {
            conversation_id: self.id().clone(),
            user_ids: users.into_iter().collect(),
        }))
        .await
    }

    /// Removes somebody from a group. For admins. Works offline. PROTOCOL.md §5.11.
    ///
    /// # Errors
    /// Those of [`Conversation::add_participants`].
    pub async fn remove_participant(&self, user: UserId) -> Result<(), CommandError> {
        self.change(Method::ParticipantRemove(ParticipantRemove {
            conversation_id: self.id().clone(),
            user_id: user,
        }))
        .await
    }

    /// Gives somebody another role in a group. For admins; the last one stays one. Works offline.
    /// PROTOCOL.md §5.11.
    ///
    /// # Errors
    /// Those of [`Conversation::add_participants`].
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), CommandError> {
        self.change(Method::ParticipantUpdate(ParticipantUpdate {
            conversation_id: self.id().clone(),
            user_id: user,
            role,
        }))
        .await
    }

    /// Leaves a group; it is out of the list at once. Works offline. PROTOCOL.md §5.11.
    ///
    /// # Errors
    /// Those of [`Conversation::add_participants`].
    pub async fn leave(&self) -> Result<(), CommandError> {
        self.change(Method::ConversationLeave(ConversationLeave {
            conversation_id: self.id().clone(),
        }))
        .await
    }

    /// No notifications from here until then; `None` for good. On all of this user's devices. Works
    /// offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// [`CommandError::NoSuchConversation`], [`CommandError::OutboxFull`],
    /// [`CommandError::SignedOut`].
    pub async fn mute(&self, until: Option<Timestamp>) -> Result<(), CommandError> {
        self.set(|settings| settings.muted_until = Some(until.unwrap_or(FOR_EVER)))
            .await
    }

    /// Notifications again. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn unmute(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.muted_until = Some(Timestamp(0)))
            .await
    }

    /// Puts it above the others in this user's list. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn pin(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.pinned = Some(true)).await
    }

    /// Puts it among the others again. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn unpin(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.pinned = Some(false)).await
    }

    /// Puts it into this user's archive, where new messages leave it. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn archive(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.archived = Some(true)).await
    }

    /// Takes it out of the archive. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn unarchive(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.archived = Some(false)).await
    }

    /// Takes it out of this user's lists until the next message. Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn hide(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.hidden_to = Some(Position(u64::MAX)))
            .await
    }

    /// Shows it as unread on this user's devices, until they read in it. The counts do not change.
    /// Works offline. PROTOCOL.md §4.5.
    ///
    /// # Errors
    /// Those of [`Conversation::mute`].
    pub async fn mark_unread(&self) -> Result<(), CommandError> {
        self.set(|settings| settings.marked_unread = Some(true))
            .await
    }

    async fn set(&self, change: impl FnOnce(&mut SettingsUpdate)) -> Result<(), CommandError> {
        let mut settings = SettingsUpdate {
            conversation_id: self.id().clone(),
            muted_until: None,
            pinned: None,
            archived: None,
            hidden_to: None,
            marked_unread: None,
        };
        change(&mut settings);
        self.change(Method::SettingsUpdate(settings)).await
    }

    fn no_update(&self) -> ConversationUpdate {
        ConversationUpdate {
            conversation_id: self.id().clone(),
            title: None,
            avatar_url: None,
            writing: None,
            context: None,
        }
    }
}
