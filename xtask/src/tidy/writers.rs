//! Functions that write rows stand in modules named `write`, and each of these has its rooms: the data file
//! says which, and nobody else names it.

use std::collections::{BTreeMap, BTreeSet};

use super::floors::within;
use super::imports::Import;
use super::modules::Modules;
use super::ratchet::Places;
use super::source::Source;

/// Rooms by the module whose functions they may call.
pub(super) type Writers = BTreeMap<String, Vec<String>>;

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) foreign: Places,
    pub(super) complaints: Vec<String>,
}

pub(super) fn judge(
    sources: &[Source],
    modules: &Modules,
    imports: &[Import],
    writers: &Writers,
) -> Found {
    let mut found = Found::default();
    let mut unlisted = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for import in imports {
        let to = &modules.get(import.to).path;
        if to.last().is_none_or(|last| last != "write") {
            continue;
        }
        let path = to.join("::");
        let Some(rooms) = writers.get(&path) else {
            unlisted.insert(path);
            continue;
        };
        let from = modules.get(import.from);
        let name = from.path.join("::");
        // The rest of the same rows module reads and writes as one.
        let beside = to[..to.len() - 1].join("::");
        let allowed = within(&name, &beside) || rooms.iter().any(|room| within(&name, room));
        if !allowed && seen.insert((from.file, import.to)) {
            let file = &sources[from.file].path;
            found
                .foreign
                .push(format!("{file}:{}: names {path}", import.line));
        }
    }
    found.complaints.extend(
        unlisted
            .into_iter()
            .map(|path| format!("{path}: say in [writers] which rooms may name it")),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::super::imports::imports;
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn only_the_owner_names_what_writes() {
        let found = judged(&[("store::lane::write", "outbox")]);
        assert_eq!(found.foreign, ["sync.rs:2: names store::lane::write"]);
        assert!(found.complaints.is_empty());
    }

    #[test]
    fn a_module_that_writes_has_to_be_listed() {
        let found = judged(&[]);
        assert_eq!(
            found.complaints,
            ["store::lane::write: say in [writers] which rooms may name it"]
        );
    }

    fn judged(writers: &[(&str, &str)]) -> Found {
        let sources = of_texts(&[
            ("lib.rs", "mod store; mod outbox; mod sync;"),
            ("store/mod.rs", "pub mod lane;"),
            ("store/lane/mod.rs", "pub mod write; use write::add;"),
            ("store/lane/write.rs", "pub fn add() {}"),
            ("outbox/mod.rs", "mod send;"),
            ("outbox/send.rs", "use crate::store::lane::write;"),
            (
                "sync.rs",
                "use crate::store::lane;\nfn f() { lane::write::add(); }",
            ),
        ]);
        let modules = Modules::of(&sources);
        let imports = imports(&sources, &modules);
        let writer =
            |(module, room): &(&str, &str)| ((*module).to_owned(), vec![(*room).to_owned()]);
        let writers = writers.iter().map(writer).collect();
        judge(&sources, &modules, &imports, &writers)
    }
}
