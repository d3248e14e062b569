//! The toolchains of Kotlin and Swift: what is on the PATH, or what `cargo xtask setup` got. It never
//! touches the system's own packages.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{faketime, ktlint};

/// The release that `setup/swift.sh` brings.
const SWIFT: &str = "swift-6.0.3";
/// The oldest Swift that reads the package, and the oldest Java that Kotlin's tests run on.
const OLDEST_SWIFT: u32 = 6;
const OLDEST_JAVA: u32 = 17;

/// A language of the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Kotlin,
    Swift,
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::Kotlin, Self::Swift];

    /// How to get its toolchain by hand.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Kotlin => "JDK 17 or newer and Maven on the PATH",
            Self::Swift => "Swift 6 or newer on the PATH",
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::Kotlin => "xtask/setup/java.sh",
            Self::Swift => "xtask/setup/swift.sh",
        }
    }

    fn folder(self) -> Option<PathBuf> {
        Some(cache()?.join(match self {
            Self::Kotlin => "java-17",
            Self::Swift => SWIFT,
        }))
    }
}

/// The user's folder for what the project gets for itself.
pub(crate) fn cache() -> Option<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(env::var_os("HOME")?).join(".cache"),
    };
    Some(cache.join("fulmar"))
}

/// A toolchain that works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    env: Vec<(&'static str, PathBuf)>,
    programs: Vec<PathBuf>,
}

impl Toolchain {
    /// The one on the PATH, or the one that was set up; `None` when there is neither.
    pub(crate) fn find(language: Language) -> Option<Self> {
        let of_system = Self {
            env: Vec::new(),
            programs: Vec::new(),
        };
        let set_up = language.folder().map(|folder| match language {
            Language::Kotlin => Self {
                env: vec![("JAVA_HOME", folder.join("jdk"))],
                programs: vec![folder.join("jdk/bin"), folder.join("maven/bin")],
            },
            Language::Swift => Self {
                programs: vec![folder.join("usr/libexec/swift/bin")],
                env: vec![("SDKROOT", folder)],
            },
        });
        [Some(of_system), set_up]
            .into_iter()
            .flatten()
            .find(|toolchain| toolchain.works(language))
    }

    /// A program of the toolchain, with what it needs around it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let paths = env::var_os("PATH").unwrap_or_default();
        let paths = env::join_paths(
            self.programs
                .iter()
                .cloned()
                .chain(env::split_paths(&paths)),
        );
        let found = self.programs.iter().map(|folder| folder.join(program));
        let found = found.into_iter().find(|path| path.exists());
        let mut command = Command::new(found.unwrap_or_else(|| PathBuf::from(program)));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Ok(paths) = paths {
            command.env("PATH", paths);
        }
        command
    }

    fn works(&self, language: Language) -> bool {
        let (program, before, oldest) = match language {
            Language::Kotlin => ("mvn", "Java version: ", OLDEST_JAVA),
            Language::Swift => ("swift", "Swift version ", OLDEST_SWIFT),
        };
        let Ok(said) = self.command(program).arg("--version").output() else {
            return false;
        };
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split_once(before).map(|(_, version)| version);
        let major = version.and_then(|version| version.split(['.', ' ', ',']).next());
        major
            .and_then(|major| major.parse().ok())
            .is_some_and(|major: u32| major >= oldest)
    }
}

/// Gets what this machine lacks.
pub(crate) fn setup() -> Result<(), String> {
    for language in Language::ALL {
        if Toolchain::find(language).is_some() {
            println!("{language:?}: there is a toolchain");
            continue;
        }
        let folder = language
            .folder()
            .ok_or_else(|| "there is neither XDG_CACHE_HOME nor HOME".to_owned())?;
        println!("{language:?}: into {}", folder.display());
        run_script(language.script(), &folder)?;
        if Toolchain::find(language).is_none() {
            return Err(format!("{language:?}: what was set up does not run"));
        }
    }
    faketime::fetch()?;
    ktlint::fetch()
}

fn run_script(script: &str, folder: &Path) -> Result<(), String> {
    let status = Command::new("bash").arg(script).arg(folder).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{script} ended with {status}")),
        Err(error) => Err(format!("bash could not be run: {error}")),
    }
}
