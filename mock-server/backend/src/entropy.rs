//! Randomness: the one source of ids, keys and secrets. Its seed is an argument, so that a run can be
//! repeated.

use fulmar_protocol::{OperationKey, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

pub(crate) struct Entropy(ChaCha20Rng);

impl Entropy {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// An id that nothing else has.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", hex(&self.bytes::<12>()))
    }

    /// A key for an operation of a client that made none, or of the server itself.
    pub(crate) fn operation_key(&mut self, now: Timestamp) -> OperationKey {
        OperationKey::from_parts(now, self.bytes())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that such a text stands for; `None` when it is no such text.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(text.get(place..place + 2)?, 16).ok())
        .collect()
}
