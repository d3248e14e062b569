//! The Kotlin and Swift packages: their tests against the real library and the real server program.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings;
use crate::run::cargo;
use crate::toolchains::{Language, Toolchain};

/// The packages of Swift, by folder.
pub(crate) const SWIFT_PACKAGE: &str = "bindings/swift";

/// What to do about a language whose toolchain is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Say so, and go on.
    Skip,
    /// Fail.
    Refuse,
}

/// What the tests of the packages load and start.
pub(crate) fn build() -> Result<(), String> {
    cargo(
        &[
            "build",
            "--locked",
            "--package",
            "fulmar-ffi",
            "--package",
            "fulmar-mock-server",
            "--package",
            "fulmar-tests",
        ],
        &[],
    )?;
    bindings::generate_from(&bindings::library())
}

pub(crate) fn test(language: Language, missing: Missing) -> Result<(), String> {
    let Some(toolchain) = Toolchain::find(language) else {
        let wanted = language.wanted();
        let text = format!("it wants {wanted}; `cargo xtask setup` gets that on Debian");
        return match missing {
            Missing::Refuse => Err(text),
            Missing::Skip => {
                println!("SKIPPED, the tests of the {language:?} package: {text}.");
                Ok(())
            }
        };
    };
    match language {
        Language::Kotlin => run(maven(&toolchain).arg("test")),
        Language::Swift => {
            let server = built("fulmar-mock-server")?;
            run(swift(&toolchain, "test", SWIFT_PACKAGE, "target/debug")?
                .env("FULMAR_MOCK_SERVER", server))
        }
    }
}

/// Maven on the Kotlin packages.
pub(crate) fn maven(toolchain: &Toolchain) -> Command {
    let mut command = toolchain.command("mvn");
    command.args(["--batch-mode", "--no-transfer-progress", "--quiet"]);
    command.args(["--file", "bindings/kotlin"]);
    command
}

/// SwiftPM on a package, with the linker told where the library is.
pub(crate) fn swift(
    toolchain: &Toolchain,
    task: &str,
    package: &str,
    library: &str,
) -> Result<Command, String> {
    let folder = absolute(library)?.display().to_string();
    let mut command = toolchain.command("swift");
    command.args([task, "--package-path", package]);
    for word in [&format!("-L{folder}"), "-rpath", &folder] {
        command.args(["-Xlinker", word]);
    }
    Ok(command)
}

/// A program of the debug build.
pub(crate) fn built(program: &str) -> Result<PathBuf, String> {
    absolute(&format!(
        "target/debug/{program}{}",
        std::env::consts::EXE_SUFFIX
    ))
}

pub(crate) fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(Path::new(path)).map_err(|error| format!("{path}: {error}"))
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} ended with {status}")),
        Err(error) => Err(format!("{name} could not be run: {error}")),
    }
}
