//! Places that silently take a new variant of one of our enums.
//!
//! `clippy::wildcard_enum_match_arm` sees `_` where an enum itself is matched, once it is denied; it does not
//! look into tuples, `Option`, `Result` and other patterns around an enum, and not at `matches!`. Three counts:
//!
//! - What clippy sees, too: a `match` on an enum of ours with an arm without a guard that takes all the rest,
//!   `_` or a plain name.
//! - What it is silent on: a `match` that names a variant of ours inside of a larger pattern, and has such an arm,
//!   or a tuple of such, or such a thing in the same place as the variant (`Some(State::Queued)` beside
//!   `Some(_)`).
//! - `matches!` with a variant of ours outside of an `impl` of that enum: a question about an enum is a method
//!   of it, where the other variants are in sight.
//!
//! `(State::Queued, _)` is not counted: which column may be open, the tuple's author says in each row.

use std::collections::BTreeSet;

use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Arm, Attribute, Expr, ExprMatch, ItemImpl, Macro, Pat, Token, Type};

use super::enums::{Enums, Vocabulary};
use super::ratchet::Places;
use super::source::Source;

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) of_enums: Places,
    pub(super) around_enums: Places,
    pub(super) matches: Places,
}

pub(super) fn wildcards(sources: &[Source], enums: &Enums) -> Found {
    let mut found = Found::default();
    for source in sources {
        let mut reader = Reader {
            path: &source.path,
            words: Vocabulary::of(source, enums),
            own: None,
            found: &mut found,
        };
        reader.visit_file(&source.syntax);
    }
    found
}

struct Reader<'a> {
    path: &'a str,
    words: Vocabulary<'a>,
    /// The type whose `impl` this is.
    own: Option<String>,
    found: &'a mut Found,
}

impl Reader<'_> {
    fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    fn judge_match(&mut self, each: &ExprMatch) {
        let mut outside = BTreeSet::new();
        let mut inside = BTreeSet::new();
        for arm in &each.arms {
            let named = self.words.named(&arm.pat, self.own());
            outside.extend(named.outside);
            inside.extend(named.inside);
        }
        let whole = each.arms.iter().find(|arm| takes_all(arm));
        match (whole, outside.is_empty(), inside.is_empty()) {
            (Some(arm), false, _) => self.found.of_enums.push(self.place(arm, &outside)),
            (Some(arm), true, false) => self.found.around_enums.push(self.place(arm, &inside)),
            (Some(_), true, true) => {}
            (None, ..) => {
                if let Some(arm) = self.takes_the_rest(each) {
                    self.found.around_enums.push(self.place(arm, &inside));
                }
            }
        }
    }

    fn place(&self, arm: &Arm, enums: &BTreeSet<String>) -> String {
        let line = arm.fat_arrow_token.spans[0].start().line;
        let names: Vec<&str> = enums.iter().map(String::as_str).collect();
        let names = names.join(", ");
        format!("{}:{line}: an arm for all the rest of {names}", self.path)
    }

    /// An arm `P(_)` beside an arm `P(Enum::Variant)`.
    fn takes_the_rest<'ast>(&self, each: &'ast ExprMatch) -> Option<&'ast Arm> {
        let cases: Vec<(&Arm, &Pat)> = each
            .arms
            .iter()
            .flat_map(|arm| cases(&arm.pat).into_iter().map(move |case| (arm, case)))
            .collect();
        let open = |case: &Pat| match case {
            Pat::TupleStruct(one) if one.elems.iter().all(is_wild) => Some(words(&one.path)),
            _ => None,
        };
        let (arm, _) = cases.iter().find(|(arm, case)| {
            let Some(path) = open(case).filter(|_| arm.guard.is_none()) else {
                return false;
            };
            cases.iter().any(|(_, other)| match other {
                Pat::TupleStruct(one) if words(&one.path) == path => {
                    !self.words.named(other, self.own()).inside.is_empty()
                }
                _ => false,
            })
        })?;
        Some(arm)
    }

    fn judge_matches(&mut self, each: &Macro) {
        let Ok((expression, pattern)) = parse_matches.parse2(each.tokens.clone()) else {
            return;
        };
        let named = self.words.named(&pattern, self.own());
        for name in named.outside.union(&named.inside) {
            if self.own() != Some(name) {
                let line = each
                    .path
                    .segments
                    .first()
                    .map_or(0, |first| first.ident.span().start().line);
                let place = format!("{}:{line}: matches! on {name}", self.path);
                self.found.matches.push(place);
                break;
            }
        }
        self.visit_expr(&expression);
    }
}

fn parse_matches(input: ParseStream) -> syn::Result<(Expr, Pat)> {
    let expression = input.parse()?;
    input.parse::<Token![,]>()?;
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    if input.parse::<Option<Token![if]>>()?.is_some() {
        input.parse::<Expr>()?;
    }
    input.parse::<Option<Token![,]>>()?;
    Ok((expression, pattern))
}

fn takes_all(arm: &Arm) -> bool {
    arm.guard.is_none() && cases(&arm.pat).into_iter().any(is_wild)
}

/// The alternatives of a pattern.
fn cases(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Or(each) => each.cases.iter().flat_map(cases).collect(),
        Pat::Paren(each) => cases(&each.pat),
        _ => vec![pattern],
    }
}

fn is_wild(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        // Constants and variants begin with a capital.
        Pat::Ident(each) => {
            each.subpat.is_none() && each.ident.to_string().starts_with(char::is_lowercase)
        }
        Pat::Tuple(each) => each.elems.iter().all(is_wild),
        Pat::Reference(each) => is_wild(&each.pat),
        Pat::Paren(each) => is_wild(&each.pat),
        _ => false,
    }
}

