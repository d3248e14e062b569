//! What the app implements: a token provider, and the platform's place for secrets.

use std::fmt::Debug;
use std::sync::Arc;

use fulmar::{TokenFuture, UserId};

use crate::Millis;

/// An access token that the app's own backend gave out.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ForeignToken {
    /// The access token, as the app's backend issued it.
    pub access_token: String,
    /// How long it is valid from now. Without it the token is used until the server refuses it.
    pub expires_in: Option<Millis>,
}

/// Tokens do not print.
impl Debug for ForeignToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForeignToken")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Why a token provider has no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum TokenFailure {
    /// Not at this moment. It is asked again, with growing waits; nothing fails meanwhile.
    #[error("no token at this moment: {reason}")]
    Unavailable {
        /// Why there is none now, for logs.
        reason: String,
    },
    /// The user has no session any more: the session of this store ends, and what is unsent is kept.
    #[error("the session is over: {reason}")]
    SessionOver {
        /// Why the session is over, for logs.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TokenFailure {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable {
            reason: error.reason,
        }
    }
}

/// The token provider as the package implements it, around the app's.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait ForeignTokenProvider: Debug + Send + Sync {
    /// An access token for this user.
    async fn token(&self, user_id: UserId) -> Result<ForeignToken, TokenFailure>;
}

/// The provider as the core sees it.
#[derive(Debug)]
pub(crate) struct Provider(pub(crate) Arc<dyn ForeignTokenProvider>);

impl fulmar::TokenProvider for Provider {
    fn token(&self, user_id: UserId) -> TokenFuture {
        let foreign = Arc::clone(&self.0);
        Box::pin(async move {
            match foreign.token(user_id).await {
                Ok(token) => Ok(fulmar::ProvidedToken {
                    access_token: token.access_token.into(),
                    expires_in: token.expires_in.map(|time| time.0),
                }),
                Err(TokenFailure::Unavailable { reason }) => {
                    Err(fulmar::TokenFailure::Unavailable { reason })
                }
                Err(TokenFailure::SessionOver { reason }) => {
                    Err(fulmar::TokenFailure::SessionOver { reason })
                }
            }
        })
    }
}

/// Why the platform's place for secrets could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum SecretStorageError {
    /// Not at this moment: a phone that was not unlocked since it started, for one.
    #[error("{reason}")]
    Unavailable {
        /// What the platform said.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SecretStorageError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable {
            reason: error.reason,
        }
    }
}

/// The secret storage as the package implements it, around the platform's.
#[uniffi::export(with_foreign)]
pub trait ForeignSecretStorage: Debug + Send + Sync {
    /// What was saved under this name; absent when nothing ever was.
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, SecretStorageError>;

    /// Saves bytes under a name, for as long as the app is installed.
    fn save(&self, name: String, secret: Vec<u8>) -> Result<(), SecretStorageError>;
}

/// The storage as the core sees it.
#[derive(Debug)]
pub(crate) struct Secrets(pub(crate) Arc<dyn ForeignSecretStorage>);

impl fulmar::SecretStorage for Secrets {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        self.0
            .load(name.to_owned())
            .map_err(|error| error.to_string())
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), String> {
        self.0
            .save(name.to_owned(), secret.to_vec())
            .map_err(|error| error.to_string())
    }
}
