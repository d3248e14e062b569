//! New conversations.

use fulmar_engine::{Command, CommandError, NewConversation, Reply};
use fulmar_protocol::{Context, UserId};

use super::arguments::{new_operation_key, parse_user};
use super::{Client, Conversation};

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewGroup {
    /// Its title: not blank, at most 200 bytes.
    pub title: String,
    /// Everyone else; may be empty.
    pub participants: Vec<UserId>,
    /// Where its picture is.
    pub avatar_url: Option<String>,
    /// What it is about.
    pub context: Option<Context>,
}

impl Client {
    /// The conversation with one other person; creates it when there is none. Works offline: it is
    /// there at once, and messages to it wait until the server has created it.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for oneself or an impossible id, [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn create_direct(&self, with: impl AsRef<str>) -> Result<Conversation, CommandError> {
        let with = parse_user(with.as_ref())?;
        self.create(NewConversation::Direct { with }).await
    }

    /// Creates a group. Works offline, as [`Client::create_direct`] does. The title is not blank and
    /// has at most 200 bytes.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for the title or an impossible id, [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn create_group<U: AsRef<str>>(
        &self,
        title: impl Into<String>,
        participants: impl IntoIterator<Item = U>,
    ) -> Result<Conversation, CommandError> {
        let participants = participants
            .into_iter()
            .map(|user| parse_user(user.as_ref()))
            .collect::<Result<_, _>>()?;
        self.create_group_with(NewGroup {
            title: title.into(),
            participants,
            ..NewGroup::default()
        })
        .await
    }

    /// Creates a group with all that it can have from the start. Otherwise as [`Client::create_group`].
    /// Works offline.
    ///
    /// # Errors
    /// Those of [`Client::create_group`].
    pub async fn create_group_with(&self, group: NewGroup) -> Result<Conversation, CommandError> {
        let NewGroup {
            title,
            participants,
            avatar_url,
            context,
        } = group;
        self.create(NewConversation::Group {
            title,
            participants,
            avatar_url,
            context,
        })
        .await
    }

    async fn create(&self, conversation: NewConversation) -> Result<Conversation, CommandError> {
        let command = Command::Create {
            operation_key: new_operation_key()?,
            conversation,
        };
        // The engine answers this command with nothing else.
        let Reply::Conversation { id } = self.runtime().command(command).await? else {
            return Err(CommandError::Closed);
        };
        Ok(self.conversation(&id))
    }
}
