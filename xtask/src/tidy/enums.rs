//! The enums of this workspace, and which of them a pattern names.
//!
//! Types are not known here, so a pattern is judged by its words: `Enum::Variant` or `Self::Variant`, or a
//! variant that a `use` of the same file brings in by its own name, where both the enum and the variant are
//! ours. An enum of another crate with the same two names is taken for ours. Of an enum that a macro writes,
//! only its name is known: each name with a capital is its variant.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ItemEnum, ItemUse, Macro, Pat, Path};

use super::modules::used_paths;
use super::source::Source;

#[derive(Debug, Default)]
pub(super) struct Enums {
    /// Variants by enum.
    variants: BTreeMap<String, BTreeSet<String>>,
    /// Those that are written by macros.
    of_macros: BTreeSet<String>,
}

impl Enums {
    pub(super) fn add(&mut self, sources: &[Source]) {
        for source in sources {
            self.visit_file(&source.syntax);
        }
    }

    fn has(&self, name: &str, variant: &str) -> bool {
        let variants = self.variants.get(name);
        variants.is_some_and(|variants| variants.contains(variant))
            || (self.of_macros.contains(name) && is_capitalised(variant))
    }

    fn knows(&self, name: &str) -> bool {
        self.variants.contains_key(name) || self.of_macros.contains(name)
    }

    /// `enum Name` in what a macro is made of or given.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut after_enum = false;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if after_enum => {
                    self.of_macros.insert(name.to_string());
                    after_enum = false;
                }
                TokenTree::Ident(name) => after_enum = name == "enum",
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    after_enum = false;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => after_enum = false,
            }
        }
    }
}

/// A constant is all capitals, a function all small letters.
fn is_capitalised(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

impl<'ast> Visit<'ast> for Enums {
    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        let variants = self.variants.entry(item.ident.to_string()).or_default();
        variants.extend(item.variants.iter().map(|each| each.ident.to_string()));
    }

    fn visit_macro(&mut self, each: &'ast Macro) {
        self.tokens(each.tokens.clone());
    }
}

/// What the words in one file mean.
pub(super) struct Vocabulary<'a> {
    enums: &'a Enums,
    /// Variants that stand for themselves, and enums under another name.
    imported: BTreeMap<String, String>,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn of(source: &Source, enums: &'a Enums) -> Self {
        let mut imports = Imports(Vec::new());
        imports.visit_file(&source.syntax);
        let mut imported = BTreeMap::new();
        for (path, name) in imports.0 {
            match (path.as_slice(), name) {
                ([.., name], None) => {
                    for variant in enums.variants.get(name).into_iter().flatten() {
                        imported.insert(variant.clone(), name.clone());
                    }
                }
                ([.., owner, variant], Some(name)) if enums.has(owner, variant) => {
                    imported.insert(name, owner.clone());
                }
                ([.., original], Some(name)) if enums.knows(original) => {
                    imported.insert(name, original.clone());
                }
                ([..], _) => {}
            }
        }
        Self { enums, imported }
    }

    /// Which of our enums a path in a pattern names a variant of.
    fn enum_of(&self, path: &Path, own: Option<&str>) -> Option<String> {
        let words: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        match words.as_slice() {
            [variant] => {
                let name = self.imported.get(variant)?;
                Some(name.clone())
            }
            [.., name, variant] => {
                let name = match own {
                    Some(own) if name == "Self" => own,
                    _ => self
                        .imported
                        .get(name)
                        .map_or(name.as_str(), String::as_str),
                };
                self.enums.has(name, variant).then(|| name.to_owned())
            }
            [] => None,
        }
    }

    /// The enums that a pattern names, on the outside and deeper inside.
    pub(super) fn named(&self, pattern: &Pat, own: Option<&str>) -> Named {
        let mut named = Named::default();
        self.collect(pattern, own, true, &mut named);
        named
    }

    fn collect(&self, pattern: &Pat, own: Option<&str>, outside: bool, named: &mut Named) {
        let mut take = |path: &Path| {
            if let Some(name) = self.enum_of(path, own) {
                let which = if outside {
                    &mut named.outside
                } else {
                    &mut named.inside
                };
                which.insert(name);
            }
        };
        match pattern {
            Pat::Path(each) => take(&each.path),
            Pat::Struct(each) => {
                take(&each.path);
                for field in &each.fields {
                    self.collect(&field.pat, own, false, named);
                }
            }
            Pat::TupleStruct(each) => {
                take(&each.path);
                for inner in &each.elems {
                    self.collect(inner, own, false, named);
                }
            }
            Pat::Ident(each) => {
                take(&Path::from(each.ident.clone()));
                if let Some((_, inner)) = &each.subpat {
                    self.collect(inner, own, outside, named);
                }
            }
            Pat::Or(each) => {
                for case in &each.cases {
                    self.collect(case, own, outside, named);
                }
            }
            Pat::Paren(each) => self.collect(&each.pat, own, outside, named),
            Pat::Reference(each) => self.collect(&each.pat, own, outside, named),
            Pat::Tuple(each) => {
                for inner in &each.elems {
                    self.collect(inner, own, false, named);
                }
            }
            Pat::Slice(each) => {
                for inner in &each.elems {
                    self.collect(inner, own, false, named);
                }
            }
            _ => {}
        }
    }
}

/// Names of enums in one pattern.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Of what is matched itself.
    pub(super) outside: BTreeSet<String>,
    /// Of a part of it: a place of a tuple, what is in an `Option`, a field.
    pub(super) inside: BTreeSet<String>,
}

struct Imports(Vec<(Vec<String>, Option<String>)>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let used = used_paths(&item.tree).into_iter();
        self.0.extend(used.map(|used| (used.path, used.name)));
        visit::visit_item_use(self, item);
    }
}