fn words(path: &syn::Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect()
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let name = match block.self_ty.as_ref() {
            Type::Path(path) => words(&path.path).pop(),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.own, name);
        visit::visit_item_impl(self, block);
        self.own = outer;
    }

    fn visit_expr_match(&mut self, each: &'ast ExprMatch) {
        self.judge_match(each);
        visit::visit_expr_match(self, each);
    }

    fn visit_macro(&mut self, each: &'ast Macro) {
        if each.path.is_ident("matches") {
            self.judge_matches(each);
            return;
        }
        // Most macros are given expressions; the others are not looked into.
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(expressions) = parser.parse2(each.tokens.clone()) {
            for expression in &expressions {
                self.visit_expr(expression);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::of_texts;
    use super::*;

    #[test]
    fn an_arm_for_all_the_rest_counts_where_an_enum_is_inside() {
        let wild = [
            "(State::Queued, true) => 1, _ => 2",
            "(State::Queued, true) => 1, other => 2",
            "(State::Queued, Way::Down) => 1, (_, _) => 2",
            "(State::Queued, 1) | (_, _) => 2",
            "Some(State::Queued) => 1, _ => 2",
            "Some(State::Queued) => 1, Some(_) => 2, None => 3",
            "Err(crate::State::Queued) => 1, Err(error) => 2, Ok(()) => 3",
            "Way::Up(State::Queued) => 1, Way::Up(_) => 2, Way::Down => 3",
            "&[State::Queued] => 1, _ => 2",
        ];
        for each in wild {
            assert_eq!(arms(each), 1, "{each}");
        }
    }

    #[test]
    fn what_names_each_variant_or_is_for_clippy_does_not_count() {
        let fine = [
            "(State::Queued, _) => 1, (State::Sent, _) => 2",
            "(State::Queued, true) => 1, _ if late => 2, (State::Sent, _) => 3",
            "State::Queued => 1, _ => 2",
            "Some(State::Queued) => 1, Some(State::Sent) => 2, None => 3",
            "(Foreign::Queued, true) => 1, _ => 2",
            "(1, true) => 1, _ => 2",
            "Some(1) => 1, Some(_) => 2, None => 3",
            "(LIMIT, State::Sent) => 1, (LIMIT, State::Queued) => 2",
        ];
        for each in fine {
            assert_eq!(arms(each), 0, "{each}");
        }
    }

    #[test]
    fn an_arm_for_all_the_rest_of_an_enum_counts_by_itself() {
        let of_enums = |arms: &str| found(&format!("fn f() {{ match x {{ {arms} }} }}")).2.len();
        assert_eq!(of_enums("State::Queued => 1, _ => 2"), 1);
        assert_eq!(of_enums("Way::Up(State::Queued) => 1, other => 2"), 1);
        assert_eq!(
            of_enums("State::Queued => 1, _ if late => 2, State::Sent => 3"),
            0
        );
        assert_eq!(of_enums("Some(State::Queued) => 1, _ => 2"), 0);
        assert_eq!(of_enums("State::Queued => 1, State::Sent => 2"), 0);
    }

    #[test]
    fn variants_may_be_imported() {
        let code = "use State::*; fn f() { match x { (Queued, 1) => 1, _ => 2 } }";
        assert_eq!(
            found(code).0,
            ["lib.rs:1: an arm for all the rest of State"]
        );
        let code = "use crate::State as S; fn f() { match x { (S::Queued, 1) => 1, _ => 2 } }";
        assert_eq!(found(code).0.len(), 1);
        let code = "use crate::State::{Queued as Q}; fn f() { match x { (Q, 1) => 1, _ => 2 } }";
        assert_eq!(found(code).0.len(), 1);
    }

    #[test]
    fn enums_may_be_written_by_macros() {
        let macros =
            "macro_rules! m { ($($v:ident)*) => { pub enum Method { $($v),* } } } m! { Send }";
        let of = |code: &str| found(&format!("{macros} fn f() {{ {code} }}"));
        assert_eq!(of("matches!(x, Method::Send(_))").1.len(), 1);
        assert_eq!(of("match x { Some(Method::Send) => 1, _ => 2 }").0.len(), 1);
        assert_eq!(of("matches!(x, Method::LIMIT)").1.len(), 0);
    }

    #[test]
    fn matches_belongs_to_the_enum() {
        let outside = [
            "fn f() { matches!(x, State::Queued) }",
            "fn f() { assert!(!matches!(x, Some(State::Queued) if late)); }",
            "impl Other { fn f(&self) { matches!(self.0, State::Queued | State::Sent,) } }",
            "impl State { fn f(&self) { matches!(self.0, Way::Up(_)) } }",
        ];
        for each in outside {
            assert_eq!(found(each).1.len(), 1, "{each}");
        }
        let inside = [
            "impl State { fn f(&self) { matches!(self, Self::Queued) } }",
            "impl Display for State { fn f(&self) { matches!(self, State::Queued) } }",
            "fn f() { matches!(x, Some('a' | 'b')) }",
            "fn f() { matches!(x, Foreign::Queued) }",
        ];
        for each in inside {
            assert_eq!(found(each).1.len(), 0, "{each}");
        }
    }

    const ENUMS: &str = "pub enum State { Queued, Sent } pub enum Way { Up(State), Down }";

    fn found(code: &str) -> (Places, Places, Places) {
        let text = format!("{code}\n{ENUMS}");
        let sources = of_texts(&[("lib.rs", &text)]);
        let mut enums = Enums::default();
        enums.add(&sources);
        let found = wildcards(&sources, &enums);
        (found.around_enums, found.matches, found.of_enums)
    }

    fn arms(arms: &str) -> usize {
        let count = |body: &str| found(body).0.len();
        count(&format!("fn f() {{ match x {{ {arms} }} }}"))
    }
}
