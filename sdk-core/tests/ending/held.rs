//! What of this process belongs to clients: their threads, by name, and what they have open.
//! It reads what the system says, and asks no client.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A thread in whose flags this is set runs no code any more, only the system's end of it.
const EXITING: u64 = 0x4;

/// One line for each thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held(BTreeSet<String>);

impl Held {
    /// What is held now: threads of the SDK, files in this folder, sockets to this port, and what a runtime waits
    /// with.
    pub(crate) fn now(folder: &Path, port: u16) -> Self {
        let mut all = BTreeSet::new();
        for entry in fs::read_dir("/proc/self/task").unwrap() {
            all.extend(thread(&entry.unwrap().path()));
        }
        let sockets = sockets_to(port);
        for entry in fs::read_dir("/proc/self/fd").unwrap() {
            let path = entry.unwrap().path();
            // The one of this listing is gone.
            let Ok(target) = fs::read_link(&path) else {
                continue;
            };
            let text = target.display().to_string();
            let inode = text
                .strip_prefix("socket:[")
                .and_then(|it| it.strip_suffix(']'));
            let socket = inode.is_some_and(|inode| sockets.contains(inode));
            if socket || target.starts_with(folder) || text.starts_with("anon_inode:") {
                all.insert(format!("{} {text}", path.display()));
            }
        }
        Self(all)
    }

    /// What is here and was not there.
    pub(crate) fn beyond<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        self.0.difference(&before.0).map(String::as_str).collect()
    }
}

fn thread(path: &Path) -> Option<String> {
    let name = fs::read_to_string(path.join("comm")).ok()?;
    let stat = fs::read_to_string(path.join("stat")).ok()?;
    // Behind the name, in brackets: the state, five numbers, and the flags.
    let flags = stat.rsplit_once(')')?.1.split_whitespace().nth(6)?;
    let exiting = flags.parse::<u64>().ok()? & EXITING != 0;
    let ours = name.starts_with("fulmar");
    (ours && !exiting).then(|| format!("{} {}", path.display(), name.trim()))
}

/// The inodes of the sockets whose other end has this port.
fn sockets_to(port: u16) -> BTreeSet<String> {
    let end = format!(":{port:04X}");
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let text: String = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .collect();
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let there = words.get(2)?.ends_with(&end);
            there.then(|| words.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}
