//! The methods of the crate that wait, from its sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// As `Type::method`. A macro that makes methods for several types gives `$name::method`.
pub(crate) fn methods_that_wait() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/client");
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut of = "";
        for line in text.lines().map(str::trim_start) {
            if let Some(name) = line.strip_prefix("impl ") {
                of = word(name);
            } else if let Some(name) = line.strip_prefix("pub async fn ") {
                all.insert(format!("{of}::{}", word(name)));
            }
        }
    }
    all
}

fn word(text: &str) -> &str {
    text.split(['(', '<', ' ']).next().unwrap_or_default()
}
