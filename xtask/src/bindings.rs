//! The Kotlin and Swift sources, generated from the built library into the packages in `bindings/`. A module for Python
//! is generated for tests only; there is no package.
//!
//! The generator makes everything public. What is plumbing is hidden here, so that people see the
//! types of the SDK and the handles of the package, and nothing else.

mod kotlin;
mod python;
mod swift;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::products::{self, DEBUG};
use crate::run;

/// Where the generator writes.
const RAW: &str = "target/bindings";
/// Where the module for Python is, beside its library, as it wants.
pub(crate) const PYTHON: &str = "target/python";
/// The library that the sources belong to, and the generator.
pub(crate) const WANTED: &[&str] = &["--lib", "--bin", "fulmar-bindgen"];

/// Generates the sources that belong to the library of the debug build.
pub(crate) fn generate() -> Result<(), String> {
    raw(&["kotlin", "swift"], RAW)?;
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

/// Generates the module for Python, with the library of the debug build.
pub(crate) fn generate_python() -> Result<(), String> {
    raw(&["python"], PYTHON)?;
    let module = Path::new(PYTHON).join("fulmar_ffi.py");
    let failed = |error| format!("{}: {error}", module.display());
    let text = fs::read_to_string(&module).map_err(failed)?;
    fs::write(&module, python::shaped(&text)?).map_err(failed)?;
    products::copy_library(PYTHON)
}

fn raw(languages: &[&str], folder: &str) -> Result<(), String> {
    let languages = languages
        .iter()
        .flat_map(|language| ["--language", language]);
    run::program(
        Command::new(products::program(DEBUG, "fulmar-bindgen")?)
            .args(["generate", "--no-format"])
            .args(languages)
            .args(["--out-dir", folder])
            .arg(products::library()),
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
