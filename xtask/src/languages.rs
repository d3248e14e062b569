//! Programs in all languages against one server: the workload, the samples, planted panics, the ends of processes, and
//! what crossing costs. The work itself is in `tests/languages`.

use std::process::{Command, Stdio};

use crate::bindings::{self, PYTHON};
use crate::packages::{SWIFT_PACKAGE, maven, swift};
use crate::products::{self, DEBUG, DEFECTIVE, RELEASE, absolute};
use crate::run;
use crate::toolchains::{Language, Toolchain};

/// What the driver among the tests of the Kotlin package runs with, and the sample.
const KOTLIN_CLASSES: &str = "bindings/kotlin/fulmar/target/test-classes:bindings/kotlin/fulmar/target/classes:\
     bindings/kotlin/fulmar/target/dependency/*:examples/kotlin/target/classes";
const SWIFT_SAMPLE: &str = "examples/swift/Chat";
/// The oldest Python that runs its driver.
const OLDEST_PYTHON: (u32, u32) = (3, 10);
/// What takes part in the workload and the figures.
pub(crate) const WANTED: &[&str] = &["--lib", "--bin", "languages", "--bin", "driver"];

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
                let java = java(&toolchain, DEBUG)?;
                arguments.add("--driver", &format!("kotlin={java} chat.fulmar.DriverKt"));
                let sample = "chat.fulmar.examples.TerminalChatKt";
                arguments.add("--sample", &format!("kotlin={java} {sample}"));
            }
            Language::Swift => {
                run::program(&mut swift(&toolchain, "build", SWIFT_PACKAGE, DEBUG)?)?;
                // Optimised, so that the package is compiled in both ways, and in each only once.
                let mut sample = swift(&toolchain, "build", SWIFT_SAMPLE, DEBUG)?;
                run::program(sample.args(["-c", "release"]))?;
                let driver = format!("swift={SWIFT_PACKAGE}/.build/debug/FulmarDriver");
                arguments.add("--driver", &driver);
                let sample = format!("swift={SWIFT_SAMPLE}/.build/release/TerminalChat");
                arguments.add("--sample", &sample);
            }
        }
    }
    arguments.0.extend_from_slice(words);
    arguments.run(DEBUG)
}

/// A panic in Rust arrives as an error. The library with planted ones is a file of its own.
pub(crate) fn panics() -> Result<(), String> {
    products::build_defective()?;
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
                run::program(&mut swift(&toolchain, "build", SWIFT_PACKAGE, DEBUG)?)?;
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
    arguments.run(DEBUG)
}

/// Processes end in peace, whether they closed their clients or not.
pub(crate) fn endings(runs: &str) -> Result<(), String> {
    let mut arguments = Arguments::default();
    arguments.add("--seeds", "0");
    arguments.add("--runs", runs);
    arguments.add("--ending", &format!("rust={DEBUG}/driver"));
    for language in Language::ALL {
        let Some(toolchain) = found(language) else {
            continue;
        };
        match language {
            Language::Kotlin => {
                let java = java(&toolchain, DEBUG)?;
                arguments.add("--ending", &format!("kotlin={java} chat.fulmar.DriverKt"));
            }
            Language::Swift => {
                run::program(&mut swift(&toolchain, "build", SWIFT_PACKAGE, DEBUG)?)?;
                let driver = format!("swift={SWIFT_PACKAGE}/.build/debug/FulmarDriver");
                arguments.add("--ending", &driver);
            }
        }
    }
    if has_python() {
        bindings::generate_python()?;
        let python = format!("python=env PYTHONPATH={PYTHON} python3 tests/languages");
        arguments.add("--ending", &format!("{python}/driver.py"));
        arguments.add("--interpreter", &format!("{python}/ending.py"));
    } else {
        let (major, minor) = OLDEST_PYTHON;
        println!("Without Python: it wants python3, {major}.{minor} or newer, on the PATH.");
    }
    arguments.run(DEBUG)
}

/// What a page and a call cost in each language: all of it optimised, or all of it as the tests have it, which shows
/// that everything runs, not how fast.
pub(crate) fn bench(rounds: &str, folder: &str) -> Result<(), String> {
    let mut arguments = Arguments::default();
    arguments.add("--bench", rounds);
    for language in Language::ALL {
        let Some(toolchain) = found(language) else {
            continue;
        };
        match language {
            Language::Kotlin => {
                let java = java(&toolchain, folder)?;
                arguments.add("--driver", &format!("kotlin={java} chat.fulmar.DriverKt"));
            }
            Language::Swift => {
                let mut build = swift(&toolchain, "build", SWIFT_PACKAGE, folder)?;
                build.args(["--product", "FulmarDriver"]);
                let products = if folder == RELEASE {
                    // Beside the debug build, whose products must stay what they are.
                    build.args(["-c", "release"]);
                    "release"
                } else {
                    "debug"
                };
                run::program(&mut build)?;
                let driver = format!("swift={SWIFT_PACKAGE}/.build/{products}/FulmarDriver");
                arguments.add("--driver", &driver);
            }
        }
    }
    arguments.run(folder)
}

/// The driver of a language, built, as `NAME=COMMAND`.
pub(crate) fn driver(language: Language, toolchain: &Toolchain) -> Result<String, String> {
    match language {
        Language::Kotlin => {
            let java = java(toolchain, DEBUG)?;
            Ok(format!("kotlin={java} chat.fulmar.DriverKt"))
        }
        Language::Swift => {
            run::program(&mut swift(toolchain, "build", SWIFT_PACKAGE, DEBUG)?)?;
            Ok(format!("swift={SWIFT_PACKAGE}/.build/debug/FulmarDriver"))
        }
    }
}

/// No package needs it: where it is not, its part is left out.
fn has_python() -> bool {
    let (major, minor) = OLDEST_PYTHON;
    let new_enough = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    let status = Command::new("python3")
        .args(["-c", &new_enough])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
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
        Some(toolchain) => run::program(maven(&toolchain).arg("process-test-classes")),
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

    fn run(&self, folder: &str) -> Result<(), String> {
        run::program(Command::new(products::program(folder, "languages")?).args(&self.0))
    }
}
