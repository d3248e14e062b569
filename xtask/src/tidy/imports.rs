//! Which module needs which: `use`, and paths written out in code, also inside of macros.
//!
//! A re-export (`pub use`) needs nothing by itself: who uses it needs the module that declares the item.
//! Methods are not seen, because types are not known; a call of a method needs its type somewhere.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, Path, Visibility};

use super::modules::{ModuleId, Modules, used_paths};
use super::source::Source;

/// One module names what another one declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: ModuleId,
    pub(super) to: ModuleId,
    pub(super) line: usize,
}

pub(super) fn imports(sources: &[Source], modules: &Modules) -> Vec<Import> {
    let mut found = Vec::new();
    for source in sources {
        let Some(module) = modules.find(&source.module) else {
            continue;
        };
        let mut reader = Reader {
            modules,
            module,
            found: &mut found,
        };
        reader.visit_file(&source.syntax);
    }
    found.sort_unstable();
    found.dedup();
    found
}

struct Reader<'a> {
    modules: &'a Modules,
    module: ModuleId,
    found: &'a mut Vec<Import>,
}

impl Reader<'_> {
    fn names(&mut self, path: &[String], line: usize) {
        let there = self.modules.resolve(self.module, path);
        if let Some(to) = there.filter(|to| *to != self.module) {
            self.found.push(Import {
                from: self.module,
                to,
                line,
            });
        }
    }

    /// Paths in what a macro is given, which is not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end_of(&mut path, line);
                    }
                    line = name.span().start().line;
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end_of(&mut path, line);
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.end_of(&mut path, line),
            }
        }
        self.end_of(&mut path, line);
    }

    fn end_of(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.names(path, line);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !matches!(item.vis, Visibility::Inherited) {
            return;
        }
        for used in used_paths(&item.tree) {
            self.names(&used.path, item.use_token.span.start().line);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            let names: Vec<String> = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            self.names(&names, path.segments[0].ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, each: &'ast Macro) {
        self.visit_path(&each.path);
        self.tokens(each.tokens.clone());
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let Some((_, items)) = &item.content else {
            return;
        };
        let outer = self.module;
        let path = [
            self.modules.get(outer).path.clone(),
            vec![item.ident.to_string()],
        ]
        .concat();
        self.module = self.modules.find(&path).unwrap_or(outer);
        items.iter().for_each(|item: &Item| self.visit_item(item));
        self.module = outer;
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        let texts = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B;\nfn f(_: crate::c::C) {}"),
            (
                "b.rs",
                "pub struct B; fn g() {\n let x = super::c::h();\n }",
            ),
            (
                "c.rs",
                "fn h() {\n\n log!(\"{}\", x = crate::d::D::new()) }",
            ),
            ("d.rs", "fn i() { vec![\n[crate::a::f()]] }"),
        ];
        let expected = ["a:1 -> b", "a:2 -> c", "b:2 -> c", "c:3 -> d", "d:2 -> a"];
        assert_eq!(found(&texts), expected);
    }

    #[test]
    fn re_exports_docs_attributes_and_tests_need_nothing() {
        let texts = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub(crate) use b::B;"),
            (
                "a.rs",
                "/// See [`crate::b::B`].\n#[serde(with = \"crate::b\")]\npub(in crate::a) struct A;
                 #[cfg(test)] mod tests { use crate::b::B; }",
            ),
            ("b.rs", "pub struct B;"),
        ];
        assert!(found(&texts).is_empty());
    }

    #[test]
    fn a_declaration_of_a_child_is_no_import_but_its_use_is() {
        let texts = [
            ("lib.rs", "mod a;"),
            (
                "a/mod.rs",
                "mod one;\nmod two;\nfn f() -> two::Two { two::make() }",
            ),
            ("a/one.rs", ""),
            ("a/two.rs", "pub struct Two; pub fn make() {}"),
        ];
        assert_eq!(found(&texts), ["a:3 -> a::two"]);
    }

    fn found(texts: &[(&str, &str)]) -> Vec<String> {
        let sources = of_texts(texts);
        let modules = Modules::of(&sources);
        let name = |id| modules.get(id).path.join("::");
        let say = |import: Import| {
            format!(
                "{}:{} -> {}",
                name(import.from),
                import.line,
                name(import.to)
            )
        };
        imports(&sources, &modules).into_iter().map(say).collect()
    }
}
