//! The Kotlin and Swift sources, generated from the built library into `target/bindings/`.

use std::path::Path;

use crate::run::cargo;

/// Where the generated sources go.
const OUT: &str = "target/bindings";
/// What must be in them, by file: the main way of a message, in each language.
const EXPECTED: [(&str, &[&str]); 2] = [
    (
        "chat/fulmar/internal/fulmar_ffi.kt",
        &["class Client", "suspend fun `send`", "class Timeline"],
    ),
    (
        "FulmarFFI.swift",
        &["class Client", "func send(text: String)", "class Timeline"],
    ),
];

pub(crate) fn generate() -> Result<(), String> {
    cargo(&["build", "--locked", "--package", "fulmar-ffi"], &[])?;
    let library = format!(
        "target/debug/{}fulmar_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    cargo(
        &[
            "run",
            "--locked",
            "--quiet",
            "--package",
            "fulmar-bindgen",
            "--",
            "generate",
            "--no-format",
            "--language",
            "kotlin",
            "--language",
            "swift",
            "--out-dir",
            OUT,
            &library,
        ],
        &[],
    )?;
    for (file, words) in EXPECTED {
        let path = Path::new(OUT).join(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if let Some(word) = words.iter().find(|word| !text.contains(**word)) {
            return Err(format!("{} has no {word:?}", path.display()));
        }
        println!("{}: {} lines", path.display(), text.lines().count());
    }
    Ok(())
}
