//! A program whose manifest says `test = false` is not compiled a second time as tests. A test in it would never
//! run, so there must be none.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn check() -> Result<(), String> {
    let mut programs = 0;
    for member in members(&read(Path::new("Cargo.toml"))?) {
        let folder = PathBuf::from(member);
        for root in without_harness(&read(&folder.join("Cargo.toml"))?) {
            programs += 1;
            let root = folder.join(root);
            let beside = root.parent().unwrap_or(&folder).to_owned();
            no_tests(&root, &beside)?;
        }
    }
    println!("{programs} programs have no harness, and no tests");
    Ok(())
}

/// The folders of the workspace.
fn members(manifest: &str) -> Vec<&str> {
    let list = manifest.split_once("members = [").map(|(_, rest)| rest);
    let list = list
        .and_then(|rest| rest.split_once(']'))
        .map(|(list, _)| list);
    list.unwrap_or_default()
        .split(',')
        .map(|member| member.trim().trim_matches('"'))
        .filter(|member| !member.is_empty())
        .collect()
}

/// The files with which targets begin that say `test = false`.
fn without_harness(manifest: &str) -> Vec<&str> {
    manifest
        .split("\n[")
        .filter(|section| section.lines().any(|line| line == "test = false"))
        .filter_map(|section| {
            section
                .lines()
                .find_map(|line| line.strip_prefix("path = "))
        })
        .map(|path| path.trim_matches('"'))
        .collect()
}

/// Fails where a file, or a module of it that is in a file of its own, has tests.
fn no_tests(file: &Path, beside: &Path) -> Result<(), String> {
    let text = read(file)?;
    if has_tests(&text) {
        return Err(format!(
            "{} has tests, which nothing runs: its manifest says `test = false`",
            file.display()
        ));
    }
    for module in modules(&text) {
        let folder = beside.join(module);
        let file = beside.join(format!("{module}.rs"));
        let file = if file.exists() {
            file
        } else {
            folder.join("mod.rs")
        };
        no_tests(&file, &folder)?;
    }
    Ok(())
}

fn has_tests(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        line.starts_with("#[test]")
            || line.starts_with("#[cfg(test)]")
            || line.starts_with("#[tokio::test")
    })
}

fn modules(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    })
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_targets_are_found_in_manifests() {
        assert_eq!(
            members("members = [\n    \"a\",\n    \"b/c\",\n]\n"),
            ["a", "b/c"]
        );
        let manifest = "[package]\nname = \"x\"\n\n[[bin]]\nname = \"y\"\npath = \"src/y.rs\"\ntest = false\n\n\
                        [[bin]]\nname = \"z\"\npath = \"src/z.rs\"\n";
        assert_eq!(without_harness(manifest), ["src/y.rs"]);
    }

    #[test]
    fn tests_and_modules_are_seen() {
        assert!(has_tests("fn a() {}\n    #[test]\n    fn b() {}\n"));
        assert!(has_tests("#[tokio::test(flavor = \"multi_thread\")]\n"));
        assert!(!has_tests("// Like #[test], but not one.\n"));
        let found: Vec<&str> = modules("mod a;\npub mod b;\nmod c {\n}\n").collect();
        assert_eq!(found, ["a", "b"]);
    }
}
