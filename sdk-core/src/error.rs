//! Why a client could not be built, and why a live query ended. Commands have the engine's own errors.

use fulmar_engine::{OpenError, StoreError};

/// Why a client could not be built. Nothing was changed on disk.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The server's address is not one.
    #[error("the server address {address:?}: {reason}")]
    Address {
        /// The address that was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address is not encrypted, and not of this machine.
    #[error(
        "{host} is not this machine, and http is not encrypted: use https, or allow_plaintext() \
         where that is really meant"
    )]
    Plaintext {
        /// The host that would be spoken to without TLS.
        host: String,
    },
    /// TLS could not be set up, or what is to be trusted is no certificate.
    #[error("{reason}")]
    Tls {
        /// What is wrong with the TLS settings, for logs.
        reason: String,
    },
    /// The platform's place for secrets cannot be used at this moment.
    #[error("the platform's secrets: {reason}")]
    Secrets {
        /// What the storage said.
        reason: String,
    },
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
}

/// Why a live query has nothing more to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
    /// The store could not be read this time. Asking again is possible; nothing was skipped.
    #[error("the store could not be read: {reason}")]
    Store {
        /// What SQLite said.
        reason: String,
    },
}

impl From<StoreError> for WatchError {
    fn from(error: StoreError) -> Self {
        Self::Store {
            reason: error.to_string(),
        }
    }
}
