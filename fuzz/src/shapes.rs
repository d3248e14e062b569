//! JSON that is almost that of the protocol: a vector of it with some of its values replaced.

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fulmar_protocol::OperationKey;
use serde_json::{Map, Value, json};

/// Any JSON. Its words are mostly those of the protocol, its numbers those at which readers break.
#[derive(Debug, Arbitrary)]
pub enum Shape {
    Nothing,
    Yes(bool),
    Small(u8),
    Edge(u8),
    Word(u8),
    Key(u8),
    Text(String),
    List(Vec<Shape>),
    Object(Vec<(u8, Shape)>),
}

/// A value that stands somewhere in a vector instead of what was there.
#[derive(Debug, Arbitrary)]
pub struct Patch {
    path: Vec<u8>,
    value: Shape,
}

/// As many things as the bytes give, at most `MOST`: a list of the library itself ends at each second byte.
#[derive(Debug)]
pub struct Many<T, const MOST: usize>(pub Vec<T>);

impl<'a, T: Arbitrary<'a>, const MOST: usize> Arbitrary<'a> for Many<T, MOST> {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut things = Vec::new();
        while !bytes.is_empty() && things.len() < MOST {
            things.push(T::arbitrary(bytes)?);
        }
        Ok(Self(things))
    }
}

/// A vector, and what is wrong with it.
#[derive(Debug, Arbitrary)]
pub struct Patched {
    vector: u8,
    patches: Vec<Patch>,
}

/// Keys with a number beyond this are in no JSON: the sends of a test have them.
pub const TOLD_KEYS: u8 = 8;

const WORDS: [&str; 22] = [
    "c-1", "c-2", "c-9", "alice", "bob", "carol", "m-1", "log-7f", "log-8", "phone", "hello",
    "group", "direct", "admin", "member", "applied", "failed", "skipped", "👍", " ", "..", "",
];

impl Shape {
    pub fn value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Yes(yes) => json!(yes),
            Self::Small(number) => json!(number),
            Self::Edge(index) => edge(index),
            Self::Word(index) => json!(WORDS[usize::from(index) % WORDS.len()]),
            Self::Key(index) => json!(key(index % TOLD_KEYS)),
            Self::Text(text) => json!(text),
            Self::List(items) => items.into_iter().map(Self::value).collect(),
            Self::Object(fields) => {
                let field = |(name, value): (u8, Self)| {
                    let name = WORDS[usize::from(name) % WORDS.len()];
                    (name.to_owned(), value.value())
                };
                Value::Object(fields.into_iter().map(field).collect::<Map<_, _>>())
            }
        }
    }
}

fn edge(index: u8) -> Value {
    let edges = [
        json!(0),
        json!(-1),
        json!((1_u64 << 53) - 1),
        json!(1_u64 << 53),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(u32::MAX),
        json!(1.5),
        json!(1.7e308),
        json!(1_790_000_000_000_i64),
        json!(100),
    ];
    edges[usize::from(index) % edges.len()].clone()
}

/// Whether no JSON has this key.
pub fn is_untold(key: OperationKey) -> bool {
    let number = u128::from_be_bytes(key.to_bytes()) & 0xffff_ffff_ffff;
    number >= u128::from(TOLD_KEYS)
}

pub fn key(index: u8) -> String {
    format!("0190b5f0-0000-7000-8000-{:012x}", index % (TOLD_KEYS * 2))
}

impl Patch {
    /// Walks down the value, by places and not by names, as far as it goes.
    fn apply(self, mut value: &mut Value) {
        for step in self.path {
            let step = usize::from(step);
            // What has nothing in it is replaced itself.
            let count = match &*value {
                Value::Object(fields) => fields.len(),
                Value::Array(items) => items.len(),
                _ => 0,
            };
            if count == 0 {
                break;
            }
            value = match value {
                Value::Object(fields) => match fields.values_mut().nth(step % count) {
                    Some(inner) => inner,
                    None => return,
                },
                Value::Array(items) => &mut items[step % count],
                _ => return,
            };
        }
        *value = self.value.value();
    }
}

impl Patched {
    pub fn value(self, vectors: &[Value]) -> Value {
        let mut value = vectors[usize::from(self.vector) % vectors.len()].clone();
        for patch in self.patches {
            patch.apply(&mut value);
        }
        value
    }

    pub fn of(self, mut value: Value) -> Value {
        for patch in self.patches {
            patch.apply(&mut value);
        }
        value
    }
}

/// The vectors of one kind that are to be accepted, by name: `event`, `server`, `operation` or `body`.
pub fn vectors(kind: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/accept");
    let files = fs::read_dir(&folder).expect("the vectors of the protocol");
    let mut paths: Vec<_> = files
        .map(|file| file.expect("a vector").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.split('.').next() == Some(kind))
        })
        .collect();
    paths.sort();
    let read = |path| fs::read_to_string(path).expect("a vector");
    let vectors: Vec<Value> = paths
        .into_iter()
        .map(|path| serde_json::from_str(&read(path)).expect("JSON"))
        .collect();
    assert!(!vectors.is_empty(), "no vectors of {kind}");
    vectors
}
