//! Compares what the Rust crate shows with what the Kotlin and Swift packages show, so that nothing is
//! forgotten in any of them.
//!
//! An item that is called the same everywhere, but for the habits of each language, need not be
//! mentioned anywhere. All others stand in the table of `bindings/README.md`, which is what people read:
//! so the table is true, or this fails.

mod rust;

use std::fs;
use std::path::Path;

const TABLE: &str = "bindings/README.md";
const KOTLIN: [&str; 2] = [
    "bindings/kotlin/fulmar/src/main/kotlin",
    "bindings/kotlin/fulmar/src/generated/kotlin",
];
const SWIFT: [&str; 2] = [
    "bindings/swift/Sources/Fulmar",
    "bindings/swift/Sources/FulmarFFI",
];

pub(crate) fn check() -> Result<(), String> {
    let surface = rust::read()?;
    let rows = rows()?;
    let packages = [
        Package::read("Kotlin", &KOTLIN)?,
        Package::read("Swift", &SWIFT)?,
    ];
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (item, members) in &surface {
        let owner = row(&rows, item);
        compared += 1 + members.len();
        for (number, package) in packages.iter().enumerate() {
            let name = match owner.map(|row| row.names[number].as_str()) {
                Some(elsewhere) if elsewhere.starts_with('—') => continue,
                Some(name) => name.to_owned(),
                None => item.clone(),
            };
            let Some(body) = package.declaration(&name) else {
                // A function may be declared on another type, as an extension.
                if members.is_empty() && package.has_stated(&name) {
                    continue;
                }
                wrong.push(format!(
                    "{}: there is no {name}, for Rust's {item}",
                    package.language
                ));
                continue;
            };
            for member in members {
                let full = format!("{item}::{member}");
                let variant = full.split('.').next().unwrap_or(&full);
                let stated = row(&rows, &full).or_else(|| row(&rows, variant));
                let stated = stated.or_else(|| row(&rows, &format!("{item}::*")));
                let found = match stated {
                    Some(row) => package.has_stated(&row.names[number]),
                    None => shows(&body, member.rsplit('.').next().unwrap_or(member)),
                };
                if !found {
                    wrong.push(format!(
                        "{}: {name} has nothing for Rust's {full}",
                        package.language
                    ));
                }
            }
        }
    }
    for row in &rows {
        if !stands_for_something(&row.rust, &surface) {
            wrong.push(format!(
                "{TABLE} speaks of {}, which Rust does not show",
                row.rust
            ));
        }
    }
    if wrong.is_empty() {
        println!("{compared} public names of Rust, each in Kotlin and Swift");
        return Ok(());
    }
    Err(wrong.join("\n"))
}

/// What an item of Rust's is called in each language.
struct Row {
    rust: String,
    /// Kotlin, Swift. `—` and a reason where there is none.
    names: [String; 2],
}

fn row<'a>(rows: &'a [Row], rust: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.rust == rust)
}

fn rows() -> Result<Vec<Row>, String> {
    let text = fs::read_to_string(TABLE).map_err(|error| format!("{TABLE}: {error}"))?;
    let lines = text.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [rust, kotlin, swift] = cells[..] else {
                return Err(format!("{TABLE}: three columns are wanted: {line}"));
            };
            let plain = |cell: &str| cell.replace('`', "");
            Ok(Row {
                rust: plain(rust),
                names: [plain(kotlin), plain(swift)],
            })
        })
        .collect()
}

fn stands_for_something(rust: &str, surface: &rust::Surface) -> bool {
    match rust.split_once("::") {
        None => surface.contains_key(rust),
        Some((item, member)) => surface
            .get(item)
            .is_some_and(|members| member == "*" || members.contains(member)),
    }
}

/// The sources of a package.
struct Package {
    language: &'static str,
    text: String,
}

impl Package {
    fn read(language: &'static str, folders: &[&str]) -> Result<Self, String> {
        let mut text = String::new();
        for folder in folders {
            read_folder(Path::new(folder), &mut text)?;
        }
        Ok(Self { language, text })
    }

    /// What stands in the declaration of a type, or of a function with this name, and in what extends
    /// it.
    fn declaration(&self, name: &str) -> Option<String> {
        let name = name.split(['(', '.', '<', ',']).next().unwrap_or(name);
        let declared = self.declared(name)?;
        let mut whole = declared.to_owned();
        // Swift extends in blocks, Kotlin line by line.
        for (at, _) in self.text.match_indices(&format!("\nextension {name} ")) {
            let block = &self.text[at..];
            whole.push_str(&block[..block.find("\n}\n").unwrap_or(block.len())]);
        }
        for line in self.text.lines() {
            if line.contains(&format!("val {name}.")) || line.contains(&format!("fun {name}.")) {
                whole.push_str(line);
            }
        }
        Some(whole)
    }

    fn declared(&self, name: &str) -> Option<&str> {
        [
            "class",
            "interface",
            "struct",
            "enum",
            "protocol",
            "object",
            "func",
            "fun",
        ]
        .iter()
        .find_map(|kind| {
            let declared = format!("{kind} {name}");
            let starts = self.text.match_indices(&declared).map(|(at, _)| at);
            let mut starts = starts.filter(|at| {
                let next = self.text[at + declared.len()..].chars().next();
                next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
            });
            let at = starts.next()?;
            let end = self.text[at..]
                .find("\n}\n")
                .map_or(self.text.len(), |end| at + end);
            Some(&self.text[at..end])
        })
    }

    /// Whether the names of a cell are there: `Client.open(owner)` wants a declaration of `Client` that
    /// speaks of `open` and `owner`.
    fn has_stated(&self, cell: &str) -> bool {
        if cell.starts_with('—') {
            return true;
        }
        let words: Vec<&str> = cell
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .filter(|word| !word.is_empty())
            .collect();
        match self.declaration(words.first().copied().unwrap_or_default()) {
            Some(body) => words[1..].iter().all(|word| contains_word(&body, word)),
            None => words.iter().all(|word| contains_word(&self.text, word)),
        }
    }
}

fn read_folder(folder: &Path, text: &mut String) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            read_folder(&path, text)?;
        } else {
            text.push_str(&fs::read_to_string(&path).map_err(failed)?);
        }
    }
    Ok(())
}

/// Whether a declaration has a member, in any of the ways in which languages write names.
fn shows(body: &str, member: &str) -> bool {
    let camel = camel(member);
    [member.to_owned(), camel, screaming(member)]
        .iter()
        .any(|name| contains_word(body, name))
}

fn contains_word(text: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// `retry_at` and `OutcomeUnknown` as `retryAt` and `outcomeUnknown`.
fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for (index, letter) in name.chars().enumerate() {
        match letter {
            '_' => upper = true,
            letter if index == 0 => camel.push(letter.to_ascii_lowercase()),
            letter if upper => {
                camel.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

/// `NotAStore` as `NOT_A_STORE`.
fn screaming(name: &str) -> String {
    let mut screaming = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            screaming.push('_');
        }
        screaming.push(letter.to_ascii_uppercase());
    }
    screaming
}
