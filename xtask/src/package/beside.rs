//! The library as apps get it, built while other steps run: most of that is one core's work, and so is most of theirs.
//! It must be waited for before a step that measures something.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::rc::Rc;

use super::{PROFILE, library_of_kind};
use crate::run::cargo_command;

/// A build that was begun, or none.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    cargo: Rc<RefCell<Option<Child>>>,
    /// What Cargo says meanwhile.
    said: PathBuf,
}

impl Beside {
    pub(crate) fn new() -> Self {
        Self::saying(Path::new("target/package/library.log"))
    }

    fn saying(said: &Path) -> Self {
        Self {
            cargo: Rc::default(),
            said: said.to_owned(),
        }
    }

    /// Begins the build.
    pub(crate) fn begin(&self) -> Result<(), String> {
        self.begin_cargo(&library_of_kind("cdylib"))
    }

    fn begin_cargo(&self, words: &[&str]) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.said.display());
        if let Some(folder) = self.said.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let said = File::create(&self.said).map_err(failed)?;
        let mut cargo = cargo_command(words, &[]);
        cargo.stdout(said.try_clone().map_err(failed)?).stderr(said);
        let child = cargo.spawn();
        let child = child.map_err(|error| format!("cargo could not be run: {error}"))?;
        *self.cargo.borrow_mut() = Some(child);
        Ok(())
    }

    /// Waits until it is done, and prints what Cargo said. Without one that was begun there is nothing to wait for.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let Some(mut child) = self.cargo.borrow_mut().take() else {
            return Ok(());
        };
        let status = child.wait().map_err(|error| error.to_string())?;
        print!("{}", fs::read_to_string(&self.said).unwrap_or_default());
        match status.success() {
            true => Ok(()),
            false => Err(format!(
                "the build with profile {PROFILE} ended with {status}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_beside_other_steps_fails_where_it_is_waited_for() {
        let said = std::env::temp_dir().join(format!("fulmar-beside-{}", std::process::id()));
        let beside = Beside::saying(&said);
        assert_eq!(beside.finish(), Ok(()));
        beside.begin_cargo(&["--version"]).unwrap();
        assert_eq!(beside.finish(), Ok(()));
        assert!(fs::read_to_string(&said).unwrap().starts_with("cargo"));
        beside.begin_cargo(&["no-such-command"]).unwrap();
        let failed = beside.finish().unwrap_err();
        assert!(failed.contains("exit status: 101"), "{failed}");
        fs::remove_file(said).unwrap();
    }
}
