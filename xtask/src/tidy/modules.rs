//! The modules of a crate, and where a path in one of them leads.
//!
//! A path is followed through `use` and through re-exports to the module that declares the item, so that a
//! folder's `mod.rs` that only shows what is in the folder is nobody's dependency.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, ItemUse, UseTree};

use super::source::Source;

/// Re-exports of re-exports; more is a circle.
const STEPS: usize = 16;

pub(super) type ModuleId = usize;

#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) path: Vec<String>,
    /// Which of the sources it is in.
    pub(super) file: usize,
    parent: ModuleId,
    children: BTreeMap<String, ModuleId>,
    /// What `use` brings in, under which name.
    names: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    items: BTreeSet<String>,
}

/// All modules; the first is the root.
pub(super) struct Modules(Vec<Module>);

impl Modules {
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut modules = Self(vec![Module::default()]);
        let mut by_depth: Vec<(usize, &Source)> = sources.iter().enumerate().collect();
        by_depth.sort_by_key(|(_, source)| source.module.len());
        for (file, source) in by_depth {
            let id = modules.make(&source.module, file);
            modules.fill(id, &source.syntax.items);
        }
        modules
    }

    pub(super) fn get(&self, id: ModuleId) -> &Module {
        &self.0[id]
    }

    pub(super) fn all(&self) -> &[Module] {
        &self.0
    }

    /// The module with this path, from the root.
    pub(super) fn find(&self, path: &[String]) -> Option<ModuleId> {
        path.iter()
            .try_fold(0, |id, name| self.0[id].children.get(name).copied())
    }

    /// The module that declares what `path`, written in `from`, names. Nothing when it is of another crate.
    pub(super) fn resolve(&self, from: ModuleId, path: &[String]) -> Option<ModuleId> {
        self.steps(from, path, STEPS)
    }

    fn steps(&self, from: ModuleId, path: &[String], left: usize) -> Option<ModuleId> {
        let left = left.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let module = &self.0[from];
        match first.as_str() {
            "crate" => self.descend(0, rest, left),
            "self" => self.descend(from, rest, left),
            "super" => self.descend(module.parent, rest, left),
            name => {
                if let Some(child) = module.children.get(name) {
                    self.descend(*child, rest, left)
                } else {
                    let meant = module.names.get(name)?;
                    self.steps(from, &[meant, rest].concat(), left)
                }
            }
        }
    }

    fn descend(&self, from: ModuleId, path: &[String], left: usize) -> Option<ModuleId> {
        let left = left.checked_sub(1)?;
        let Some((name, rest)) = path.split_first() else {
            return Some(from);
        };
        let module = &self.0[from];
        if name == "super" {
            return self.descend(module.parent, rest, left);
        }
        if let Some(child) = module.children.get(name) {
            return self.descend(*child, rest, left);
        }
        if let Some(meant) = module.names.get(name) {
            // What is shown of another crate is this module's.
            let there = self.steps(from, &[meant, rest].concat(), left);
            return there.or(Some(from));
        }
        if !module.items.contains(name) {
            for glob in &module.globs {
                let there = self.steps(from, glob, left);
                if let Some(there) = there.filter(|there| self.has(*there, name)) {
                    return self.descend(there, path, left);
                }
            }
        }
        Some(from)
    }

    fn has(&self, id: ModuleId, name: &str) -> bool {
        let module = &self.0[id];
        module.items.contains(name)
            || module.names.contains_key(name)
            || module.children.contains_key(name)
    }

    fn make(&mut self, path: &[String], file: usize) -> ModuleId {
        let Some((name, above)) = path.split_last() else {
            self.0[0].file = file;
            return 0;
        };
        let parent = self.find(above).unwrap_or(0);
        let id = self.0.len();
        self.0.push(Module {
            path: path.to_vec(),
            file,
            parent,
            ..Module::default()
        });
        self.0[parent].children.insert(name.clone(), id);
        id
    }

    fn fill(&mut self, id: ModuleId, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(each) => {
                    if let Some((_, items)) = &each.content {
                        let name = vec![each.ident.to_string()];
                        let path = [self.0[id].path.clone(), name].concat();
                        let inner = self.make(&path, self.0[id].file);
                        self.fill(inner, items);
                    }
                }
                Item::Use(each) => self.bring_in(id, each),
                Item::Const(each) => self.declare(id, &each.ident),
                Item::Enum(each) => self.declare(id, &each.ident),
                Item::Fn(each) => self.declare(id, &each.sig.ident),
                Item::Static(each) => self.declare(id, &each.ident),
                Item::Struct(each) => self.declare(id, &each.ident),
                Item::Trait(each) => self.declare(id, &each.ident),
                Item::Type(each) => self.declare(id, &each.ident),
                _ => {}
            }
        }
    }

    fn declare(&mut self, id: ModuleId, name: &syn::Ident) {
        self.0[id].items.insert(name.to_string());
    }

    fn bring_in(&mut self, id: ModuleId, item: &ItemUse) {
        for used in used_paths(&item.tree) {
            match used.name {
                Some(name) => {
                    self.0[id].names.insert(name, used.path);
                }
                None => self.0[id].globs.push(used.path),
            }
        }
    }
}

