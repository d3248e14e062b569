//! How much room builds take.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::Path;

/// Where builds are, beside the folders of `target` itself.
const OTHERS: [&str; 6] = [
    "bindings/kotlin/fulmar/target",
    "bindings/kotlin/android/target",
    "bindings/swift/.build",
    "examples/kotlin/target",
    "examples/swift/Chat/.build",
    "fuzz/target",
];
/// What is smaller is not worth a line.
const SMALL: u64 = 10 << 20;

/// Each folder of builds with its bytes, and all of them together.
pub(crate) fn of_builds() -> Vec<(String, u64)> {
    let mut folders: Vec<String> = fs::read_dir("target")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect();
    folders.sort();
    folders.extend(OTHERS.map(str::to_owned));
    let mut seen = BTreeSet::new();
    let mut sizes: Vec<(String, u64)> = folders
        .into_iter()
        .map(|folder| {
            let bytes = size(Path::new(&folder), &mut seen);
            (folder, bytes)
        })
        .collect();
    let all = sizes.iter().map(|(_, bytes)| bytes).sum();
    sizes.retain(|(_, bytes)| *bytes >= SMALL);
    sizes.push(("in all".to_owned(), all));
    sizes
}

/// The bytes of a file or a folder. A file with several names, as Cargo makes them, counts once.
fn size(path: &Path, seen: &mut BTreeSet<(u64, u64)>) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if metadata.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        return entries.map(|entry| size(&entry.path(), seen)).sum();
    }
    match identity(&metadata) {
        Some(identity) if !seen.insert(identity) => 0,
        Some(_) | None => metadata.len(),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}
