//! How many bytes something has as JSON, without writing it anywhere.

use std::io::{Result, Write};

use serde::Serialize;

struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// So many bytes; those before the first thing that has no form in JSON.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    // Counting cannot fail, and what came before a failure counts.
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}
