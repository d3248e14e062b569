//! Python with packages from PyPI, in the cache folder of the user. It never touches the packages of the system.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;
use crate::toolchains::cache;

/// Some packages, each of one version.
pub(crate) struct Packages(pub(crate) &'static [(&'static str, &'static str)]);

impl Packages {
    /// The folder of a Python that has them; they are got when they are not here yet.
    pub(crate) fn get(&self) -> Result<PathBuf, String> {
        let folder = self.folder()?;
        let marker = folder.join("complete");
        if !(marker.exists() && works(&folder)) {
            self.install(&folder)?;
            std::fs::write(&marker, "")
                .map_err(|error| format!("{}: {error}", marker.display()))?;
        }
        Ok(folder)
    }

    fn folder(&self) -> Result<PathBuf, String> {
        let cache = cache().ok_or("there is neither XDG_CACHE_HOME nor HOME")?;
        let names: Vec<String> = self
            .0
            .iter()
            .map(|(name, version)| format!("{name}-{version}"))
            .collect();
        Ok(cache.join(names.join("-")))
    }

    fn install(&self, folder: &Path) -> Result<(), String> {
        let packages = self.0.iter();
        println!("Python packages: into {}", folder.display());
        run::program(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(folder),
        )?;
        run::program(
            Command::new(folder.join("bin/pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(packages.map(|(name, version)| format!("{name}=={version}"))),
        )
    }
}

/// A Python that went away with an update of the system leaves its folder behind.
fn works(folder: &Path) -> bool {
    Command::new(folder.join("bin/python"))
        .arg("--version")
        .output()
        .is_ok_and(|said| said.status.success())
}
