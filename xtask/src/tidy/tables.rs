//! Each table has one file that writes it.
//!
//! Statements are found in string literals, also in those of macros such as `format!`. A statement that is put
//! together from several literals is seen by the literal that has its first words. What a trigger or a
//! migration does stands in `.sql` files and is not judged here.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use serde::Deserialize;
use syn::visit::Visit;
use syn::{Attribute, Lit, LitStr, Macro};

use super::ratchet::Places;
use super::source::Source;

/// Files by table; of several, the first one that is there is the owner.
pub(super) type Owners = BTreeMap<String, Vec<String>>;

/// Who else may write, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    file: String,
    /// `*` is every table.
    tables: Vec<String>,
    reason: String,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    /// Statements in files that are not the owner's.
    pub(super) second_writers: Places,
    /// What is wrong with the list itself.
    pub(super) complaints: Vec<String>,
}

pub(super) fn judge(sources: &[Source], owners: &Owners, exceptions: &[Exception]) -> Found {
    let mut found = Found::default();
    let mut used = vec![false; exceptions.len()];
    for source in sources {
        let mut literals = Literals::default();
        literals.visit_file(&source.syntax);
        for (sql, line) in literals.0 {
            for table in written(&sql) {
                let excepted = exceptions.iter().position(|each| {
                    each.file == source.path
                        && each.tables.iter().any(|name| name == "*" || *name == table)
                });
                if let Some(which) = excepted {
                    used[which] = true;
                    continue;
                }
                let place = format!("{}:{line}", source.path);
                match owner(&table, owners, sources) {
                    Some(owner) if owner == source.path => {}
                    Some(owner) => {
                        let place = format!("{place}: writes {table}, which is {owner}'s");
                        found.second_writers.push(place);
                    }
                    None => found.complaints.push(format!(
                        "{place}: nobody owns the table {table}: name its file in [tables]"
                    )),
                }
            }
        }
    }
    for (exception, used) in exceptions.iter().zip(used) {
        let there = sources.iter().any(|source| source.path == exception.file);
        if exception.reason.is_empty() || (there && !used) {
            let file = &exception.file;
            found.complaints.push(format!(
                "the exception of {file} has no reason, or is not needed"
            ));
        }
    }
    found
}

fn owner<'a>(table: &str, owners: &'a Owners, sources: &[Source]) -> Option<&'a str> {
    let files = owners.get(table)?;
    let there = |file: &&String| sources.iter().any(|source| source.path == **file);
    files.iter().find(there).map(String::as_str)
}

#[derive(Default)]
struct Literals(Vec<(String, usize)>);

impl Literals {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.visit_lit_str(&text);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    // Also what documentation is made of.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_lit_str(&mut self, text: &LitStr) {
        self.0.push((text.value(), text.span().start().line));
    }

    fn visit_macro(&mut self, each: &'ast Macro) {
        self.tokens(each.tokens.clone());
    }
}

/// The tables that a text writes, if it is SQL.
fn written(sql: &str) -> Vec<String> {
    let words: Vec<&str> = sql
        .split(|letter: char| !letter.is_alphanumeric() && !"_.{}".contains(letter))
        .filter(|word| !word.is_empty())
        .collect();
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|each| each.eq_ignore_ascii_case(word))
    };
    // `OR IGNORE`, `OR REPLACE` and the like.
    let after_or = |at: usize| if is(at, "OR") { at + 2 } else { at };
    let mut tables = Vec::new();
    for at in 0..words.len() {
        let place = if is(at, "INSERT") {
            let into = after_or(at + 1);
            is(into, "INTO").then_some(into + 1)
        } else if is(at, "REPLACE") {
            // Not that of `INSERT OR REPLACE`.
            let alone = at == 0 || !is(at - 1, "OR");
            (alone && is(at + 1, "INTO")).then_some(at + 2)
        } else if is(at, "DELETE") {
            is(at + 1, "FROM").then_some(at + 2)
        } else if is(at, "UPDATE") {
            let table = after_or(at + 1);
            // An alias may stand between the table and SET; `DO UPDATE SET` names no table.
            let set = (table + 1..=table + 3).any(|place| is(place, "SET"));
            (set && !is(table, "SET")).then_some(table)
        } else {
            None
        };
        if let Some(table) = place.and_then(|place| words.get(place)) {
            let name = table.rsplit('.').next().unwrap_or(table);
            tables.push(name.to_ascii_lowercase());
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn every_form_of_writing_is_read() {
        let cases: &[(&str, &[&str])] = &[
            ("INSERT INTO message (key)\n VALUES (?1)", &["message"]),
            (
                "insert or replace into main.Message values (1)",
                &["message"],
            ),
            ("REPLACE INTO \"message\" VALUES (1)", &["message"]),
            ("UPDATE\n  message\n SET a = 1", &["message"]),
            ("UPDATE OR IGNORE message AS m SET a = 1", &["message"]),
            (
                "DELETE FROM message; DELETE FROM lane;",
                &["message", "lane"],
            ),
            (
                "INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1",
                &["a"],
            ),
            ("WITH x AS (SELECT 1) DELETE FROM message", &["message"]),
            ("INSERT INTO {table} VALUES (1)", &["{table}"]),
            ("SELECT replace(text, 'a', 'b') FROM message", &[]),
            ("update the app, or delete it from the phone", &[]),
            ("INSERT something", &[]),
        ];
        for (sql, expected) in cases {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(written(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_second_writer_is_found_also_in_macros_and_over_lines() {
        let sources = of_texts(&[
            ("lib.rs", "mod store; mod other;"),
            ("store.rs", "const A: &str = \"UPDATE message SET a = 1\";"),
            (
                "other.rs",
                "/// \"DELETE FROM message\"
                 fn f() { db.execute(&format!(\n\"DELETE FROM\n message WHERE {X}\")); }",
            ),
        ]);
        let found = judge(&sources, &owners(), &[]);
        assert_eq!(
            found.second_writers,
            ["other.rs:3: writes message, which is store.rs's"]
        );
        assert!(found.complaints.is_empty());
    }

    #[test]
    fn a_table_without_owner_and_an_exception_without_need_are_complaints() {
        let sources = of_texts(&[("lib.rs", "const A: &str = \"DELETE FROM lane\";")]);
        let exception = |tables: &[&str]| Exception {
            file: "lib.rs".to_owned(),
            tables: tables.iter().map(ToString::to_string).collect(),
            reason: "signing out".to_owned(),
        };
        assert_eq!(judge(&sources, &owners(), &[]).complaints.len(), 1);
        let excepted = judge(&sources, &owners(), &[exception(&["*"])]);
        assert!(excepted.complaints.is_empty());
        let two = judge(&sources, &owners(), &[exception(&["message"])]);
        assert_eq!(two.complaints.len(), 2);
    }

    fn owners() -> Owners {
        let files = vec!["store/message/write.rs".to_owned(), "store.rs".to_owned()];
        Owners::from([("message".to_owned(), files)])
    }
}
