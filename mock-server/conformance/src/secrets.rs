//! What opens an account is shown in no report: passwords and tokens are replaced by `…`, by the names of their fields,
//! and by their values, wherever they stand and however they are escaped.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// Fields whose values are not shown.
const NAMES: [&str; 4] = ["password", "accessToken", "refreshToken", "token"];
/// How often a text may be escaped as JSON within JSON.
const DEPTH: usize = 3;
/// Shorter tokens of a server are no secrets, and would hide half of a report.
const SHORTEST: usize = 4;
/// How much of a text is looked at. The rest is not shown either.
const MOST: usize = 4_096;

/// The values that are known to open an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<char, Vec<Vec<char>>>>>);

impl Secrets {
    /// A value that is never shown.
    pub(crate) fn add(&self, secret: &str) {
        let secret: Vec<char> = secret.chars().collect();
        let Some(first) = secret.first() else {
            return;
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = all.entry(*first).or_default();
        if !alike.contains(&secret) {
            alike.push(secret);
        }
    }

    /// Every token in an answer or a frame, however deep.
    pub(crate) fn learn(&self, answer: &Value) {
        match answer {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(secret) if NAMES.contains(&name.as_str()) => {
                            if secret.chars().count() >= SHORTEST {
                                self.add(secret);
                            }
                        }
                        other => self.learn(other),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The beginning of a text, without anything that opens an account.
    pub(crate) fn hide(&self, text: &str) -> String {
        let cut = first(text, MOST);
        let is_cut = cut.len() < text.len();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hidden: Vec<Range<usize>> = Vec::new();
        let plain = units(cut);
        let unquoted = without_percents(&plain);
        in_query(&plain, &mut hidden);
        by_value(&unquoted, &all, is_cut, &mut hidden);
        let mut view = plain;
        for _ in 0..=DEPTH {
            by_name(&view, &mut hidden);
            by_value(&view, &all, is_cut, &mut hidden);
            let deeper = unescaped(&view);
            if deeper.len() == view.len() {
                break;
            }
            view = deeper;
        }
        without(cut, hidden)
    }
}

/// The first characters of a text.
pub(crate) fn first(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters);
    end.map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// A character as it is meant, and where it stands.
#[derive(Clone, Copy)]
struct Unit {
    character: char,
    from: usize,
    to: usize,
}

fn units(text: &str) -> Vec<Unit> {
    let unit = |(from, character): (usize, char)| Unit {
        character,
        from,
        to: from + character.len_utf8(),
    };
    text.char_indices().map(unit).collect()
}

/// The same with one level of JSON's escapes undone.
fn unescaped(view: &[Unit]) -> Vec<Unit> {
    let mut undone = Vec::with_capacity(view.len());
    let mut at = 0;
    while let Some(unit) = view.get(at) {
        let (character, length) = match (unit.character, view.get(at + 1)) {
            ('\\', Some(next)) => match next.character {
                'u' => escape(view, at).unwrap_or(('\\', 1)),
                'n' => ('\n', 2),
                't' => ('\t', 2),
                'r' => ('\r', 2),
                'b' => ('\u{8}', 2),
                'f' => ('\u{c}', 2),
                other => (other, 2),
            },
            (character, _) => (character, 1),
        };
        undone.push(joined(view, at, length, *unit, character));
        at += length;
    }
    undone
}

/// The character that so many units stand for, from this one on.
fn joined(view: &[Unit], at: usize, length: usize, first: Unit, character: char) -> Unit {
    let last = view.get(at + length - 1).unwrap_or(&first);
    Unit {
        character,
        from: first.from,
        to: last.to,
    }
}

/// The character of a `\u00e9`, or of two for one beyond the first plane, and how long it is.
fn escape(view: &[Unit], at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let head = view.get(at..at + 2)?;
        let is_escape = head[0].character == '\\' && head[1].character == 'u';
        hex(view.get(at + 2..at + 6)?).filter(|_| is_escape)
    };
    let one = unit(at)?;
    if let Some(character) = char::from_u32(one) {
        return Some((character, 6));
    }
    let pair = [one, unit(at + 6)?].map(|half| u16::try_from(half).unwrap_or_default());
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 12))
}

