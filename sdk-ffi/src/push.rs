//! Push notifications.

use std::sync::Arc;

use fulmar::{ConversationId, OperationKey};

use crate::cancel::{CancelHandle, cancellable};
use crate::{ClientHandle, CommandError, Count};

/// Who carries notifications to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PushProvider {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple's Push PushNotification service.
    Apns,
    /// Expo's push service.
    Expo,
}

impl From<PushProvider> for fulmar::PushProvider {
    fn from(provider: PushProvider) -> Self {
        match provider {
            PushProvider::Fcm => Self::Fcm,
            PushProvider::Apns => Self::Apns,
            PushProvider::Expo => Self::Expo,
        }
    }
}

/// What an app shows of a push notification.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PushNotification {
    /// The other person, or the title of the group.
    pub title: String,
    /// The beginning of the text; in a group with who wrote it.
    pub body: String,
    /// Where to go when it is tapped.
    pub conversation_id: ConversationId,
    /// The message, by its list key.
    pub message: OperationKey,
    /// How many messages are unread in that conversation.
    pub unread_count: Count,
    /// How many are unread in all: the number on the app's icon.
    pub unread_total: Count,
    /// Whether to call for attention.
    pub attention: Attention,
}

impl From<fulmar::PushNotification> for PushNotification {
    fn from(notification: fulmar::PushNotification) -> Self {
        let fulmar::PushNotification {
            title,
            body,
            conversation_id,
            message,
            unread_count,
            unread_total,
            attention,
        } = notification;
        Self {
            title,
            body,
            conversation_id,
            message,
            unread_count: Count(unread_count),
            unread_total: Count(unread_total),
            attention: match attention {
                fulmar::Attention::Alert => Attention::Alert,
                fulmar::Attention::Quiet => Attention::Quiet,
            },
        }
    }
}

/// Whether a notification calls for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Attention {
    /// A notification with sound or banner.
    Alert,
    /// No: the conversation is muted, or this user has read the message by now.
    Quiet,
}

/// Why a push could not be taken beside the app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum PushError {
    /// The payload cannot be read, so it is none of Fulmar's.
    #[error("this is no push notification of Fulmar: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// The store is for somebody else, or nobody is signed in.
    #[error("the push is not for the owner of this store")]
    NotTheirs,
    /// The SDK made a mistake, which ended this call alone. What was stored is kept; please report it.
    #[error("a mistake inside the SDK: {reason}")]
    Bug {
        /// What is known of it.
        reason: String,
    },
    /// The store cannot be used. The app gets the message from the server all the same.
    #[error("the store cannot be used: {reason}")]
    Store {
        /// What is wrong with the store, for logs.
        reason: String,
    },
}

impl From<fulmar::PushError> for PushError {
    fn from(error: fulmar::PushError) -> Self {
        match error {
            fulmar::PushError::Unreadable { reason } => Self::Unreadable { reason },
            fulmar::PushError::NotTheirs(_) => Self::NotTheirs,
            fulmar::PushError::Store(error) => Self::Store {
                reason: error.to_string(),
            },
        }
    }
}

/// Takes a push notification in a second process, beside an app that has the store open or not.
#[uniffi::export]
pub fn handle_push_beside(store: String, payload: String) -> Result<PushNotification, PushError> {
    Ok(fulmar::handle_push_beside(store, &payload)?.into())
}

#[uniffi::export]
impl ClientHandle {
    /// Says where notifications for this device go.
    pub async fn register_push_token(
        &self,
        provider: PushProvider,
        token: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let registering = self.core().register_push_token(provider.into(), token);
        cancellable(cancel, registering).await
    }

    /// No notifications for this device any more.
    pub async fn remove_push_token(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        cancellable(cancel, self.core().remove_push_token()).await
    }

    /// Takes what a push notification carries.
    pub async fn handle_push(
        &self,
        payload: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<PushNotification, CommandError> {
        let notification = cancellable(cancel, self.core().handle_push(&payload)).await?;
        Ok(notification.into())
    }
}
