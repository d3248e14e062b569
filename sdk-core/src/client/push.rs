//! Push notifications.

use std::path::Path;

use fulmar_engine::{
    Command, CommandError, Field, FieldRule, PushError, PushNotification, Reply, read_push,
};
use fulmar_protocol::{Anchor, HistoryPage, PushProvider, PushToken};

use super::Client;
use crate::clock;

impl Client {
    /// Says where notifications for this device go, once the platform has given it a token. Needs the
    /// network. Call it at every start: the server forgets the token when this session ends.
    /// PROTOCOL.md §7.8.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`], [`CommandError::Refused`], [`CommandError::SignedOut`].
    /// [`CommandError::Unsupported`] where the server has no push notifications.
    pub async fn register_push_token(
        &self,
        provider: PushProvider,
        token: impl Into<String>,
    ) -> Result<(), CommandError> {
        let token = PushToken {
            provider,
            token: token.into(),
        };
        let command = Command::SetPushToken { token: Some(token) };
        self.runtime().command(command).await.map(|_| ())
    }

    /// No notifications for this device any more. Needs the network. PROTOCOL.md §7.8.
    ///
    /// # Errors
    /// Those of [`Client::register_push_token`].
    pub async fn remove_push_token(&self) -> Result<(), CommandError> {
        let command = Command::SetPushToken { token: None };
        self.runtime().command(command).await.map(|_| ())
    }

    /// Takes what a push notification carries, a JSON text: the message is in its timeline, also
    /// offline, and counts as unread. Gives what to show. A push that is late, or comes twice, does no
    /// harm. Where the message was too large for the notification, it is fetched, if the network allows.
    /// PROTOCOL.md §7.8.
    ///
    /// In a process of its own, such as a notification extension on iOS, use [`handle_push_beside`].
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for what is no push of Fulmar's; [`CommandError::OtherUser`] for one of
    /// somebody else; [`CommandError::SignedOut`].
    pub async fn handle_push(&self, payload: &str) -> Result<PushNotification, CommandError> {
        let payload = read_push(payload).map_err(|error| CommandError::Invalid {
            field: Field::PushPayload,
            rule: FieldRule::Malformed {
                reason: error.to_string(),
            },
        })?;
        if payload.message.is_none() {
            let fetch = Command::LoadHistory {
                conversation: payload.conversation_id.clone(),
                thread: None,
                page: HistoryPage::Around(Anchor::Message(payload.message_key)),
            };
            // Without it there is still something to show, and the message comes with the log.
            let _ = self.runtime().command(fetch).await;
        }
        let command = Command::HandlePush {
            payload: Box::new(payload),
        };
        // The engine answers this command with nothing else.
        let Reply::Notified(notification) = self.runtime().command(command).await? else {
            return Err(CommandError::Closed);
        };
        Ok(notification)
    }
}

/// Takes a push notification in a second process, beside an app that has the store at `store` open or not,
/// as a notification extension does on iOS. The message is kept for the app, which shows it when it is
/// next opened or comes to the foreground, also offline. Blocks for some milliseconds, waits for the app's
/// transactions instead of failing, and never touches the network. PROTOCOL.md §7.8.
///
/// # Errors
/// [`PushError::Unreadable`] for what is no push of Fulmar's; [`PushError::NotTheirs`] for one of somebody
/// else; [`PushError::Store`] when the store cannot be used: then the notification has to do with its own
/// title and body, and the app gets the message from the server.
pub fn handle_push_beside(
    store: impl AsRef<Path>,
    payload: &str,
) -> Result<PushNotification, PushError> {
    fulmar_engine::handle_push_beside(store.as_ref(), payload, clock::wall())
}