fn hex(digits: &[Unit]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + digit.character.to_digit(16)?)
    })
}

/// The same with `%2B` and the like undone, as far as they are UTF-8.
fn without_percents(view: &[Unit]) -> Vec<Unit> {
    let mut undone = Vec::with_capacity(view.len());
    let mut at = 0;
    while let Some(unit) = view.get(at) {
        let mut bytes = Vec::new();
        let byte = |index: usize| {
            let triple = view.get(index..index + 3)?;
            let is_one = triple[0].character == '%';
            hex(&triple[1..]).filter(|_| is_one)
        };
        while let Some(next) = byte(at + 3 * bytes.len()) {
            bytes.push(u8::try_from(next).unwrap_or_default());
            if std::str::from_utf8(&bytes).is_ok() || bytes.len() == 4 {
                break;
            }
        }
        let decoded = std::str::from_utf8(&bytes).ok();
        let found = decoded.and_then(|text| text.chars().next());
        let (character, length) = match found {
            Some(character) => (character, 3 * bytes.len()),
            None => (unit.character, 1),
        };
        undone.push(joined(view, at, length, *unit, character));
        at += length;
    }
    undone
}

fn starts_with(view: &[Unit], mut text: impl Iterator<Item = char>) -> bool {
    let mut units = view.iter();
    text.all(|character| units.next().is_some_and(|unit| unit.character == character))
}

/// Where known values stand; where the text was cut, also what begins one at its end.
fn by_value(
    view: &[Unit],
    secrets: &BTreeMap<char, Vec<Vec<char>>>,
    is_cut: bool,
    hidden: &mut Vec<Range<usize>>,
) {
    for (at, unit) in view.iter().enumerate() {
        for secret in secrets.get(&unit.character).into_iter().flatten() {
            let rest = view.get(at..).unwrap_or_default();
            let length = match is_cut {
                true => secret.len().min(rest.len()),
                false => secret.len(),
            };
            let is_there = starts_with(rest, secret.iter().copied().take(length));
            if let Some(last) = rest.get(length - 1).filter(|_| is_there) {
                hidden.push(unit.from..last.to);
            }
        }
    }
}

/// Where the values of secret fields stand, also where the JSON is cut, or within a sentence.
fn by_name(view: &[Unit], hidden: &mut Vec<Range<usize>>) {
    let is = |at: usize, wanted: char| view.get(at).is_some_and(|unit| unit.character == wanted);
    for at in (0..view.len()).filter(|at| is(*at, '"')) {
        let rest = view.get(at + 1..).unwrap_or_default();
        let named = |name: &&&str| starts_with(rest, name.chars().chain(['"']));
        let Some(name) = NAMES.iter().find(named) else {
            continue;
        };
        let mut from = at + name.len() + 2;
        while is(from, ':') || is(from, ' ') {
            from += 1;
        }
        if !is(from, '"') {
            continue;
        }
        let mut to = from + 1;
        while to < view.len() && !is(to, '"') {
            to += if is(to, '\\') { 2 } else { 1 };
        }
        range(view, from + 1, to, hidden);
    }
}

/// Where the token of an address stands.
fn in_query(view: &[Unit], hidden: &mut Vec<Range<usize>>) {
    for (at, unit) in view.iter().enumerate() {
        let rest = view.get(at + 1..).unwrap_or_default();
        if !matches!(unit.character, '?' | '&') || !starts_with(rest, "token=".chars()) {
            continue;
        }
        let from = at + 1 + "token=".len();
        let ends =
            |unit: &Unit| unit.character.is_whitespace() || "&#\"'\\)<>".contains(unit.character);
        let length = view.iter().skip(from).position(ends);
        range(
            view,
            from,
            length.map_or(view.len(), |length| from + length),
            hidden,
        );
    }
}

