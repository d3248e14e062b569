//! A lie: a value that stands where another one belongs, at a place in a JSON text.

use std::fmt;

use serde_json::{Value, json};

/// How long a list may become by copies, in bytes: as long as a frame (PROTOCOL.md §9).
const LONGEST: usize = 1024 * 1024;

/// What stands in the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lie {
    Absent,
    Null,
    /// Another type.
    Number,
    Text,
    Object,
    List,
    /// The same type, and another value.
    Empty,
    LongText,
    OddText,
    OtherUser,
    OtherConversation,
    Dot,
    DotDot,
    Zero,
    Negative,
    Half,
    /// 2^53 − 1.
    Largest,
    /// 2^53.
    TooLarge,
    /// 2^63.
    FarTooLarge,
    Opposite,
    Twice,
    Reversed,
    /// 10,000 copies, as far as they go into a frame.
    Many,
}

impl Lie {
    /// All that can be told in the place of this.
    pub(crate) fn about(truth: &Value) -> Vec<Self> {
        let mut all = vec![Self::Absent, Self::Null];
        all.extend_from_slice(match truth {
            Value::Null => &[],
            Value::Bool(_) => &[Self::Number, Self::Text, Self::Opposite],
            Value::Number(_) => &[
                Self::Text,
                Self::List,
                Self::Zero,
                Self::Negative,
                Self::Half,
                Self::Largest,
                Self::TooLarge,
                Self::FarTooLarge,
            ],
            Value::String(_) => &[
                Self::Number,
                Self::Object,
                Self::Empty,
                Self::LongText,
                Self::OddText,
                Self::OtherUser,
                Self::OtherConversation,
                Self::Dot,
                Self::DotDot,
            ],
            Value::Array(_) => &[
                Self::Object,
                Self::Text,
                Self::Empty,
                Self::Twice,
                Self::Reversed,
                Self::Many,
            ],
            Value::Object(_) => &[Self::List, Self::Text, Self::Empty],
        });
        all
    }

    /// What is told; `None` for nothing.
    fn instead_of(self, truth: &Value) -> Option<Value> {
        let items = truth.as_array().cloned().unwrap_or_default();
        Some(match self {
            Self::Absent => return None,
            Self::Null => Value::Null,
            Self::Number => json!(7),
            Self::Text => json!("7"),
            Self::Object => json!({}),
            Self::List => json!([]),
            Self::Empty => match truth {
                Value::Array(_) => json!([]),
                Value::Object(_) => json!({}),
                _ => json!(""),
            },
            Self::LongText => json!("x".repeat(100_000)),
            Self::OddText => json!("a\u{0}b\u{fffe}\u{202e}c\u{2066}"),
            Self::OtherUser => json!("mallory"),
            Self::OtherConversation => json!("c-2"),
            Self::Dot => json!("."),
            Self::DotDot => json!(".."),
            Self::Zero => json!(0),
            Self::Negative => json!(-1),
            Self::Half => json!(1.5),
            Self::Largest => json!((1_u64 << 53) - 1),
            Self::TooLarge => json!(1_u64 << 53),
            Self::FarTooLarge => json!(1_u64 << 63),
            Self::Opposite => json!(truth != &json!(true)),
            Self::Twice => items.iter().chain(&items).cloned().collect(),
            Self::Reversed => items.into_iter().rev().collect(),
            Self::Many => {
                let size = truth.to_string().len().max(1);
                let most = 10_000.min(LONGEST / size * items.len().max(1));
                items.iter().cycle().take(most).cloned().collect()
            }
        })
    }
}

/// One step into a value. Of a list the first and the last element are enough.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Name(String),
    First,
    Last,
}

/// Where in a value a lie stands; empty: it is the whole value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(pub(crate) Vec<Step>);

impl Path {
    /// Whether the names on the way end like this.
    pub(crate) fn ends_with(&self, names: &[&str]) -> bool {
        let own: Vec<_> = self.names().collect();
        own.ends_with(names)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            Step::First | Step::Last => None,
        })
    }

    fn then(&self, step: Step) -> Self {
        Self([self.0.as_slice(), &[step]].concat())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Name(name) => write!(f, ".{name}")?,
                Step::First => f.write_str("[first]")?,
                Step::Last => f.write_str("[last]")?,
            }
        }
        Ok(())
    }
}

/// All places in a value, with what can be told there.
pub(crate) fn all_about(value: &Value, at: &Path, found: &mut impl FnMut(Path, Lie)) {
    let about = Lie::about(value);
    // Nothing at all is no lie.
    let some = about.into_iter().skip(usize::from(at.0.is_empty()));
    some.for_each(|lie| found(at.clone(), lie));
    match value {
        Value::Array(items) => {
            if let Some(first) = items.first() {
                all_about(first, &at.then(Step::First), found);
            }
            if let [_, .., last] = items.as_slice() {
                all_about(last, &at.then(Step::Last), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                all_about(field, &at.then(Step::Name(name.clone())), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Tells a lie, if the value has such a place. Returns whether it has.
pub(crate) fn tell(value: &mut Value, path: &[Step], lie: Lie) -> bool {
    let Some((step, rest)) = path.split_first() else {
        *value = lie.instead_of(value).unwrap_or_default();
        return true;
    };
    let gone = rest.is_empty() && lie == Lie::Absent;
    match (step, value) {
        (Step::Name(name), Value::Object(fields)) if gone => fields.remove(name).is_some(),
        (Step::Name(name), Value::Object(fields)) => fields
            .get_mut(name)
            .is_some_and(|field| tell(field, rest, lie)),
        (Step::First | Step::Last, Value::Array(items)) if !items.is_empty() => {
            let at = match step {
                Step::Last => items.len() - 1,
                Step::First | Step::Name(_) => 0,
            };
            if gone {
                items.remove(at);
                return true;
            }
            tell(&mut items[at], rest, lie)
        }
        _ => false,
    }
}
