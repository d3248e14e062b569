//! The Kotlin and Swift packages: their tests against the real library and the real server program.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings;
use crate::run::cargo;
use crate::toolchains::{Language, Toolchain};

/// What the driver among the tests of the Kotlin package runs with, and the sample.
const KOTLIN_CLASSES: &str = "bindings/kotlin/fulmar/target/test-classes:bindings/kotlin/fulmar/target/classes:\
     bindings/kotlin/fulmar/target/dependency/*:examples/kotlin/target/classes";
const SWIFT_PACKAGE: &str = "bindings/swift";
const SWIFT_SAMPLE: &str = "examples/swift/Chat";

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
            run(swift(&toolchain, "test", SWIFT_PACKAGE)?.env("FULMAR_MOCK_SERVER", server))
        }
    }
}

/// Drives clients of all languages that can be built here through one workload.
pub(crate) fn languages(words: &[String]) -> Result<(), String> {
    let mut arguments = vec![
        "run".to_owned(),
        "--locked".to_owned(),
        "--package".to_owned(),
        "fulmar-languages".to_owned(),
        "--bin".to_owned(),
        "languages".to_owned(),
        "--".to_owned(),
    ];
    add(
        &mut arguments,
        "--sample",
        "rust=target/debug/examples/terminal_chat",
    );
    for language in Language::ALL {
        let Some(toolchain) = Toolchain::find(language) else {
            println!("Without {language:?}: it wants {}.", language.wanted());
            continue;
        };
        match language {
            Language::Kotlin => {
                run(maven(&toolchain).arg("process-test-classes"))?;
                let java = toolchain.command("java");
                let java = java.get_program().to_string_lossy();
                let library = absolute("target/debug")?.display().to_string();
                let java = format!(
                    "kotlin={java} -Xmx128m -Djna.library.path={library} -cp {KOTLIN_CLASSES}"
                );
                add(
                    &mut arguments,
                    "--driver",
                    &format!("{java} chat.fulmar.DriverKt"),
                );
                add(
                    &mut arguments,
                    "--sample",
                    &format!("{java} chat.fulmar.examples.TerminalChatKt"),
                );
            }
            Language::Swift => {
                for package in [SWIFT_PACKAGE, SWIFT_SAMPLE] {
                    run(&mut swift(&toolchain, "build", package)?)?;
                }
                let driver = format!("swift={SWIFT_PACKAGE}/.build/debug/FulmarDriver");
                add(&mut arguments, "--driver", &driver);
                let sample = format!("swift={SWIFT_SAMPLE}/.build/debug/TerminalChat");
                add(&mut arguments, "--sample", &sample);
            }
        }
    }
    cargo(&["build", "--locked", "--example", "terminal_chat"], &[])?;
    cargo(&["build", "--locked", "--package", "fulmar-languages"], &[])?;
    arguments.extend_from_slice(words);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    cargo(&arguments, &[])
}

fn add(arguments: &mut Vec<String>, option: &str, value: &str) {
    arguments.extend([option.to_owned(), value.to_owned()]);
}

/// Maven on the Kotlin packages.
pub(crate) fn maven(toolchain: &Toolchain) -> Command {
    let mut command = toolchain.command("mvn");
    command.args(["--batch-mode", "--no-transfer-progress", "--quiet"]);
    command.args(["--file", "bindings/kotlin"]);
    command
}

/// SwiftPM on a package, with the linker told where the library is.
pub(crate) fn swift(toolchain: &Toolchain, task: &str, package: &str) -> Result<Command, String> {
    let folder = absolute("target/debug")?.display().to_string();
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

fn absolute(path: &str) -> Result<PathBuf, String> {
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
