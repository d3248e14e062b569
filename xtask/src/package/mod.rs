//! What is handed to app teams: an AAR and an XCFramework. Where this machine lacks something for a part,
//! that part is named; what can be made is made, and looked into.

pub(crate) mod android;
pub(crate) mod apple;
mod beside;

use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) use beside::Beside;

use crate::run::cargo;

/// The profile of `Cargo.toml` for what goes into apps.
const PROFILE: &str = "mobile";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What could not be made, and what it would take.
type Missing = Vec<String>;

/// Builds the library of this machine as apps get it, and says how large it is.
fn host_library() -> Result<(), String> {
    cargo(&library_of_kind("cdylib"), &[])?;
    let library = Path::new("target").join(PROFILE).join(format!(
        "{}fulmar_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    println!("{}: {}", library.display(), size(&library)?);
    Ok(())
}

/// Words for Cargo that build the library as apps get it, of one kind: with LTO each kind is compiled anew.
/// Alone, because what ships has the features that it asks for, and none of a test's.
fn library_of_kind(kind: &str) -> [&str; 9] {
    let package = "fulmar-ffi";
    [
        "rustc",
        "--locked",
        "--profile",
        PROFILE,
        "--package",
        package,
        "--lib",
        "--crate-type",
        kind,
    ]
}

fn size(path: &Path) -> Result<String, String> {
    let bytes = fs::metadata(path)
        .map_err(|error| format!("{}: {error}", path.display()))?
        .len();
    Ok(format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20)))
}

/// An empty folder.
fn fresh(folder: &Path) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// The targets that rustup has.
fn has_target(target: &str) -> bool {
    let said = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    said.is_ok_and(|said| {
        String::from_utf8_lossy(&said.stdout)
            .lines()
            .any(|line| line == target)
    })
}

/// Says what is missing, at the end, where it is seen.
fn report(what: &Path, missing: &Missing) {
    if missing.is_empty() {
        println!("{}: complete", what.display());
        return;
    }
    println!("{}: NOT COMPLETE", what.display());
    for each in missing {
        println!("  {each}");
    }
}
