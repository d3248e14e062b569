//! The Kotlin and Swift packages: their tests against the real library and the real server program.

use std::process::Command;

use crate::products::{self, DEBUG, absolute};
use crate::run;
use crate::toolchains::{Language, Toolchain};

/// The packages of Swift, by folder.
pub(crate) const SWIFT_PACKAGE: &str = "bindings/swift";

/// What to do about a language or a program that is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Say so, and go on.
    Skip,
    /// Fail.
    Refuse,
}

impl Missing {
    /// The same about Python and its packages.
    pub(crate) fn python(self, reason: &str) -> Result<(), String> {
        match self {
            Self::Refuse => Err(reason.to_owned()),
            Self::Skip => {
                println!("SKIPPED: {reason}. It needs Python 3.10 or newer with venv, and PyPI.");
                Ok(())
            }
        }
    }
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
        // With the archives, which cost nothing beside the tests and go into the AAR.
        Language::Kotlin => run::program(maven(&toolchain).arg("package")),
        Language::Swift => {
            let server = products::program(DEBUG, "fulmar-mock-server")?;
            run::program(
                swift(&toolchain, "test", SWIFT_PACKAGE, DEBUG)?.env("FULMAR_MOCK_SERVER", server),
            )
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