fn range(view: &[Unit], from: usize, to: usize, hidden: &mut Vec<Range<usize>>) {
    let to = to.min(view.len());
    if let (true, Some(first), Some(last)) = (from < to, view.get(from), view.get(to.max(1) - 1)) {
        hidden.push(first.from..last.to);
    }
}

/// A text with `…` in each of these places.
fn without(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.sort_by_key(|range| (range.start, range.end));
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for range in hidden {
        if range.start >= from {
            shown.push_str(text.get(from..range.start).unwrap_or_default());
            shown.push('…');
        }
        from = from.max(range.end);
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MOST, Secrets};

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        for (text, shown) in [
            (r#"{"password":"x y","a":1}"#, r#"{"password":"…","a":1}"#),
            (
                r#"expected 1, got [{"deep":{"accessToken": "eyéJ"}},{"refreshToken":"s-1.8f"}]"#,
                r#"expected 1, got [{"deep":{"accessToken": "…"}},{"refreshToken":"…"}]"#,
            ),
            (r#"cut off: {"token":"abc"#, r#"cut off: {"token":"…"#),
            (r#"{"token":7,"token":null}"#, r#"{"token":7,"token":null}"#),
            (
                r#"{"password":"a\"b\\","c":1}"#,
                r#"{"password":"…","c":1}"#,
            ),
            (
                r#"{"echo":"{\"password\":\"ab\"}"}"#,
                r#"{"echo":"{\"password\":\"…\"}"}"#,
            ),
            (
                "→ GET /v1/me?token=abc.d-e&x=1 ",
                "→ GET /v1/me?token=…&x=1 ",
            ),
            (
                "url (http://a/v1/me?token=abc)",
                "url (http://a/v1/me?token=…)",
            ),
            ("no secret", "no secret"),
        ] {
            assert_eq!(Secrets::default().hide(text), shown);
        }
    }

    #[test]
    fn a_known_value_is_hidden_however_it_is_escaped() {
        let password = "p\"a\\é/🐦";
        let secrets = Secrets::default();
        secrets.add(password);
        secrets.add("");
        let mut form = password.to_owned();
        for _ in 0..4 {
            assert_eq!(secrets.hide(&format!("it is {form}!")), "it is …!");
            let json = json!(form).to_string();
            form = json[1..json.len() - 1].to_owned();
        }
        for form in [
            r"p\u0022a\u005C\u00E9\/\ud83d\udc26",
            "p%22a%5C%C3%A9/%F0%9F%90%A6",
            "p%22a%5c%c3%a9%2f%f0%9f%90%a6",
        ] {
            assert_eq!(secrets.hide(&format!("it is {form}!")), "it is …!");
        }
    }

    #[test]
    fn tokens_of_answers_are_learned() {
        let secrets = Secrets::default();
        secrets.learn(&json!([{"accessToken": "token-1", "deep": {"refreshToken": "token-2"}}, {"token": "a"}]));
        assert_eq!(secrets.hide("a token-1 a token-2"), "a … a …");
    }

    #[test]
    fn a_value_that_is_cut_is_hidden_as_well() {
        let secrets = Secrets::default();
        secrets.add("a-long-password");
        let text = format!("{}a-long-password", "x".repeat(MOST - 6));
        assert!(secrets.hide(&text).ends_with("xx…"));
        assert_eq!(secrets.hide("it is a-lo"), "it is a-lo");
    }

    #[test]
    fn what_is_broken_or_long_is_no_trouble() {
        let secrets = Secrets::default();
        for text in [
            "\\",
            "\\u",
            "\\u12",
            "\\ud83d\\u0041",
            "%",
            "%4",
            "%ff%",
            "\"password\":\"",
            "\"token\":\"\\",
        ] {
            assert_eq!(secrets.hide(text), text.replace("\"\\", "\"…"));
        }
        assert_eq!(secrets.hide(&"é".repeat(100_000)).chars().count(), MOST);
    }
}
