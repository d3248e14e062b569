//! A row of the database is read by the names of its columns. An index says nothing, and a column that is put in
//! between makes every index behind it wrong, in silence. `get(0)` is free: of a statement that asks for one value.

use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, Lit};

use super::ratchet::Places;
use super::source::Source;

/// Reads by an index, where SQL is.
pub(super) fn by_index(sources: &[Source]) -> Places {
    let mut places = Places::new();
    for source in sources {
        if source.module.first().is_none_or(|room| room != "store") {
            continue;
        }
        let mut reads = Reads::default();
        reads.visit_file(&source.syntax);
        for (index, line) in reads.0 {
            places.push(format!("{}:{line}: get({index})", source.path));
        }
    }
    places
}

#[derive(Default)]
struct Reads(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if (call.method == "get" || call.method == "get_ref")
            && let Some(Expr::Lit(literal)) = call.args.first()
            && let Lit::Int(index) = &literal.lit
            && index.base10_digits() != "0"
        {
            let line = call.method.span().start().line;
            self.0.push((index.base10_digits().to_owned(), line));
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn only_the_one_value_of_a_statement_has_no_name() {
        let sources = of_texts(&[
            ("lib.rs", "mod store; mod view; fn f(it: &[u8]) { it.get(3); }"),
            (
                "store.rs",
                "fn one(row: &Row) -> i64 { row.get(0) }
                 fn two(row: &Row) -> i64 { let name: i64 = row.get(\"name\")?; row.get::<_, i64>(1) }
                 fn wide(row: &Row) -> i64 { row.get(column::name) }",
            ),
            ("view.rs", ""),
        ]);
        assert_eq!(by_index(&sources), ["store.rs:2: get(1)"]);
    }
}
