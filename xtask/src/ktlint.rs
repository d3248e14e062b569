//! The format of the Kotlin sources, by ktlint, which Maven gets into the cache folder of the user. What is
//! generated is left out. For Swift there is none: the toolchain of `cargo xtask setup` comes without a formatter.

use std::path::PathBuf;
use std::process::Command;

use crate::run;
use crate::toolchains::{Language, Toolchain, cache};

/// The version of ktlint.
const VERSION: &str = "1.8.0";
/// The plugin that fetches it; the packages use the same version.
const FETCH: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy";
/// What is looked at, by `.editorconfig`, and what is not.
const SOURCES: [&str; 4] = [
    "bindings/kotlin/**/*.kt",
    "examples/kotlin/**/*.kt",
    "!**/generated/**",
    "!**/target/**",
];

/// Fails where a source is not formatted.
pub(crate) fn check() -> Result<(), String> {
    run::program(ktlint()?.args(SOURCES))
        .map_err(|reason| format!("{reason}; `cargo xtask format` mends what it can"))
}

/// Formats the sources.
pub(crate) fn format() -> Result<(), String> {
    run::program(ktlint()?.arg("--format").args(SOURCES))
}

/// Gets it, where it is not there yet.
pub(crate) fn fetch() -> Result<(), String> {
    let archive = archive()?;
    if archive.exists() {
        return Ok(());
    }
    let folder = archive.parent().unwrap_or(&archive).display();
    println!("ktlint {VERSION}: into {folder}");
    run::program(
        toolchain()?
            .command("mvn")
            .args(["--batch-mode", "--no-transfer-progress", "--quiet", FETCH])
            .arg(format!(
                "-Dartifact=com.pinterest.ktlint:ktlint-cli:{VERSION}:jar:all"
            ))
            .arg(format!("-DoutputDirectory={folder}")),
    )
}

fn ktlint() -> Result<Command, String> {
    fetch()?;
    let mut command = toolchain()?.command("java");
    command.arg("-jar").arg(archive()?).arg("--relative");
    Ok(command)
}

fn toolchain() -> Result<Toolchain, String> {
    let kotlin = Language::Kotlin;
    Toolchain::find(kotlin).ok_or_else(|| format!("ktlint wants {}", kotlin.wanted()))
}

fn archive() -> Result<PathBuf, String> {
    let cache = cache().ok_or_else(|| "there is neither XDG_CACHE_HOME nor HOME".to_owned())?;
    Ok(cache
        .join(format!("ktlint-{VERSION}"))
        .join(format!("ktlint-cli-{VERSION}-all.jar")))
}
