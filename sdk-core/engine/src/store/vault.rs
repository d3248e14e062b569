//! What keeps tokens unreadable in the file: a key that the platform guards.

use std::fmt::Debug;

/// Seals and unseals with a key that is not in the store. The engine never sees the key.
pub trait Vault: Debug + Send + Sync {
    /// Seals bytes; `None` when that is not possible at this moment.
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>>;

    /// Unseals what [`seal`](Self::seal) gave; `None` when the key is another one, or the bytes were
    /// changed.
    fn unseal(&self, sealed: &[u8]) -> Option<Vec<u8>>;
}
