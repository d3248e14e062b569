//! The pure crates must not be able to name a runtime, a socket or a web framework.

use std::process::Command;

/// The crates that have neither sockets nor a clock.
const PURE: [&str; 4] = [
    "fulmar-protocol",
    "fulmar-engine",
    "fulmar-backend",
    "fulmar-simulation",
];
/// What they must not depend on, directly or indirectly.
const FORBIDDEN: [&str; 8] = [
    "tokio",
    "tokio-tungstenite",
    "tungstenite",
    "reqwest",
    "hyper",
    "axum",
    "mio",
    "async-std",
];

pub(crate) fn check() -> Result<(), String> {
    for package in PURE {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args([
                "tree",
                "--locked",
                "--edges",
                "normal,build",
                "--prefix",
                "none",
            ])
            .args(["--format", "{p}", "--package", package])
            .output()
            .map_err(|error| format!("cargo tree could not be run: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let tree = String::from_utf8_lossy(&output.stdout);
        let names: Vec<&str> = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        if !names.contains(&"serde") {
            return Err(format!("the tree of {package} could not be read"));
        }
        if let Some(name) = names.iter().find(|name| FORBIDDEN.contains(name)) {
            return Err(format!("{package} depends on {name}; it must stay pure"));
        }
        println!("{package}: pure ({} crates)", names.len());
    }
    Ok(())
}
