//! libfaketime, which tells a process another time: the system's own, or what `cargo xtask setup` got. Nothing needs
//! it; where it is missing, clocks are right.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchains::cache;

const SCRIPT: &str = "xtask/setup/faketime.sh";
const LIBRARY: &str = "faketime/libfaketime.so.1";

/// The library, where it is here.
pub(crate) fn library() -> Option<PathBuf> {
    let machine = std::env::consts::ARCH;
    let of_system = PathBuf::from(format!("/usr/lib/{machine}-linux-gnu")).join(LIBRARY);
    let set_up = cache().map(|cache| cache.join(LIBRARY));
    [Some(of_system), set_up]
        .into_iter()
        .flatten()
        .find(|path| path.exists())
}

/// Gets it where it is missing and can be had. That it cannot is no failure.
pub(crate) fn fetch() -> Result<(), String> {
    if library().is_some() {
        println!("libfaketime: it is here");
        return Ok(());
    }
    let library = cache().map(|cache| cache.join(LIBRARY));
    let library = library.ok_or_else(|| "there is neither XDG_CACHE_HOME nor HOME".to_owned())?;
    let folder = library.parent().unwrap_or(Path::new("."));
    println!("libfaketime: into {}", folder.display());
    let status = Command::new("bash").arg(SCRIPT).arg(folder).status();
    if !status.is_ok_and(|status| status.success()) {
        println!("SKIPPED: libfaketime; `cargo xtask chaos` does without wrong clocks");
    }
    Ok(())
}
