//! The sources of one crate, parsed, without what is compiled for tests only.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::{Attribute, ImplItem, Item, Meta};

/// One file of a crate.
pub(super) struct Source {
    /// From the crate's `src`: `store/mod.rs`.
    pub(super) path: String,
    /// The path of its module: `store`, or nothing for `lib.rs`.
    pub(super) module: Vec<String>,
    pub(super) syntax: syn::File,
}

/// Follows `mod name;` from `lib.rs` on. Files that only tests declare are not reached.
pub(super) fn read_crate(root: &str) -> Result<Vec<Source>, String> {
    let read = |path: &str| fs::read_to_string(Path::new(root).join(path)).ok();
    follow(&read).map_err(|error| format!("{root}/{error}"))
}

/// The same for texts in memory.
#[cfg(test)]
pub(super) fn of_texts(texts: &[(&str, &str)]) -> Vec<Source> {
    let texts: BTreeMap<&str, &str> = texts.iter().copied().collect();
    follow(&|path| texts.get(path).map(ToString::to_string)).unwrap()
}

fn follow(read: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Source>, String> {
    let mut waiting = vec![("lib.rs".to_owned(), Vec::new())];
    let mut sources = BTreeMap::new();
    while let Some((path, module)) = waiting.pop() {
        let text = read(&path).ok_or_else(|| format!("{path}: cannot be read"))?;
        let mut syntax = syn::parse_file(&text).map_err(|error| format!("{path}: {error}"))?;
        without_tests(&mut syntax.items);
        for name in declared(&syntax.items) {
            let folder = match module.join("/") {
                folder if folder.is_empty() => String::new(),
                folder => folder + "/",
            };
            let beside = format!("{folder}{name}.rs");
            let inside = format!("{folder}{name}/mod.rs");
            let child = if read(&beside).is_some() {
                beside
            } else {
                inside
            };
            waiting.push((child, [module.clone(), vec![name]].concat()));
        }
        sources.insert(path.clone(), (module, syntax));
    }
    let source = |(path, (module, syntax))| Source {
        path,
        module,
        syntax,
    };
    Ok(sources.into_iter().map(source).collect())
}

/// Modules that are files of their own.
fn declared(items: &[Item]) -> Vec<String> {
    let name = |item: &Item| match item {
        Item::Mod(each) if each.content.is_none() => Some(each.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

fn without_tests(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_for_tests));
    for item in items {
        match item {
            Item::Mod(each) => {
                if let Some((_, items)) = &mut each.content {
                    without_tests(items);
                }
            }
            Item::Impl(each) => each.items.retain(|item| match item {
                ImplItem::Fn(method) => !method.attrs.iter().any(is_for_tests),
                _ => true,
            }),
            _ => {}
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(each) => &each.attrs,
        Item::Enum(each) => &each.attrs,
        Item::Fn(each) => &each.attrs,
        Item::Impl(each) => &each.attrs,
        Item::Macro(each) => &each.attrs,
        Item::Mod(each) => &each.attrs,
        Item::Static(each) => &each.attrs,
        Item::Struct(each) => &each.attrs,
        Item::Trait(each) => &each.attrs,
        Item::Type(each) => &each.attrs,
        Item::Use(each) => &each.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(doctest)]` and `#[cfg(all(test, …))]`, but not `#[cfg(not(test))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let tokens = list.tokens.to_string();
    let words: Vec<&str> = tokens
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    let for_tests = words.contains(&"test") || words.contains(&"doctest");
    list.path.is_ident("cfg") && for_tests && !words.contains(&"not")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_files_beside_or_folders() {
        let found = paths(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", ""),
            ("b/mod.rs", "mod c;"),
            ("b/c.rs", ""),
            ("b/forgotten.rs", ""),
        ]);
        let expected = [
            ("a.rs", "a"),
            ("b/c.rs", "b::c"),
            ("b/mod.rs", "b"),
            ("lib.rs", ""),
        ];
        let expected = expected.map(|(path, module)| (path.to_owned(), module.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_only_tests_compile_is_left_out() {
        let text =
            "#[cfg(test)] mod tests; #[cfg(doctest)] mod readme {} #[test] fn one() {} fn two() {}
                    #[cfg(not(test))] fn three() {}
                    impl T { #[cfg(test)] fn four() {} fn five() {} }";
        let sources = of_texts(&[("lib.rs", text)]);
        assert_eq!(sources.len(), 1);
        let items = &sources[0].syntax.items;
        assert_eq!(items.len(), 3);
        let Item::Impl(block) = &items[2] else {
            panic!("an impl")
        };
        assert_eq!(block.items.len(), 1);
    }

    fn paths(texts: &[(&str, &str)]) -> Vec<(String, String)> {
        let path = |source: Source| (source.path, source.module.join("::"));
        of_texts(texts).into_iter().map(path).collect()
    }
}
