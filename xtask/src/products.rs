//! What is built of the workspace, in one way for every step.
//!
//! Each build selects the whole workspace and then names what it wants. With `--package` a crate would be built
//! with the features of that package alone, and it and all above it again with those of another. The debug build
//! serves the tests and whatever only has to run; the release build serves the simulation and the figures.

use std::path::{Path, PathBuf};

use crate::run::cargo;

/// The debug build.
pub(crate) const DEBUG: &str = "target/debug";
/// The release build.
pub(crate) const RELEASE: &str = "target/release";
/// The library with planted panics, a debug build.
pub(crate) const DEFECTIVE: &str = "target/defects";

/// What is wanted of the workspace, as words for Cargo.
pub(crate) const LIBRARIES: &[&str] = &["--lib"];
pub(crate) const PROGRAMS: &[&str] = &["--bins", "--examples"];
pub(crate) const SERVER: &[&str] = &["--bin", "fulmar-mock-server"];

/// With an example among what is wanted, Cargo takes dependencies of tests into account, also for macros, so that
/// what the tests were built of is not built again.
const AS_TESTS: &[&str] = &["--example", "quickstart"];

/// Builds libraries, programs or both.
pub(crate) fn build(wanted: &[&[&str]]) -> Result<(), String> {
    cargo(&words(AS_TESTS, wanted), &[])
}

/// Builds programs optimised.
pub(crate) fn build_release(wanted: &[&[&str]]) -> Result<(), String> {
    cargo(&words(&["--release"], wanted), &[])
}

/// Builds the library for other languages with planted panics, and leaves the one without where it was.
pub(crate) fn build_defective() -> Result<(), String> {
    let features = [&["--features", "fulmar-ffi/defects"], AS_TESTS].concat();
    cargo(&words(&features, &[LIBRARIES]), &[])?;
    copy_library(DEFECTIVE)?;
    build(&[LIBRARIES])
}

/// Puts a copy of the library for other languages into a folder.
pub(crate) fn copy_library(folder: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{folder}: {error}");
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = library();
    let name = name.file_name().unwrap_or_default();
    std::fs::copy(library(), Path::new(folder).join(name)).map_err(failed)?;
    Ok(())
}

/// The library for other languages, in the debug build.
pub(crate) fn library() -> PathBuf {
    Path::new(DEBUG).join(format!(
        "{}fulmar_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ))
}

/// A program of a build, by its name; examples are in a folder of their own.
pub(crate) fn program(folder: &str, name: &str) -> Result<PathBuf, String> {
    absolute(&format!("{folder}/{name}{}", std::env::consts::EXE_SUFFIX))
}

pub(crate) fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(Path::new(path)).map_err(|error| format!("{path}: {error}"))
}

fn words<'a>(options: &[&'a str], wanted: &[&[&'a str]]) -> Vec<&'a str> {
    [
        &["build", "--workspace", "--locked"],
        options,
        &wanted.concat(),
    ]
    .concat()
}
