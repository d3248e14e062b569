//! Words that went, and what took their place: `xtask/tidy/words.txt`.
//!
//! A line is `word | replacement | where`. The word is compared with whole parts of identifiers and with prose,
//! whatever the case: `let go of` is `letGoOfHistory`, `let_go_of_history` and "let go of", but not "outlet go
//! off". In backticks it is code, compared as it stands, and not looked for in comments and prose:
//! `` `Next::Is` ``. Where it applies are paths from the repository's root, or `*`; a path after `!` is
//! excepted.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::ratchet::Places;

const FILE: &str = "xtask/tidy/words.txt";
/// What is read: code and prose.
const READ: [&str; 6] = [".rs", ".kt", ".swift", ".md", ".sql", ".toml"];
/// Of these, what is code.
const CODE: [&str; 3] = [".rs", ".kt", ".swift"];
/// What names the words because it is about them, and what is of the past.
const EXCEPTED: [&str; 4] = [
    "xtask/tidy/",
    "xtask/src/tidy/",
    "CHANGELOG.md",
    "sdk-core/engine/tests/stores/",
];

pub(super) fn judge() -> Result<BTreeMap<String, Places>, String> {
    let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    let words = read(&text)?;
    let mut found: BTreeMap<String, Places> = BTreeMap::new();
    for path in tracked()? {
        // What git still lists may be gone from the disk.
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let parts = parts(&text);
        for word in words.iter().filter(|word| word.applies(&path)) {
            let places = found.entry(word.name.clone()).or_default();
            for line in word.lines(&text, &parts) {
                places.push(format!("{path}:{line}: {}", word.replacement));
            }
        }
    }
    Ok(found)
}

/// Files that are in the repository, or would be.
pub(super) fn tracked() -> Result<Vec<String>, String> {
    let words = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git")
        .args(words)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err("git ls-files failed".to_owned());
    }
    let list = String::from_utf8_lossy(&output.stdout);
    let read = |path: &&str| {
        READ.iter().any(|ending| path.ends_with(ending))
            && !EXCEPTED.iter().any(|excepted| path.starts_with(excepted))
    };
    Ok(list.lines().filter(read).map(ToOwned::to_owned).collect())
}

/// A line of the list.
#[derive(Debug)]
struct Word {
    name: String,
    replacement: String,
    places: Vec<String>,
}

fn read(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, replacement, places] = columns.as_slice() else {
            return Err(format!(
                "{FILE}:{}: not `word | replacement | where`",
                number + 1
            ));
        };
        words.push(Word {
            name: (*name).to_owned(),
            replacement: (*replacement).to_owned(),
            places: places.split_whitespace().map(ToOwned::to_owned).collect(),
        });
    }
    Ok(words)
}

/// A part of an identifier, or a word of prose: `let`, `Go`, `of` of `letGo_of`.
#[derive(Debug)]
struct Part<'a> {
    text: &'a str,
    line: usize,
    /// Whether nothing but spaces, `_`, `-` or the beginning of a comment's line is before it.
    joined: bool,
}

impl Word {
    fn applies(&self, path: &str) -> bool {
        if self.name.starts_with('`') && !CODE.iter().any(|ending| path.ends_with(ending)) {
            return false;
        }
        let under = |place: &str| place == "*" || path.starts_with(place);
        let mut excepted = self
            .places
            .iter()
            .filter_map(|place| place.strip_prefix('!'));
        self.places.iter().any(|place| under(place)) && !excepted.any(under)
    }

    /// The lines that it is on.
    fn lines(&self, text: &str, parts: &[Part<'_>]) -> Vec<usize> {
        if let Some(code) = self
            .name
            .strip_prefix('`')
            .and_then(|code| code.strip_suffix('`'))
        {
            let lines = text.lines().map(without_comment).enumerate();
            let times = |(at, line)| std::iter::repeat_n(at + 1, occurrences(line, code));
            return lines.flat_map(times).collect();
        }
        let wanted: Vec<&str> = self.name.split_whitespace().collect();
        let fits = |window: &&[Part<'_>]| {
            window
                .iter()
                .zip(&wanted)
                .enumerate()
                .all(|(at, (part, word))| {
                    (at == 0 || part.joined) && part.text.eq_ignore_ascii_case(word)
                })
        };
        let windows = parts.windows(wanted.len().max(1));
        windows.filter(fits).map(|window| window[0].line).collect()
    }
}

/// The code of a line: up to `//`, but for that of an address, and nothing inside of a block comment.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("/*") || line.trim_start().starts_with("* ") {
        return "";
    }
    let comment = line.match_indices("//").find(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    comment.map_or(line, |(at, _)| &line[..at])
}

