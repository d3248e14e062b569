//! What the Rust crate shows: the items of its `lib.rs`, with their variants, fields and methods.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::{Fields, ImplItem, Item, UseTree, Visibility};

/// Where items are declared that the crate shows by `pub use` of this path; all others are its own.
const OTHERS: [(&str, &str); 2] = [
    ("fulmar_engine", "sdk-core/engine/src"),
    ("fulmar_protocol", "protocol/src"),
];
const OWN: &str = "sdk-core/src";

/// Members by item: `sign_in`, `text`, `Failed`, `Failed.reason`. A function has none.
pub(super) type Surface = BTreeMap<String, BTreeSet<String>>;

pub(super) fn read() -> Result<Surface, String> {
    let root = parse(Path::new("sdk-core/src/lib.rs"))?;
    let mut all = Surface::new();
    for folder in OTHERS.iter().map(|(_, folder)| *folder).chain([OWN]) {
        let mut names = Vec::new();
        for item in &root.items {
            if let Item::Use(each) = item
                && public(&each.vis)
                && declared_in(&each.tree) == folder
            {
                leaves(&each.tree, &mut names);
            }
        }
        // The same name may mean something else elsewhere, such as a frame.
        let mut surface = names
            .into_iter()
            .map(|name| (name, BTreeSet::new()))
            .collect();
        read_folder(Path::new(folder), &mut surface)?;
        all.append(&mut surface);
    }
    Ok(all)
}

fn declared_in(tree: &UseTree) -> &'static str {
    let UseTree::Path(path) = tree else {
        return OWN;
    };
    let other = OTHERS.iter().find(|(name, _)| path.ident == name);
    other.map_or(OWN, |(_, folder)| *folder)
}

fn read_folder(folder: &Path, surface: &mut Surface) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            read_folder(&path, surface)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for item in parse(&path)?.items {
                read_item(&item, surface);
            }
        }
    }
    Ok(())
}

fn parse(path: &Path) -> Result<syn::File, String> {
    let failed = |error: String| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    syn::parse_file(&text).map_err(|error| failed(error.to_string()))
}

fn leaves(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|each| leaves(each, names)),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        UseTree::Glob(_) => {}
    }
}

fn read_item(item: &Item, surface: &mut Surface) {
    match item {
        Item::Enum(each) if public(&each.vis) => {
            let Some(members) = surface.get_mut(&each.ident.to_string()) else {
                return;
            };
            for variant in &each.variants {
                members.insert(variant.ident.to_string());
                for field in named(&variant.fields) {
                    members.insert(format!("{}.{field}", variant.ident));
                }
            }
        }
        Item::Struct(each) if public(&each.vis) => {
            let Some(members) = surface.get_mut(&each.ident.to_string()) else {
                return;
            };
            if let Fields::Named(fields) = &each.fields {
                let shown = fields.named.iter().filter(|field| public(&field.vis));
                members.extend(shown.filter_map(|field| Some(field.ident.as_ref()?.to_string())));
            }
        }
        Item::Trait(each) if public(&each.vis) => {
            let Some(members) = surface.get_mut(&each.ident.to_string()) else {
                return;
            };
            for item in &each.items {
                if let syn::TraitItem::Fn(method) = item {
                    members.insert(method.sig.ident.to_string());
                }
            }
        }
        Item::Impl(each) if each.trait_.is_none() => {
            let syn::Type::Path(path) = each.self_ty.as_ref() else {
                return;
            };
            let name = path
                .path
                .segments
                .last()
                .map(|segment| segment.ident.to_string());
            let Some(members) = name.and_then(|name| surface.get_mut(&name)) else {
                return;
            };
            for item in &each.items {
                if let ImplItem::Fn(method) = item
                    && public(&method.vis)
                {
                    members.insert(method.sig.ident.to_string());
                }
            }
        }
        _ => {}
    }
}

fn named(fields: &Fields) -> Vec<String> {
    let Fields::Named(fields) = fields else {
        return Vec::new();
    };
    let idents = fields.named.iter().filter_map(|field| field.ident.as_ref());
    idents.map(ToString::to_string).collect()
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
