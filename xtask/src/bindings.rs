//! The Kotlin and Swift sources, generated from the built library into the packages in `bindings/`.
//!
//! The generator makes everything public. What is plumbing is hidden here, so that people see the
//! types of the SDK and the handles of the package, and nothing else.

mod kotlin;
mod swift;

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::cargo;

/// Where the generator writes.
const RAW: &str = "target/bindings";
/// The library that both languages load, in a debug build.
pub(crate) fn library() -> PathBuf {
    PathBuf::from(format!(
        "target/debug/{}fulmar_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ))
}

pub(crate) fn generate() -> Result<(), String> {
    cargo(&["build", "--locked", "--package", "fulmar-ffi"], &[])?;
    generate_from(&library())
}

/// Generates the sources that belong to a library that was built before.
pub(crate) fn generate_from(library: &Path) -> Result<(), String> {
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
            RAW,
            &library.to_string_lossy(),
        ],
        &[],
    )?;
    write(
        "bindings/kotlin/fulmar/src/generated/kotlin/chat/fulmar/FulmarFfi.kt",
        &kotlin::shaped(&read("chat/fulmar/fulmar_ffi.kt")?)?,
    )?;
    write(
        "bindings/swift/Sources/FulmarFFI/FulmarFFI.swift",
        &swift::shaped(&read("FulmarFFI.swift")?)?,
    )?;
    write(
        "bindings/swift/Sources/CFulmar/fulmarFFI.h",
        &read("fulmarFFI.h")?,
    )
}

fn read(name: &str) -> Result<String, String> {
    let path = Path::new(RAW).join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &str, text: &str) -> Result<(), String> {
    let failed = |error| format!("{path}: {error}");
    let path_buf = Path::new(path);
    if let Some(folder) = path_buf.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Unchanged files keep their time, so that nothing is compiled again for nothing.
    if fs::read_to_string(path_buf).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path_buf, text).map_err(failed)?;
    println!("{path}: {} lines", text.lines().count());
    Ok(())
}
