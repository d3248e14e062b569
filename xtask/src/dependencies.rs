//! Licences, sources, bans and duplicates of what comes in, by cargo-deny; advisories when their database can be
//! had.

use std::process::Command;

use crate::run::cargo;

/// The version of cargo-deny that CI uses.
const DENY_VERSION: &str = "0.20.2";

pub(crate) fn check() -> Result<(), String> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        // It runs for seconds, and would be compiled for minutes.
        let words = ["install", "--debug", "--locked", "cargo-deny"];
        let version = ["--version", DENY_VERSION];
        cargo(
            &[&words[..], &version].concat(),
            &[("CARGO_PROFILE_DEV_DEBUG", "0")],
        )?;
    }
    cargo(&["deny", "check", "bans", "licenses", "sources"], &[])?;
    if cargo(&["deny", "fetch", "db"], &[]).is_err() {
        println!("The advisory database cannot be reached from here: advisories NOT checked.");
        return Ok(());
    }
    cargo(&["deny", "check", "advisories"], &[])
}
