//! The user's own account at the server.

use std::sync::Arc;

use fulmar::{DeviceId, SessionId, Timestamp, UserId};

use crate::cancel::{CancelHandle, cancellable};
use crate::{ClientHandle, CommandError, PresenceSetting};

/// One session of a user.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SessionInfo {
    /// The session's id.
    pub session_id: SessionId,
    /// The device that the session is on.
    pub device_id: DeviceId,
    /// When the session began.
    pub created_at: Timestamp,
    /// Whether it is the one that asked.
    pub current: bool,
}

impl From<fulmar::SessionInfo> for SessionInfo {
    fn from(session: fulmar::SessionInfo) -> Self {
        let fulmar::SessionInfo {
            session_id,
            device_id,
            created_at,
            current,
        } = session;
        Self {
            session_id,
            device_id,
            created_at,
            current,
        }
    }
}

#[uniffi::export]
impl ClientHandle {
    /// Becomes a user of the server, and signs in.
    pub async fn register(
        &self,
        user_id: UserId,
        name: String,
        password: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let registered = self.core().register(user_id.as_str(), name, password);
        cancellable(cancel, registered).await
    }

    /// Every session of this user, the newest first.
    pub async fn fetch_sessions(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<SessionInfo>, CommandError> {
        let account = self.core().account();
        let sessions = cancellable(cancel, account.fetch_sessions()).await?;
        Ok(sessions.into_iter().map(Into::into).collect())
    }

    /// Ends a session.
    pub async fn end_session(
        &self,
        session: SessionId,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.end_session(session)).await
    }

    /// Ends every session but this one.
    pub async fn end_other_sessions(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.end_other_sessions()).await
    }

    /// Gives the user another name.
    pub async fn set_name(
        &self,
        name: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.set_name(name)).await
    }

    /// Says where the user's picture is.
    pub async fn set_avatar_url(
        &self,
        url: Option<String>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.set_avatar_url(url)).await
    }

    /// Says whether others see whether this user is there.
    pub async fn set_presence(
        &self,
        setting: PresenceSetting,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.set_presence(setting.into())).await
    }

    /// Blocks somebody.
    pub async fn block(
        &self,
        user: UserId,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.block(user.as_str())).await
    }

    /// Ends a block.
    pub async fn unblock(
        &self,
        user: UserId,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.unblock(user.as_str())).await
    }

    /// The users that this user has blocked.
    pub async fn blocked(&self) -> Result<Vec<UserId>, CommandError> {
        Ok(self.core().account().blocked().await?)
    }

    /// Deletes the account, for good, and wipes the store.
    pub async fn delete_account(
        &self,
        password: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let account = self.core().account();
        cancellable(cancel, account.delete(password)).await
    }
}
