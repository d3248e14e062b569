//! The user's own account at the server.

use std::sync::Arc;

use fulmar_engine::query::blocked_users;
use fulmar_engine::{Command, CommandError, Reply};
use fulmar_protocol::{MeUpdate, PresenceSetting, Secret, SessionId, SessionInfo, UserId};

use super::arguments::parse_user;
use crate::runtime::Runtime;

/// The account of the user who is signed in. All of it needs the network, because only the server knows.
#[derive(Debug, Clone)]
pub struct Account {
    runtime: Arc<Runtime>,
}

impl Account {
    pub(super) fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }

    /// Every session of this user, on all of their devices, the newest first. Needs the network.
    /// PROTOCOL.md §7.1.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`], [`CommandError::Refused`], [`CommandError::SignedOut`].
    pub async fn fetch_sessions(&self) -> Result<Vec<SessionInfo>, CommandError> {
        let reply = self.runtime.command(Command::FetchSessions).await?;
        // The engine answers this command with nothing else.
        let Reply::Sessions(sessions) = reply else {
            return Ok(Vec::new());
        };
        Ok(sessions)
    }

    /// Ends a session: its device is signed out, and keeps what is unsent until somebody signs in there
    /// again. Needs the network. PROTOCOL.md §7.1.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `session.notFound` when there is no such session of this user;
    /// [`CommandError::Unreachable`], [`CommandError::SignedOut`].
    pub async fn end_session(&self, session: SessionId) -> Result<(), CommandError> {
        let command = Command::EndSession { session };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Ends every session but this one. Needs the network. PROTOCOL.md §7.1.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`], also when some of them have ended by then: ask again;
    /// [`CommandError::Refused`], [`CommandError::SignedOut`].
    pub async fn end_other_sessions(&self) -> Result<(), CommandError> {
        for session in self.fetch_sessions().await? {
            if !session.current {
                self.end_session(session.session_id).await?;
            }
        }
        Ok(())
    }

    /// Says whether others see whether this user is there. Needs the network. PROTOCOL.md §3.11, §7.4.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`], [`CommandError::Refused`], [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no presence.
    pub async fn set_presence(&self, setting: PresenceSetting) -> Result<(), CommandError> {
        self.update(MeUpdate {
            presence: Some(setting),
            ..MeUpdate::default()
        })
        .await
    }

    /// Gives the user another name: not blank, at most 200 bytes, in its normal form (PROTOCOL.md §4.8). Everyone who
    /// shares a conversation with them sees it at once. Needs the network. PROTOCOL.md §7.4.
    ///
    /// # Errors
    /// [`CommandError::Invalid`], before anything is sent; [`CommandError::Unreachable`],
    /// [`CommandError::SignedOut`].
    pub async fn set_name(&self, name: impl Into<String>) -> Result<(), CommandError> {
        self.update(MeUpdate {
            name: Some(name.into()),
            ..MeUpdate::default()
        })
        .await
    }

    /// Says where the user's picture is: at most 2,048 bytes; `None` for none. Needs the network.
    /// PROTOCOL.md §7.4.
    ///
    /// # Errors
    /// Those of [`Account::set_name`].
    pub async fn set_avatar_url(&self, url: Option<String>) -> Result<(), CommandError> {
        self.update(MeUpdate {
            avatar_url: Some(url.unwrap_or_default()),
            ..MeUpdate::default()
        })
        .await
    }

    /// Blocks somebody: neither of the two can write to the other, begin a conversation with them or
    /// add them to a group, and they do not see each other come and go. What they write in groups both
    /// are in is not affected. The same on all devices of this user, and told to nobody. Needs the
    /// network. PROTOCOL.md §7.4.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for an impossible id; [`CommandError::Refused`] with `user.notFound`;
    /// [`CommandError::Unreachable`], [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no blocks.
    pub async fn block(&self, user: impl AsRef<str>) -> Result<(), CommandError> {
        let user = parse_user(user.as_ref())?;
        let command = Command::Block { user };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Ends a block. Needs the network. PROTOCOL.md §7.4.
    ///
    /// # Errors
    /// Those of [`Account::block`].
    pub async fn unblock(&self, user: impl AsRef<str>) -> Result<(), CommandError> {
        let user = parse_user(user.as_ref())?;
        let command = Command::Unblock { user };
        self.runtime.command(command).await.map(|_| ())
    }

    /// The users that this user has blocked, by id, as far as this device knows. Does not touch the network.
    ///
    /// # Errors
    /// [`CommandError::Store`], [`CommandError::Closed`].
    pub async fn blocked(&self) -> Result<Vec<UserId>, CommandError> {
        self.runtime.query(blocked_users).await
    }

    /// Deletes the account, for good: what the user wrote is deleted for everyone, they leave every
    /// conversation, every device is signed out, and this store is wiped, with what is unsent. Nobody
    /// gets the user id again. Needs the network. PROTOCOL.md §7.4.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `credentials.invalid` for a wrong password; nothing has changed
    /// then. [`CommandError::Unreachable`]: ask again; [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no account deletion.
    pub async fn delete(&self, password: impl Into<Secret>) -> Result<(), CommandError> {
        let password = password.into();
        let command = Command::DeleteAccount { password };
        self.runtime.command(command).await.map(|_| ())
    }

    async fn update(&self, update: MeUpdate) -> Result<(), CommandError> {
        let command = Command::UpdateMe { update };
        self.runtime.command(command).await.map(|_| ())
    }
}
