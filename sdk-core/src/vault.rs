//! What seals the tokens in a store, with a key that is in the platform's place for secrets.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fulmar_engine::Vault;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::clock;
use crate::secret_storage::SecretStorage;

/// The name under which the key is kept.
const NAME: &str = "fulmar.store-key.1";
/// What the sealed bytes are, so that they cannot be taken for anything else.
const PURPOSE: &[u8] = b"fulmar session tokens 1";
const KEY_LEN: usize = 32;

/// Two clients that open for the first time at once make one key.
static FIRST_USE: Mutex<()> = Mutex::new(());

/// The vault whose key is in `storage`; a new key when there is none. Blocks.
pub(crate) fn vault(storage: &dyn SecretStorage) -> Result<Arc<dyn Vault>, String> {
    // Nothing is half done when somebody panics while holding it.
    let _one_at_a_time = FIRST_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = match storage.load(NAME)? {
        Some(key) => key,
        None => {
            let key = clock::random::<KEY_LEN>().ok_or("the system has no randomness")?;
            storage.save(NAME, &key)?;
            key.to_vec()
        }
    };
    let key = UnboundKey::new(&CHACHA20_POLY1305, &key)
        .map_err(|_| format!("what is saved as {NAME} is not a key of {KEY_LEN} bytes"))?;
    Ok(Arc::new(Sealed(LessSafeKey::new(key))))
}

struct Sealed(LessSafeKey);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl Vault for Sealed {
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        // 96 random bits are enough: tokens change a few times an hour, not 2^32 times.
        let nonce = clock::random::<NONCE_LEN>()?;
        let mut bytes = plain.to_vec();
        let once = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(once, Aad::from(PURPOSE), &mut bytes)
            .ok()?;
        Some([&nonce[..], &bytes].concat())
    }

    fn unseal(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = bytes.to_vec();
        let once = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .0
            .open_in_place(once, Aad::from(PURPOSE), &mut bytes)
            .ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;

    use super::vault;
    use crate::secret_storage::SecretStorage;

    #[derive(Debug, Default)]
    struct InMemory(Mutex<Option<Vec<u8>>>);

    impl SecretStorage for InMemory {
        fn load(&self, _name: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(self.0.lock().unwrap().clone())
        }

        fn save(&self, _name: &str, secret: &[u8]) -> Result<(), String> {
            *self.0.lock().unwrap() = Some(secret.to_vec());
            Ok(())
        }
    }

    #[test]
    fn the_same_storage_unseals_and_another_does_not() {
        let storage = InMemory::default();
        let first = vault(&storage).unwrap();
        let mut sealed = first.seal(b"token").unwrap();
        assert_ne!(
            sealed,
            first.seal(b"token").unwrap(),
            "no nonce comes twice"
        );
        let again = vault(&storage).unwrap();
        assert_eq!(again.unseal(&sealed).as_deref(), Some(&b"token"[..]));
        assert_eq!(vault(&InMemory::default()).unwrap().unseal(&sealed), None);
        sealed[14] ^= 1;
        assert_eq!(again.unseal(&sealed), None, "changed bytes");
        assert_eq!(again.unseal(b"short"), None);
    }

    #[test]
    fn what_is_not_a_key_is_said_and_kept() {
        let storage = InMemory(Mutex::new(Some(vec![1, 2, 3])));
        assert!(vault(&storage).unwrap_err().contains("32 bytes"));
        assert_eq!(storage.0.lock().unwrap().as_deref(), Some(&[1, 2, 3][..]));
    }
}
