//! What a file may have in it: SQL only in `store/`, sockets only in `transport/`, the mock server and its
//! judge; and that it stays one idea.

use std::fs;
use std::path::{Path, PathBuf};

/// A file longer than this has a reason, in the list below.
const LINES: usize = 400;
/// Longer files, the most lines that each may have, and why it is one idea. A ratchet: only down.
const LONGER: &[(&str, usize, &str)] = &[];

/// Words that begin an SQL statement, as nothing else in this code base does.
const SQL: [&str; 5] = [
    "\"SELECT ",
    "\"INSERT ",
    "\"UPDATE ",
    "\"DELETE ",
    "\"CREATE TABLE",
];
/// Crates that open sockets.
const SOCKETS: [&str; 4] = [
    "reqwest::",
    "tokio_tungstenite::",
    "TcpStream",
    "TcpListener",
];
/// Names of files where everything and nothing belongs.
const VAGUE: [&str; 4] = ["utils", "helpers", "manager", "misc"];

/// Where Rust is.
const ROOTS: [&str; 7] = [
    "protocol",
    "sdk-ffi",
    "sdk-core",
    "mock-server",
    "examples",
    "tests",
    "xtask",
];

pub(super) fn judge(complaints: &mut Vec<String>) -> Result<(), String> {
    let mut files = Vec::new();
    for root in ROOTS {
        collect(Path::new(root), &mut files).map_err(|error| format!("{root}: {error}"))?;
    }
    files.sort();
    for file in &files {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        complain(file, &text, complaints);
    }
    println!("{} files looked at", files.len());
    Ok(())
}

/// What of its documentation says whether a method needs the network.
const NETWORK: [&str; 4] = ["network", "offline", "the device only", "the disk only"];

/// Every public method that can wait says for what.
fn says_where_it_goes(name: &str, text: &str, complaints: &mut Vec<String>) {
    let mut documentation = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            documentation += words;
            continue;
        }
        if let Some(method) = line.strip_prefix("pub async fn ")
            && !NETWORK
                .iter()
                .any(|word| documentation.to_lowercase().contains(word))
        {
            let method = method.split(['(', '<']).next().unwrap_or(method);
            complaints.push(format!(
                "{name}: {method} does not say whether it needs the network"
            ));
        }
        if !line.starts_with('#') {
            documentation.clear();
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn complain(file: &Path, text: &str, complaints: &mut Vec<String>) {
    let name = file.to_string_lossy().replace('\\', "/");
    let lines = text.lines().count();
    let allowed = LONGER
        .iter()
        .find(|(longer, ..)| *longer == name)
        .map_or(LINES, |(_, lines, _)| *lines);
    if lines > allowed {
        complaints.push(format!(
            "{name}: {lines} lines, at most {allowed}: is it two ideas?"
        ));
    }
    if VAGUE
        .iter()
        .any(|vague| name.ends_with(&format!("/{vague}.rs")))
    {
        complaints.push(format!("{name}: a name that says nothing"));
    }
    // What only measures or tests may look below the surface; this file names what it forbids.
    let inside = name.starts_with("sdk-core/") || name.starts_with("mock-server/");
    let tests = name.contains("/tests/") || name.ends_with("tests.rs");
    if !inside || tests {
        return;
    }
    let sql_place = name.contains("/store/");
    // Unit tests fill a store by hand.
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    if !sql_place && let Some(word) = SQL.iter().find(|word| code.contains(**word)) {
        complaints.push(format!("{name}: SQL outside store/ ({word})"));
    }
    let socket_place = [
        "/transport/",
        "mock-server/src/",
        "mock-server/conformance/",
    ]
    .iter()
    .any(|place| name.contains(place));
    if !socket_place && let Some(word) = SOCKETS.iter().find(|word| text.contains(**word)) {
        complaints.push(format!("{name}: a socket outside transport/ ({word})"));
    }
    if name.starts_with("sdk-core/src/client/") {
        says_where_it_goes(&name, text, complaints);
    }
    if !text.starts_with("//!") {
        complaints.push(format!("{name}: begins without saying what it is for"));
    }
}