/// How often code is in a line, where it is not a part of a longer name.
fn occurrences(line: &str, code: &str) -> usize {
    let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let cut = |inside: Option<char>, outside: Option<char>| {
        !(inside.is_some_and(letter) && outside.is_some_and(letter))
    };
    line.match_indices(code)
        .filter(|(at, _)| {
            let before = line[..*at].chars().next_back();
            let after = line[at + code.len()..].chars().next();
            cut(code.chars().next(), before) && cut(code.chars().next_back(), after)
        })
        .count()
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let mut joined = true;
        let mut rest = line;
        // What a comment's line begins with joins it to the line before.
        let bare = rest.trim_start_matches([' ', '\t', '/', '!', '*', '#', '>']);
        if bare.len() < rest.len() {
            rest = bare;
        }
        while let Some(begin) = rest.find(char::is_alphanumeric) {
            let gap = &rest[..begin];
            joined &= gap
                .chars()
                .all(|each| each.is_whitespace() || "_-".contains(each));
            rest = &rest[begin..];
            let end = end_of_part(rest);
            found.push(Part {
                text: &rest[..end],
                line: at + 1,
                joined,
            });
            rest = &rest[end..];
            joined = true;
        }
    }
    found
}

/// Where a part ends that begins here: before a capital after a small letter (`letGo`), before the last of
/// several capitals (`HTTPAnswer`), before what is no letter.
fn end_of_part(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, letter)) = letters.next() {
        if !letter.is_alphanumeric() {
            return at;
        }
        let next_is_small = letters.peek().is_some_and(|(_, next)| next.is_lowercase());
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| !before.is_uppercase() || next_is_small);
        if begins {
            return at;
        }
        before = Some(letter);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_in_every_spelling() {
        let text =
            "fn let_go_of_history() {}\nletGoOfHistory()\nLetGoOf\n// Let go\n/// of it, LET_GO_OF";
        assert_eq!(lines("let go of", text), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn only_whole_parts_and_only_what_belongs_together() {
        for text in [
            "outlet go of",
            "let go off",
            "let.go(of)",
            "letgo of",
            "let, go of",
        ] {
            assert!(lines("let go of", text).is_empty(), "{text}");
        }
        assert_eq!(
            lines("bed", "Bed, bedrock, embed, BedGate, in_bed"),
            [1, 1, 1]
        );
        assert_eq!(lines("url", "parseURLNow"), [1]);
        assert_eq!(lines("brain", "self.brain.link"), [1]);
    }

    #[test]
    fn code_is_compared_as_it_stands() {
        let text = "Next::Is(x) => 1\nNext::IsNot\nnext::is\nself.hold(e); held.hold(f)\nhold(x)";
        assert_eq!(lines("`Next::Is`", text), [1]);
        assert_eq!(lines("`.hold(`", text), [4, 4]);
        let text = "/// Why it is\nWhy::New // Why not\n * Why\n\"http://Why\"";
        assert_eq!(lines("`Why`", text), [2, 4]);
    }

    #[test]
    fn a_line_says_where_it_applies() {
        let words =
            read("# words\n\nturn | tx | sdk-core/engine !sdk-core/engine/tests\n").unwrap();
        assert!(words[0].applies("sdk-core/engine/src/lib.rs"));
        assert!(!words[0].applies("sdk-core/engine/tests/a.rs"));
        assert!(!words[0].applies("mock-server/src/lib.rs"));
        assert!(read("turn, tx").is_err());
        assert!(word("turn").applies("README.md"));
        assert!(!word("`Turn`").applies("README.md"));
    }

    fn word(name: &str) -> Word {
        read(&format!("{name} | another | *")).unwrap().remove(0)
    }

    fn lines(name: &str, text: &str) -> Vec<usize> {
        word(name).lines(text, &parts(text))
    }
}
