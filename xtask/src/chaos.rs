//! Processes in all languages while everything around them misbehaves: what that needs here, and what is missing. The
//! work itself is in `tests/chaos`.

use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::products::{self, DEBUG};
use crate::toolchains::{Language, Toolchain};
use crate::{faketime, languages, run};

/// A language whose driver takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    Rust,
    Kotlin,
    Swift,
}

impl Driver {
    fn language(self) -> Option<Language> {
        match self {
            Self::Rust => None,
            Self::Kotlin => Some(Language::Kotlin),
            Self::Swift => Some(Language::Swift),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) minutes: String,
    pub(crate) seed: String,
    /// Without any, those that are set up.
    pub(crate) drivers: Vec<Driver>,
}

impl Options {
    /// All languages, for so long.
    pub(crate) fn of(minutes: &str) -> Self {
        Self {
            minutes: minutes.to_owned(),
            seed: "1".to_owned(),
            drivers: Vec::new(),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let wanted = if options.drivers.is_empty() {
        Driver::value_variants()
    } else {
        &options.drivers
    };
    // What was asked for by name must be there, and in CI everything.
    let refuses = !options.drivers.is_empty() || is_ci();
    let mut words = vec!["--minutes".to_owned(), options.minutes.clone()];
    words.extend(["--seed".to_owned(), options.seed.clone()]);
    let server = products::program(DEBUG, "fulmar-mock-server")?;
    words.extend(["--server".to_owned(), server.display().to_string()]);
    for driver in wanted {
        let Some(language) = driver.language() else {
            let driver = products::program(DEBUG, "driver")?;
            words.extend(["--driver".to_owned(), format!("rust={}", driver.display())]);
            continue;
        };
        match Toolchain::find(language) {
            Some(toolchain) => {
                let driver = languages::driver(language, &toolchain)?;
                words.extend(["--driver".to_owned(), driver]);
            }
            None if refuses => {
                return Err(format!(
                    "{language:?} is missing: it wants {}; `cargo xtask setup` gets that on Debian",
                    language.wanted()
                ));
            }
            None => println!("SKIPPED: {language:?}, which wants {}", language.wanted()),
        }
    }
    if let Some(library) = faketime::library() {
        words.extend(["--faketime".to_owned(), library.display().to_string()]);
    }
    let program = products::program(DEBUG, "fulmar-chaos")?;
    run::program(with_mounts().arg(program).args(words))
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// A command before the program that lets it mount what nobody else sees, and that is gone with it: as root, or as
/// root of a namespace of its own. Where neither is allowed the program says what it does without.
fn with_mounts() -> Command {
    for words in [&["--mount"][..], &["--mount", "--map-root-user"]] {
        let mut command = Command::new("unshare");
        command.args(words);
        let mut tried = Command::new("unshare");
        tried.args(words).arg("true");
        let tried = tried.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if tried.is_ok_and(|status| status.success()) {
            return command;
        }
    }
    Command::new("env")
}
