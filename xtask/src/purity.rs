//! The pure crates must not be able to name a runtime, a socket or a web framework; what ships to
//! phones must not be able to name what exists for tests; and the judge not what it judges.

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

/// What else must stay apart.
const APART: [(&str, &[&str]); 2] = [
    (
        "fulmar-ffi",
        &[
            "fulmar-mock-server",
            "fulmar-backend",
            "fulmar-simulation",
            "proptest",
        ],
    ),
    ("fulmar-conformance", &["fulmar-protocol"]),
];

pub(crate) fn check() -> Result<(), String> {
    for package in PURE {
        let crates = no_dependency(package, &FORBIDDEN)?;
        println!("{package}: pure ({crates} crates)");
    }
    for (package, others) in APART {
        no_dependency(package, others)?;
        println!("{package}: apart from {}", others.join(", "));
    }
    Ok(())
}

/// Fails when a package depends on one of these, directly or not; gives how many crates it has.
fn no_dependency(package: &str, forbidden: &[&str]) -> Result<usize, String> {
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
    if !names.contains(&"thiserror") {
        return Err(format!("the tree of {package} could not be read"));
    }
    match names.iter().find(|name| forbidden.contains(name)) {
        Some(name) => Err(format!("{package} must not depend on {name}")),
        None => Ok(names.len()),
    }
}
