//! ARCHITECTURE.md's "The way of a message" names functions, and each of them is there.
//!
//! A function is a code span of a path from the repository's root, `::`, and its name, with its type before it
//! if it is a method: `sdk-core/src/client/conversation.rs::Conversation::send`.

use std::fs;

use syn::visit::{self, Visit};
use syn::{ImplItemFn, ItemFn, ItemImpl, ItemTrait, TraitItemFn, Type};

const FILE: &str = "ARCHITECTURE.md";
const SECTION: &str = "## The way of a message";
/// A section that names fewer functions does not show the way.
const FEWEST: usize = 8;

pub(super) fn judge(complaints: &mut Vec<String>) -> Result<(), String> {
    let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    let Some(section) = section(&text) else {
        complaints.push(format!("{FILE}: has no section \"{SECTION}\""));
        return Ok(());
    };
    let mut count = 0;
    for span in spans(section) {
        match named(span) {
            Named::Nothing => {}
            Named::FileOnly => complaints.push(format!(
                "{FILE}: `{span}` names a file and no function of it (`path.rs::function`)"
            )),
            Named::Function { path, name } => {
                count += 1;
                let there = fs::read_to_string(path)
                    .ok()
                    .and_then(|text| syn::parse_file(&text).ok());
                match there.map(|file| functions(&file)) {
                    None => complaints.push(format!("{FILE}: there is no file {path}")),
                    Some(all) if all.iter().any(|each| each == name) => {}
                    Some(_) => complaints.push(format!("{FILE}: {path} has no function {name}")),
                }
            }
        }
    }
    if count < FEWEST {
        complaints.push(format!(
            "{FILE}: \"{SECTION}\" names {count} functions, at least {FEWEST} are wanted"
        ));
    }
    Ok(())
}

fn section(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(&format!("{SECTION}\n"))?;
    Some(
        rest.split_once("\n## ")
            .map_or(rest, |(section, _)| section),
    )
}

/// What stands in backticks.
fn spans(section: &str) -> impl Iterator<Item = &str> {
    section.split('`').skip(1).step_by(2)
}

#[derive(Debug, PartialEq, Eq)]
enum Named<'a> {
    Nothing,
    FileOnly,
    Function { path: &'a str, name: &'a str },
}

fn named(span: &str) -> Named<'_> {
    match span.split_once(".rs") {
        None => Named::Nothing,
        Some((path, rest)) => match rest.strip_prefix("::") {
            Some(name) if !name.is_empty() => Named::Function {
                path: &span[..path.len() + ".rs".len()],
                name,
            },
            _ => Named::FileOnly,
        },
    }
}

/// The names of all functions of a file: `function`, `Type::method`.
fn functions(file: &syn::File) -> Vec<String> {
    let mut reader = Functions::default();
    reader.visit_file(file);
    reader.names
}

#[derive(Default)]
struct Functions {
    owner: Option<String>,
    names: Vec<String>,
}

impl Functions {
    fn within(&mut self, owner: Option<String>, read: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner);
        read(self);
        self.owner = outer;
    }

    fn method(&mut self, name: &syn::Ident) {
        if let Some(owner) = &self.owner {
            self.names.push(format!("{owner}::{name}"));
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let owner = match block.self_ty.as_ref() {
            Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.within(owner, |reader| visit::visit_item_impl(reader, block));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let owner = Some(item.ident.to_string());
        self.within(owner, |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.names.push(item.sig.ident.to_string());
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.method(&item.sig.ident);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.method(&item.sig.ident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_ends_at_the_next_one() {
        let text =
            "# A\n`a.rs::x`\n## The way of a message\none `b.rs::y` two\n## Rooms\n`c.rs::z`";
        let found: Vec<&str> = spans(section(text).unwrap()).collect();
        assert_eq!(found, ["b.rs::y"]);
        assert_eq!(section("# A"), None);
    }

    #[test]
    fn a_span_names_a_function_a_file_or_nothing_of_the_kind() {
        let function = |path, name| Named::Function { path, name };
        let cases = [
            ("src/a.rs::send", function("src/a.rs", "send")),
            ("src/a.rs::Chat::send", function("src/a.rs", "Chat::send")),
            ("src/a.rs", Named::FileOnly),
            ("src/a.rs: send", Named::FileOnly),
            ("message.created", Named::Nothing),
            ("Chat::send", Named::Nothing),
        ];
        for (span, expected) in cases {
            assert_eq!(named(span), expected, "{span}");
        }
    }

    #[test]
    fn functions_and_methods_have_names() {
        let text = "fn a() {} impl B<'_> { fn c(&self) {} } trait D { fn e(); }
                    impl D for B<'_> { fn e() {} } mod f { pub fn g() {} }";
        let found = functions(&syn::parse_file(text).unwrap());
        assert_eq!(found, ["a", "B::c", "D::e", "B::e", "g"]);
    }
}
