//! Which room lies above which: nobody imports upward, rooms that keep apart do not import each other, and
//! files do not need each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::imports::Import;
use super::modules::{ModuleId, Modules};
use super::ratchet::Places;
use super::source::Source;

/// Rooms at one height.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Floor {
    /// Paths of modules; what is inside of them stands on the same floor, unless it is named itself.
    rooms: Vec<String>,
    /// Whether these rooms must not import each other.
    #[serde(default)]
    apart: bool,
}

/// What `lib.rs` itself declares.
const ROOT: &str = "lib";

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) upward: Places,
    pub(super) sideways: Places,
    /// One entry for each file that is part of a circle.
    pub(super) in_circles: Places,
    pub(super) circles: usize,
    /// Modules without a floor.
    pub(super) unplaced: Vec<String>,
}

pub(super) fn judge(
    sources: &[Source],
    modules: &Modules,
    imports: &[Import],
    floors: &[Floor],
) -> Found {
    let mut found = Found::default();
    let mut standing = BTreeMap::new();
    for (id, module) in modules.all().iter().enumerate() {
        match room_of(&module.path, floors) {
            Some(room) => {
                standing.insert(id, room);
            }
            None => found.unplaced.push(name(&module.path)),
        }
    }
    // One file that imports another counts once, however often it names it.
    let mut seen = BTreeSet::new();
    for import in imports {
        let files = (modules.get(import.from).file, modules.get(import.to).file);
        let (Some(from), Some(to)) = (standing.get(&import.from), standing.get(&import.to)) else {
            continue;
        };
        if files.0 == files.1 || !seen.insert(files) {
            continue;
        }
        let place = || {
            let from = &sources[files.0].path;
            format!(
                "{from}:{}: imports {}",
                import.line,
                name(&modules.get(import.to).path)
            )
        };
        if to.floor > from.floor {
            found.upward.push(place());
        } else if to.floor == from.floor && to.room != from.room && floors[to.floor].apart {
            found.sideways.push(place());
        }
    }
    circles(sources, modules, imports, &mut found);
    found
}

fn name(path: &[String]) -> String {
    if path.is_empty() {
        return ROOT.to_owned();
    }
    path.join("::")
}

struct Standing<'a> {
    floor: usize,
    room: &'a str,
}

/// The room with the longest name that the module is in.
fn room_of<'a>(path: &[String], floors: &'a [Floor]) -> Option<Standing<'a>> {
    let path = name(path);
    let rooms = floors.iter().enumerate().flat_map(|(floor, each)| {
        each.rooms.iter().map(move |room| Standing {
            floor,
            room: room.as_str(),
        })
    });
    rooms
        .filter(|standing| within(&path, standing.room))
        .max_by_key(|standing| standing.room.len())
}

/// Whether a module is this one or inside of it.
pub(super) fn within(path: &str, room: &str) -> bool {
    path.strip_prefix(room)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Files that reach each other.
fn circles(sources: &[Source], modules: &Modules, imports: &[Import], found: &mut Found) {
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); sources.len()];
    let file = |id: ModuleId| modules.get(id).file;
    for import in imports {
        needs[file(import.from)].insert(file(import.to));
    }
    let reach: Vec<BTreeSet<usize>> = (0..sources.len())
        .map(|from| reachable(from, &needs))
        .collect();
    let mut done = BTreeSet::new();
    for from in 0..sources.len() {
        let circle: Vec<usize> = reach[from]
            .iter()
            .copied()
            .filter(|to| *to != from && reach[*to].contains(&from))
            .collect();
        if circle.is_empty() || done.contains(&from) {
            continue;
        }
        found.circles += 1;
        done.insert(from);
        done.extend(&circle);
        for each in [vec![from], circle].concat() {
            let place = format!("{}: in circle {}", sources[each].path, found.circles);
            found.in_circles.push(place);
        }
    }
}

fn reachable(from: usize, needs: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<usize> = needs[from].iter().copied().collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(&needs[next]);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::imports::imports;
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn imports_downward_and_within_a_room_are_fine() {
        let found = judged(&[
            ("lib.rs", "mod time; mod store; mod outbox; use outbox::O;"),
            ("time.rs", "pub struct T;"),
            ("store.rs", "use crate::time::T;"),
            ("outbox/mod.rs", "mod lane; pub struct O;"),
            ("outbox/lane.rs", "use super::O; use crate::store::find;"),
        ]);
        assert!(found.upward.is_empty() && found.sideways.is_empty());
        assert_eq!((found.circles, found.unplaced.len()), (0, 0));
    }

    #[test]
    fn an_import_upward_counts_once_per_pair_of_files() {
        let found = judged(&[
            ("lib.rs", "mod time; mod store; pub struct Root;"),
            (
                "time.rs",
                "use crate::store::One; use crate::store::Two; use crate::Root;",
            ),
            ("store.rs", "pub struct One; pub struct Two;"),
        ]);
        assert_eq!(
            found.upward,
            ["time.rs:1: imports lib", "time.rs:1: imports store"]
        );
    }

    #[test]
    fn a_part_of_a_room_may_stand_elsewhere() {
        let found = judged(&[
            ("lib.rs", "mod outbox;"),
            ("outbox/mod.rs", "mod table; use table::State;"),
            ("outbox/table.rs", "pub enum State {}"),
        ]);
        assert_eq!(found.upward, ["outbox/mod.rs:1: imports outbox::table"]);
    }

    #[test]
    fn rooms_that_keep_apart_do_not_import_each_other() {
        let found = judged(&[
            ("lib.rs", "mod link; mod outbox;"),
            ("link.rs", "use crate::outbox::O;"),
            ("outbox.rs", "pub struct O;"),
        ]);
        assert_eq!(found.sideways, ["link.rs:1: imports outbox"]);
    }

    #[test]
    fn circles_are_found_whole_and_re_exports_make_none() {
        let found = judged(&[
            ("lib.rs", "mod time; mod store; mod link; mod outbox;"),
            ("time.rs", "use crate::store::find;"),
            ("store.rs", "use crate::link::L; pub fn find() {}"),
            ("link.rs", "use crate::time::T; pub struct L;"),
            ("outbox/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("outbox/a.rs", "use super::B; pub struct A;"),
            ("outbox/b.rs", "pub struct B;"),
        ]);
        assert_eq!(found.circles, 1);
        let files: Vec<&str> = found
            .in_circles
            .iter()
            .filter_map(|place| place.split(':').next())
            .collect();
        assert_eq!(files, ["link.rs", "store.rs", "time.rs"]);
    }

    #[test]
    fn a_module_without_a_floor_is_named() {
        let found = judged(&[("lib.rs", "mod cellar;"), ("cellar.rs", "")]);
        assert_eq!(found.unplaced, ["cellar"]);
    }

    fn floors() -> Vec<Floor> {
        let floor = |rooms: &[&str], apart| Floor {
            rooms: rooms.iter().map(ToString::to_string).collect(),
            apart,
        };
        vec![
            floor(&["time"], false),
            floor(&["store"], false),
            floor(&["link", "outbox"], true),
            floor(&["lib", "outbox::table"], false),
        ]
    }

    fn judged(texts: &[(&str, &str)]) -> Found {
        let sources = of_texts(texts);
        let modules = Modules::of(&sources);
        let imports = imports(&sources, &modules);
        judge(&sources, &modules, &imports, &floors())
    }
}
