//! Programs in all languages against one server: the workload, the samples, planted panics, and what
//! crossing costs. The work itself is in `tests/languages`.

use crate::packages::{SWIFT_PACKAGE, absolute, maven, run, swift};
use crate::run::cargo;
use crate::toolchains::{Language, Toolchain};

/// What the driver among the tests of the Kotlin package runs with, and the sample.
const KOTLIN_CLASSES: &str = "bindings/kotlin/fulmar/target/test-classes:bindings/kotlin/fulmar/target/classes:\
     bindings/kotlin/fulmar/target/dependency/*:examples/kotlin/target/classes";
const SWIFT_SAMPLE: &str = "examples/swift/Chat";
/// The library with planted panics.
const DEFECTIVE: &str = "target/defects/release";

/// The samples talk to each other, and clients of all languages go through one workload.
pub(crate) fn workload(words: &[String]) -> Result<(), String> {
    let mut arguments = Arguments::default();
    arguments.add("--sample", "rust=target/debug/examples/terminal_chat");
    for language in Language::ALL {
        let Some(toolchain) = found(language) else {
            continue;
        };
        match language {
            Language::Kotlin => {
                let java = java(&toolchain, "target/debug")?;
                arguments.add("--driver", &format!("kotlin={java} chat.fulmar.DriverKt"));
                let sample = "chat.fulmar.examples.TerminalChatKt";
                arguments.add("--sample", &format!("kotlin={java} {sample}"));
            }
            Language::Swift => {
                for package in [SWIFT_PACKAGE, SWIFT_SAMPLE] {
                    run(&mut swift(&toolchain, "build", package, "target/debug")?)?;
                }
                let driver = format!("swift={SWIFT_PACKAGE}/.build/debug/FulmarDriver");
                arguments.add("--driver", &driver);
                let sample = format!("swift={SWIFT_SAMPLE}/.build/debug/TerminalChat");
                arguments.add("--sample", &sample);
            }
        }
    }
    let build = [
        "--package",
        "fulmar-languages",
        "--package",
        "fulmar-examples",
    ];
    cargo(
        &[&["build", "--locked", "--bins", "--examples"], &build[..]].concat(),
        &[],
    )?;
    arguments.0.extend_from_slice(words);
    arguments.run(&[])
}

/// A panic in Rust arrives as an error. The library with planted ones is a build of its own.
pub(crate) fn panics() -> Result<(), String> {
    cargo(
        &[
            "build",
            "--locked",
            "--release",
            "--package",
            "fulmar-ffi",
            "--target-dir",
            "target/defects",
        ],
        &[("RUSTFLAGS", "--cfg fulmar_defects")],
    )?;
    let mut arguments = Arguments::default();
    arguments.add("--seeds", "0");
    for language in Language::ALL {
        let Some(toolchain) = found(language) else {
            continue;
        };
        match language {
            Language::Kotlin => {
                let java = java(&toolchain, DEFECTIVE)?;
                arguments.add("--panics", &format!("kotlin={java} chat.fulmar.DriverKt"));
            }
            // The same driver, with the other library before its own.
            Language::Swift if cfg!(target_os = "linux") => {
                run(&mut swift(
                    &toolchain,
                    "build",
                    SWIFT_PACKAGE,
                    "target/debug",
                )?)?;
                let library = absolute(&format!("{DEFECTIVE}/libfulmar_ffi.so"))?;
                let driver = format!("{SWIFT_PACKAGE}/.build/debug/FulmarDriver");
                let library = library.display();
                arguments.add(
                    "--panics",
                    &format!("swift=env LD_PRELOAD={library} {driver}"),
                );
            }
            Language::Swift => println!("Without Swift: that is done with the loader of Linux."),
        }
    }
    arguments.run(&[])
}

/// What a page and a call cost in each language, all of it in release builds.
pub(crate) fn bench(rounds: &str) -> Result<(), String> {
    cargo(
        &["build", "--locked", "--release", "--package", "fulmar-ffi"],
        &[],
    )?;
    let mut arguments = Arguments::default();
    arguments.add("--bench", rounds);
    for language in Language::ALL {
        let Some(toolchain) = found(language) else {
            continue;
        };
        match language {
            Language::Kotlin => {
                let java = java(&toolchain, "target/release")?;
                arguments.add("--driver", &format!("kotlin={java} chat.fulmar.DriverKt"));
            }
            Language::Swift => {
                let mut build = swift(&toolchain, "build", SWIFT_PACKAGE, "target/release")?;
                // Beside the debug build, whose products must stay what they are.
                build.args(["-c", "release", "--product", "FulmarDriver"]);
                run(&mut build)?;
                let driver = format!("swift={SWIFT_PACKAGE}/.build/release/FulmarDriver");
                arguments.add("--driver", &driver);
            }
        }
    }
    arguments.run(&["--release"])
}

fn found(language: Language) -> Option<Toolchain> {
    let toolchain = Toolchain::find(language);
    if toolchain.is_none() {
        println!("Without {language:?}: it wants {}.", language.wanted());
    }
    toolchain
}

/// Compiles the driver and the sample in Kotlin, which its tests have done already where they ran.
pub(crate) fn kotlin_classes() -> Result<(), String> {
    match found(Language::Kotlin) {
        Some(toolchain) => run(maven(&toolchain).arg("process-test-classes")),
        None => Ok(()),
    }
}

/// A Java with the classes of the driver and the sample, and a library.
fn java(toolchain: &Toolchain, library: &str) -> Result<String, String> {
    let java = toolchain.command("java");
    let java = java.get_program().to_string_lossy();
    let library = absolute(library)?;
    let library = library.display();
    Ok(format!(
        "{java} -Xmx128m -Djna.library.path={library} -cp {KOTLIN_CLASSES}"
    ))
}

/// Words for the program in `tests/languages`.
#[derive(Debug, Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn add(&mut self, option: &str, value: &str) {
        self.0.extend([option.to_owned(), value.to_owned()]);
    }

    fn run(&self, profile: &[&str]) -> Result<(), String> {
        let package = ["--locked", "--quiet", "--package", "fulmar-languages"];
        let build = [&["build", "--bins"], &package[..], profile].concat();
        cargo(&build, &[])?;
        let words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let start = [
            &["run"],
            &package[..],
            profile,
            &["--bin", "languages", "--"],
            &words,
        ]
        .concat();
        cargo(&start, &[])
    }
}
