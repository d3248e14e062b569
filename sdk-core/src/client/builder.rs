//! Describing and opening a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fulmar_engine::{Config, Salvage, SalvageError};
use fulmar_protocol::UserId;

use super::Client;
use crate::error::BuildError;
use crate::runtime::{Runtime, Setup};
use crate::secret_storage::SecretStorage;
use crate::token_provider::TokenProvider;
use crate::transport::{Address, AddressError, Transport};

/// How a client is to be.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    server: String,
    store: PathBuf,
    owner: Option<UserId>,
    plaintext_allowed: bool,
    certificates: Vec<String>,
    config: Config,
    token_provider: Option<Arc<dyn TokenProvider>>,
    secret_storage: Option<Arc<dyn SecretStorage>>,
}

impl Client {
    /// Begins to describe a client: the server's base URL, and the file of its store.
    pub fn builder(server: impl Into<String>, store: impl Into<PathBuf>) -> ClientBuilder {
        ClientBuilder {
            server: server.into(),
            store: store.into(),
            owner: None,
            plaintext_allowed: false,
            certificates: Vec::new(),
            config: Config::default(),
            token_provider: None,
            secret_storage: None,
        }
    }
}

impl ClientBuilder {
    /// Whose store this must be: building fails with [`OpenError::OtherUser`] when it belongs to
    /// somebody else. For apps with several accounts.
    ///
    /// [`OpenError::OtherUser`]: crate::OpenError::OtherUser
    #[must_use]
    pub fn owner(mut self, user_id: UserId) -> Self {
        self.owner = Some(user_id);
        self
    }

    /// Allows http to other machines. Everyone on the way can read and change everything then.
    #[must_use]
    pub fn allow_plaintext(mut self) -> Self {
        self.plaintext_allowed = true;
        self
    }

    /// Also trusts this certificate, or these, as PEM: of a test server that made one for itself, or of a company's
    /// own authority. What the platform trusts is trusted as well. May be called several times.
    #[must_use]
    pub fn trust(mut self, certificates: impl Into<String>) -> Self {
        self.certificates.push(certificates.into());
        self
    }

    /// Waits, bounds and policies; the defaults suit a phone.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where access tokens come from, in an app with its own sign-in. Give it at every build: a
    /// session that began with it waits while it is missing.
    #[must_use]
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.token_provider = Some(Arc::new(provider));
        self
    }

    /// Seals the tokens in the store with a key in the platform's place for secrets. Without it they
    /// are as safe as the file.
    #[must_use]
    pub fn secret_storage(mut self, storage: impl SecretStorage + 'static) -> Self {
        self.secret_storage = Some(Arc::new(storage));
        self
    }

    /// Opens the store, takes up what was left in it, and starts connecting when somebody is signed
    /// in. Does not wait for the network.
    ///
    /// On a full disk a store that is there can be read: screens show what is in it, the connection is
    /// [`WaitReason::StoreFailed`], commands are [`CommandError::Store`], and writing is tried again twice a second.
    ///
    /// # Errors
    /// [`BuildError::Store`] with the reason: open elsewhere, damaged or set back in time (see
    /// [`rebuild_store`]), of a newer version, of somebody else, a disk that cannot be used, or one that is full
    /// while the store is new or of an older version. The file stays as it is.
    /// [`BuildError::Secrets`] when the key cannot be had, [`BuildError::Address`],
    /// [`BuildError::Plaintext`], [`BuildError::Tls`].
    ///
    /// [`WaitReason::StoreFailed`]: crate::WaitReason::StoreFailed
    /// [`CommandError::Store`]: crate::CommandError::Store
    pub async fn build(self) -> Result<Client, BuildError> {
        let address =
            Address::parse(&self.server, self.plaintext_allowed).map_err(|error| match error {
                AddressError::Plaintext(host) => BuildError::Plaintext { host },
                AddressError::NotAUrl(_) | AddressError::Scheme(_) => BuildError::Address {
                    address: self.server.clone(),
                    reason: error.to_string(),
                },
            })?;
        let transport =
            Transport::new(address, &self.certificates).map_err(|error| BuildError::Tls {
                reason: error.to_string(),
            })?;
        let runtime = Runtime::start(Setup {
            path: self.store,
            config: self.config,
            owner: self.owner,
            transport,
            token_provider: self.token_provider,
            secret_storage: self.secret_storage,
        })
        .await?;
        Ok(Client::of(Arc::new(runtime)))
    }
}

/// Makes a new store in place of a damaged one. The damaged file is set aside, never deleted; the
/// session and what is unsent are salvaged from it as far as they can be read, and the rest comes
/// back from the server. Blocks while it copies. Does not touch the network.
///
/// # Errors
/// [`SalvageError`], which says where the damaged file is.
pub fn rebuild_store(path: impl AsRef<Path>) -> Result<Salvage, SalvageError> {
    fulmar_engine::rebuild(path.as_ref())
}
