//! The platform's place for secrets, as the app implements it.

use std::fmt;

/// A platform's place for secrets: the Keychain, the Keystore.
///
/// Fulmar keeps one thing there: the key with which the tokens in its stores are sealed. It is read
/// when a client is built, and written once in the life of an installation.
pub trait SecretStorage: fmt::Debug + Send + Sync {
    /// What was saved under this name; `None` when nothing ever was.
    ///
    /// # Errors
    /// Words for the app's developers, when that cannot be known at this moment.
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, String>;

    /// Saves bytes under a name, for as long as the app is installed.
    ///
    /// # Errors
    /// Words for the app's developers; nothing was saved then.
    fn save(&self, name: &str, secret: &[u8]) -> Result<(), String>;
}
