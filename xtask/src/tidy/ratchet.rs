//! Numbers that may only fall: what breaks a rule today, in `xtask/tidy/ratchet.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

/// Each place with its file and line.
pub(super) type Places = Vec<String>;

/// Rules by the part of the house that they are counted in.
pub(super) type Counted = BTreeMap<String, BTreeMap<String, Places>>;
type Numbers = BTreeMap<String, BTreeMap<String, usize>>;

const FILE: &str = "xtask/tidy/ratchet.toml";
const HEAD: &str = "# How often each rule of `cargo xtask tidy` is broken. These numbers only fall: more is an error, and so\n\
                    # is less, until `cargo xtask tidy --lower` has written it here. A rule that is not listed has none.\n";
/// How many places of a rule are named where there are too many.
const NAMED: usize = 60;

pub(super) fn read() -> Result<Numbers, String> {
    let failed = |error: String| format!("{FILE}: {error}");
    let text = fs::read_to_string(FILE).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| failed(error.to_string()))
}

/// Writes the smaller number of each rule.
pub(super) fn lower(allowed: &Numbers, counted: &Counted) -> Result<Numbers, String> {
    let lowered = lowered(allowed, counted);
    fs::write(FILE, written(&lowered)).map_err(|error| format!("{FILE}: {error}"))?;
    Ok(lowered)
}

fn lowered(allowed: &Numbers, counted: &Counted) -> Numbers {
    let mut lowered = Numbers::new();
    for (part, rules) in allowed {
        for (rule, most) in rules {
            let now = counted
                .get(part)
                .and_then(|rules| rules.get(rule))
                .map_or(0, Vec::len);
            let number = now.min(*most);
            if number > 0 {
                let part = lowered.entry(part.clone()).or_default();
                part.insert(rule.clone(), number);
            }
        }
    }
    lowered
}

fn written(numbers: &Numbers) -> String {
    let mut text = HEAD.to_owned();
    for (part, rules) in numbers {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n[{part}]\n");
        for (rule, number) in rules {
            let bare = rule
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
            let key = if bare {
                rule.clone()
            } else {
                format!("'{rule}'")
            };
            let _ = writeln!(text, "{key} = {number}");
        }
    }
    text
}

/// Where there is more, or less, than is allowed.
pub(super) fn compare(allowed: &Numbers, counted: &Counted, complaints: &mut Vec<String>) {
    let rules = |part: &str| {
        let allowed = allowed.get(part).into_iter().flat_map(BTreeMap::keys);
        let counted = counted.get(part).into_iter().flat_map(BTreeMap::keys);
        allowed.chain(counted).collect::<BTreeSet<_>>()
    };
    let parts: BTreeSet<&String> = allowed.keys().chain(counted.keys()).collect();
    for part in parts {
        for rule in rules(part) {
            let most = allowed.get(part).and_then(|rules| rules.get(rule));
            let most = most.copied().unwrap_or(0);
            let places = counted.get(part).and_then(|rules| rules.get(rule));
            let places = places.map_or(&[][..], Vec::as_slice);
            if places.len() > most {
                let named = places
                    .iter()
                    .take(NAMED)
                    .map(|place| format!("\n  {place}"));
                complaints.push(format!(
                    "{part}: {rule}: {} places, at most {most}:{}",
                    places.len(),
                    named.collect::<String>()
                ));
            } else if places.len() < most {
                complaints.push(format!(
                    "{part}: {rule}: {} places, and {FILE} says {most}: cargo xtask tidy --lower",
                    places.len()
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_an_error_and_so_is_less() {
        assert_eq!(complaints(&[("circles", 2)], &[("circles", 2)]), 0);
        assert_eq!(complaints(&[("circles", 2)], &[("circles", 3)]), 1);
        assert_eq!(complaints(&[("circles", 2)], &[("circles", 1)]), 1);
        assert_eq!(complaints(&[("circles", 2)], &[]), 1);
        assert_eq!(complaints(&[], &[("circles", 1)]), 1);
        assert_eq!(complaints(&[], &[("circles", 0)]), 0);
    }

    #[test]
    fn lowering_never_raises_and_forgets_what_is_done() {
        let now = counted(&[("circles", 9), ("upward", 1), ("new", 4)]);
        let lowered = lowered(
            &allowed(&[("circles", 2), ("upward", 3), ("gone", 1)]),
            &now,
        );
        assert_eq!(lowered, allowed(&[("circles", 2), ("upward", 1)]));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let numbers = allowed(&[("let go of", 2), ("`.hold(`", 1), ("circles", 3)]);
        let read: Numbers = toml::from_str(&written(&numbers)).unwrap();
        assert_eq!(read, numbers);
    }

    fn allowed(rules: &[(&str, usize)]) -> Numbers {
        let rules = rules.iter().map(|(rule, most)| ((*rule).to_owned(), *most));
        Numbers::from([("engine".to_owned(), rules.collect())])
    }

    fn counted(rules: &[(&str, usize)]) -> Counted {
        let rules = rules
            .iter()
            .map(|(rule, number)| ((*rule).to_owned(), vec!["a.rs:1".to_owned(); *number]));
        Counted::from([("engine".to_owned(), rules.collect())])
    }

    fn complaints(most: &[(&str, usize)], now: &[(&str, usize)]) -> usize {
        let mut complaints = Vec::new();
        compare(&allowed(most), &counted(now), &mut complaints);
        complaints.len()
    }
}
