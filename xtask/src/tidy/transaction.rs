//! The transaction has methods in its own module only: what everything can call, everything can change.

use serde::Deserialize;
use syn::visit::{self, Visit};
use syn::{ItemImpl, Type};

use super::ratchet::Places;
use super::source::Source;

/// A type, and the one module that may have an `impl` of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confined {
    #[serde(rename = "type")]
    name: String,
    module: String,
}

pub(super) fn outside(sources: &[Source], confined: &[Confined]) -> Places {
    let mut places = Places::new();
    for source in sources {
        let module = source.module.join("::");
        let mut blocks = Blocks::default();
        blocks.visit_file(&source.syntax);
        for (name, line) in blocks.0 {
            if confined
                .iter()
                .any(|each| each.name == name && each.module != module)
            {
                places.push(format!("{}:{line}: impl {name}", source.path));
            }
        }
    }
    places
}

#[derive(Default)]
struct Blocks(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Blocks {
    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        if let Type::Path(path) = block.self_ty.as_ref()
            && let Some(last) = path.path.segments.last()
        {
            let line = block.impl_token.span.start().line;
            self.0.push((last.ident.to_string(), line));
        }
        visit::visit_item_impl(self, block);
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn only_the_own_module_may_have_methods() {
        let confined = [Confined {
            name: "Tx".to_owned(),
            module: "tx".to_owned(),
        }];
        let sources = of_texts(&[
            ("lib.rs", "mod tx; mod outbox;"),
            ("tx.rs", "pub struct Tx; impl Tx<'_> {} impl Drop for Tx {}"),
            (
                "outbox.rs",
                "struct Other; impl Other {}\nimpl crate::tx::Tx<'_> {}
                 mod inner {\n trait Send {} impl Send for Tx {} }",
            ),
        ]);
        let expected = ["outbox.rs:2: impl Tx", "outbox.rs:4: impl Tx"];
        assert_eq!(outside(&sources, &confined), expected);
    }
}
