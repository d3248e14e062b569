//! The walls between the rooms, which no compiler knows: which module imports which, and which file writes which table.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate, from the ground up: each imports only what is before it.
const ORDER: [&str; 25] = [
    "error",
    "defects",
    "shape",
    "config",
    "entropy",
    "actor",
    "store",
    "tx",
    "access",
    "audit",
    "log",
    "files",
    "push",
    "accounts",
    "conversations",
    "messages",
    "rooms",
    "capabilities",
    "route",
    "operations",
    "account_deletion",
    "overview",
    "service",
    "edge",
    "backend",
];

const ROOMS: [&str; 7] = [
    "audit",
    "log",
    "files",
    "push",
    "accounts",
    "conversations",
    "messages",
];

/// A file of the crate, without its tests.
struct Source {
    /// Below `src`, such as `accounts/mod.rs`.
    path: PathBuf,
    text: String,
}

impl Source {
    /// The module of the crate that it belongs to.
    fn module(&self) -> String {
        let first = self.path.components().next().unwrap();
        let name = first.as_os_str().to_string_lossy();
        name.trim_end_matches(".rs").to_owned()
    }

    /// What follows `prefix` in paths, where one of several in braces counts as well.
    fn imports(&self, prefix: &str) -> BTreeSet<String> {
        let word = |text: &str| -> String {
            let is_part = |letter: &char| letter.is_alphanumeric() || *letter == '_';
            text.trim_start().chars().take_while(is_part).collect()
        };
        let mut found = BTreeSet::new();
        for (at, _) in self.text.match_indices(prefix) {
            let rest = &self.text[at + prefix.len()..];
            match rest.strip_prefix('{') {
                Some(inside) => found.extend(outermost(inside).iter().map(|item| word(item))),
                None => {
                    found.insert(word(rest));
                }
            }
        }
        found
    }
}

/// The items of a group in braces, up to its end.
fn outermost(text: &str) -> Vec<String> {
    let (mut depth, mut items) = (0, vec![String::new()]);
    for letter in text.chars() {
        match letter {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match letter {
            ',' if depth == 0 => items.push(String::new()),
            _ => items.last_mut().unwrap().push(letter),
        }
    }
    items
}

fn sources() -> Vec<Source> {
    fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                collect(root, &path, found);
            } else if name.ends_with(".rs")
                && !folder.ends_with("tests")
                && name != "tests.rs"
                && name != "testing.rs"
            {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                found.push(Source {
                    path: path.strip_prefix(root).unwrap().to_owned(),
                    text: text.to_owned(),
                });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.retain(|source| source.path != Path::new("lib.rs"));
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

#[test]
fn nothing_imports_upward_and_rooms_do_not_import_each_other() {
    let mut complaints = Vec::new();
    for source in sources() {
        let module = source.module();
        let place = |name: &str| ORDER.iter().position(|there| *there == name);
        let Some(own) = place(&module) else {
            complaints.push(format!("{module} has no place in the order"));
            continue;
        };
        for import in source.imports("crate::") {
            if import == module {
                continue;
            }
            let path = source.path.display();
            let is_room = |name: &str| ROOMS.contains(&name);
            if place(&import).is_none_or(|there| there > own) {
                complaints.push(format!("{path} imports {import}, which is above it"));
            } else if is_room(&module) && is_room(&import) {
                complaints.push(format!("{path} imports the room {import}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn files_beside_each_other_make_no_circle() {
    let sources = sources();
    for (folder, full) in [
        ("store", "crate::store::"),
        ("edge", "crate::edge::"),
        ("edge/http", "crate::edge::http::"),
        ("conversations", "crate::conversations::"),
        ("messages", "crate::messages::"),
    ] {
        let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for source in &sources {
            let Ok(below) = source.path.strip_prefix(folder) else {
                continue;
            };
            let mut parts = below.components();
            let name = parts.next().unwrap().as_os_str().to_string_lossy();
            let name = name.trim_end_matches(".rs").to_owned();
            let deeper = parts.next().map(|part| part.as_os_str().to_owned());
            let found = imports.entry(name).or_default();
            // In a file of a module that has several, `super` is that module.
            if deeper.is_none_or(|file| file == "mod.rs") {
                found.extend(source.imports("super::"));
            }
            found.extend(source.imports(full));
        }
        // The files that import none of those that are left go first, until none is left.
        while !imports.is_empty() {
            let names: BTreeSet<String> = imports.keys().cloned().collect();
            let free = |(name, found): &(&String, &BTreeSet<String>)| {
                !found
                    .iter()
                    .any(|import| import != *name && names.contains(import))
            };
            let first = imports.iter().find(free).map(|(name, _)| name.clone());
            let first =
                first.unwrap_or_else(|| panic!("in {folder} there is a circle of {imports:?}"));
            imports.remove(&first);
        }
    }
}

#[test]
fn each_table_is_written_by_its_owner_alone() {
    let sources = sources();
    let mut owners = BTreeMap::new();
    for source in &sources {
        if source.path.starts_with("store") && source.path.ends_with("write.rs") {
            let table = source.path.iter().nth(1).unwrap().to_string_lossy();
            let owner = source.text.split('`').nth(1).unwrap().to_owned();
            assert!(ORDER.contains(&owner.as_str()), "{owner}");
            owners.insert(table.into_owned(), owner);
        }
    }
    assert!(owners.len() > 10);
    let mut complaints = Vec::new();
    for source in &sources {
        let module = source.module();
        for (table, owner) in &owners {
            // `use crate::store::log::{self, write};`, `use crate::store::log::write;`, and so on.
            let prefix = format!("crate::store::{table}::");
            let writes = source.imports(&prefix).contains("write");
            let directly = source.text.contains(&format!("{table}::write::"));
            let path = source.path.display();
            if (writes || directly) && module != *owner && module != "store" {
                complaints.push(format!("{path} writes {table}, which is {owner}'s"));
            }
            if module == "store" && directly {
                complaints.push(format!("{path} writes {table} by itself"));
            }
        }
        let inside_store = source.path.starts_with("store");
        if !inside_store && source.text.contains("use crate::store::{") {
            // Groups of tables are for reading.
            for group in source.text.split("use crate::store::{").skip(1) {
                let group = outermost(group).join(",");
                let word = |word: &str| word == "write";
                let writes = group.split(|c: char| !c.is_alphanumeric()).any(word);
                assert!(!writes, "{}: {group}", source.path.display());
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_transaction_has_no_methods_but_its_own() {
    for source in sources() {
        for (what, homes) in [
            ("impl Tx<", &["tx.rs"][..]),
            ("impl Database ", &["tx.rs"]),
            ("impl Rooms ", &["rooms.rs", "route/mod.rs"]),
            ("impl Service ", &["service.rs"]),
            ("impl Sockets ", &["edge/sockets.rs"]),
        ] {
            let home = homes.iter().any(|home| source.path == Path::new(home));
            let path = source.path.display();
            assert!(home || !source.text.contains(what), "{path}: {what}");
        }
    }
}