/// One path of a `use`, and the name that it gets; none for `*`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) path: Vec<String>,
    pub(super) name: Option<String>,
}

pub(super) fn used_paths(tree: &UseTree) -> Vec<Used> {
    let mut found = Vec::new();
    take_apart(tree, &[], &mut found);
    found
}

fn take_apart(tree: &UseTree, above: &[String], found: &mut Vec<Used>) {
    let with = |name: &syn::Ident| {
        let mut path = above.to_vec();
        if name != "self" || path.is_empty() {
            path.push(name.to_string());
        }
        path
    };
    match tree {
        UseTree::Path(each) => take_apart(&each.tree, &with(&each.ident), found),
        UseTree::Group(each) => {
            for tree in &each.items {
                take_apart(tree, above, found);
            }
        }
        UseTree::Name(each) => {
            let path = with(&each.ident);
            let name = path.last().cloned();
            found.push(Used { path, name });
        }
        UseTree::Rename(each) => found.push(Used {
            path: with(&each.ident),
            name: Some(each.rename.to_string()),
        }),
        UseTree::Glob(_) => found.push(Used {
            path: above.to_vec(),
            name: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn paths_lead_through_re_exports_to_the_declaration() {
        let cases = [
            ("outbox", "crate::store::Row", Some("store::rows")),
            ("outbox", "crate::Row", Some("store::rows")),
            ("outbox", "store::Row::new", Some("store::rows")),
            ("outbox", "look", Some("store::rows")),
            ("outbox", "crate::store::Error", Some("store::all")),
            ("store::rows", "super::Error", Some("store::all")),
            ("outbox::inner", "store::look", Some("store::rows")),
            (
                "outbox::inner",
                "super::super::store::rows",
                Some("store::rows"),
            ),
            ("outbox", "crate::store::Serialize", Some("store")),
            ("outbox", "crate::store::own", Some("store")),
            ("outbox", "serde::Serialize", None),
            ("outbox", "String::new", None),
        ];
        for (from, path, expected) in cases {
            let found = resolved(HOUSE, from, path);
            assert_eq!(found.as_deref(), expected, "{path} in {from}");
        }
    }

    #[test]
    fn a_name_that_means_itself_ends() {
        let texts = [("lib.rs", "use tracing; use a as b; use b as a;")];
        assert_eq!(resolved(&texts, "", "tracing::info"), None);
        assert_eq!(resolved(&texts, "", "a::x"), None);
    }

    fn resolved(texts: &[(&str, &str)], from: &str, path: &str) -> Option<String> {
        let modules = Modules::of(&of_texts(texts));
        let words = |path: &str| -> Vec<String> {
            path.split("::")
                .filter(|word| !word.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        let from = modules.find(&words(from)).unwrap();
        let there = modules.resolve(from, &words(path))?;
        Some(modules.get(there).path.join("::"))
    }

    const HOUSE: &[(&str, &str)] = &[
        ("lib.rs", "mod store; mod outbox; pub use store::Row;"),
        (
            "store/mod.rs",
            "mod rows; mod all; pub use rows::{Row, find as look}; pub use all::*; pub use serde::Serialize;",
        ),
        (
            "store/rows.rs",
            "use super::Error; pub struct Row; pub fn find() {}",
        ),
        ("store/all.rs", "pub struct Error;"),
        (
            "outbox.rs",
            "use crate::store::{self, look}; mod inner { use super::store; }",
        ),
    ];
}
