//! Every crate has one set of features in this workspace, with tests and without. Where the sets differ, that
//! crate and all above it are compiled twice. And what exists for tests is not turned on in what ships.

use std::collections::BTreeSet;
use std::process::Command;

/// What ships, and features of crates below it that it must not turn on.
const OFF: [(&str, &str, &str); 3] = [
    ("fulmar", "fulmar-engine", "defects"),
    ("fulmar-ffi", "fulmar-engine", "defects"),
    ("fulmar-mock-server", "fulmar-backend", "defects"),
];

pub(crate) fn check() -> Result<(), String> {
    let with_tests = tree(&["--workspace", "--edges", "normal,build,dev"])?;
    let without = tree(&["--workspace", "--edges", "normal,build"])?;
    let differing = differing(&without, &with_tests);
    if !differing.is_empty() {
        return Err(format!(
            "compiled twice, because tests turn on features that nothing else does: {}; name what turns them \
             on among the dependencies in tests/Cargo.toml",
            differing.join(", ")
        ));
    }
    println!(
        "{} crates have the same features with tests and without",
        without.len()
    );
    for (package, below, feature) in OFF {
        let shipped = tree(&["--package", package, "--edges", "normal,build"])?;
        if !is_off(&shipped, below, feature)? {
            return Err(format!("{package} turns on {feature} of {below}"));
        }
        println!("{package}: {feature} of {below} is off");
    }
    Ok(())
}

/// What is in one tree and not in the other: crates with their versions and features.
fn differing(tree: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    tree.difference(other).cloned().collect()
}

/// Whether a crate of the tree is there without this feature.
fn is_off(tree: &BTreeSet<String>, below: &str, feature: &str) -> Result<bool, String> {
    let features = tree
        .iter()
        .filter_map(|line| line.split_once(" | "))
        .find(|(name, _)| name.split_whitespace().next() == Some(below))
        .map(|(_, features)| features)
        .ok_or_else(|| format!("there is no {below} in the tree"))?;
    Ok(!features.split(',').any(|each| each == feature))
}

/// Each crate with its version and its features.
fn tree(selection: &[&str]) -> Result<BTreeSet<String>, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p} | {f}"])
        .args(selection)
        .output()
        .map_err(|error| format!("cargo tree could not be run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter(|line| line.contains(" | "))
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_of(lines: &[&str]) -> BTreeSet<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_crate_with_other_features_differs_and_one_that_only_tests_use_does_not() {
        let with_tests = tree_of(&["idna v1 | default,std", "proptest v1 | std"]);
        let without = tree_of(&["idna v1 | std"]);
        assert_eq!(differing(&without, &with_tests), ["idna v1 | std"]);
        assert!(differing(&with_tests, &with_tests).is_empty());
    }

    #[test]
    fn a_feature_that_is_on_is_seen_and_a_missing_crate_is_an_error() {
        let on = tree_of(&["fulmar-engine v0.1.0 (/x) | defects"]);
        let off = tree_of(&["fulmar-engine v0.1.0 (/x) | "]);
        assert_eq!(is_off(&on, "fulmar-engine", "defects"), Ok(false));
        assert_eq!(is_off(&off, "fulmar-engine", "defects"), Ok(true));
        assert!(is_off(&off, "fulmar", "defects").is_err());
    }
}
