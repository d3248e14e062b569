//! Lists in which an element that cannot be read does not take the others with it (PROTOCOL.md §2.4).
//!
//! It is set aside as it came, so that a later version can try again. What an unreadable element means for
//! the rest is for others to decide.

use std::ops::{Deref, DerefMut};

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Unreadable;

/// Of a longer element only the short fields are kept.
pub(crate) const LONGEST_SET_ASIDE: usize = 64 * 1024;

/// A field that has a default, also where it is null (PROTOCOL.md §2.3).
pub(crate) fn null_is_default<'de, D, T>(reader: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(reader).map(Option::unwrap_or_default)
}

/// A list, and what of it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lenient<T> {
    read: Vec<T>,
    set_aside: Vec<SetAside>,
}

/// An element of a list that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it was in the list as it came, from 0.
    pub index: usize,
    /// What came; of something very long only its short fields.
    pub raw: Value,
    /// Whether `raw` is all that came.
    pub is_whole: bool,
    /// What is wrong with it.
    pub reason: Unreadable,
}

impl SetAside {
    fn new(index: usize, raw: Value, error: &serde_json::Error) -> Self {
        let is_whole = raw.to_string().len() <= LONGEST_SET_ASIDE;
        Self {
            index,
            raw: if is_whole { raw } else { short_fields(raw) },
            is_whole,
            reason: Unreadable::malformed(error),
        }
    }

    /// A field of it, if that much can be read.
    #[must_use]
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.raw.get(name)?).ok()
    }
}

impl<T> Lenient<T> {
    /// What could not be read, in the order in which it came.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// The list as it came: the elements that were read, and in their places those that were not.
    pub fn in_order(&self) -> impl Iterator<Item = Result<&T, &SetAside>> {
        let mut read = self.read.iter();
        let mut set_aside = self.set_aside.iter().peekable();
        let count = self.read.len() + self.set_aside.len();
        (0..count).filter_map(move |index| {
            match set_aside.next_if(|unreadable| unreadable.index == index) {
                Some(unreadable) => Some(Err(unreadable)),
                None => read.next().map(Ok),
            }
        })
    }

    /// Only what could be read.
    #[must_use]
    pub fn into_read(self) -> Vec<T> {
        self.read
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Self::default();
        for (index, raw) in Vec::<Value>::deserialize(deserializer)?
            .into_iter()
            .enumerate()
        {
            match T::deserialize(&raw) {
                Ok(element) => list.read.push(element),
                Err(error) => list.set_aside.push(SetAside::new(index, raw, &error)),
            }
        }
        Ok(list)
    }
}

/// Reads a list without what cannot be read of it, where nothing is lost for good with an element.
pub(crate) fn readable<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Lenient::deserialize(deserializer).map(Lenient::into_read)
}

fn short_fields(raw: Value) -> Value {
    let Value::Object(object) = raw else {
        return Value::Null;
    };
    let is_short = |value: &Value| match value {
        Value::String(text) => text.len() <= 128,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) | Value::Object(_) => false,
    };
    let short = object.into_iter().filter(|(_, value)| is_short(value));
    Value::Object(short.take(32).collect::<Map<_, _>>())
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self {
            read: Vec::new(),
            set_aside: Vec::new(),
        }
    }
}

impl<T> From<Vec<T>> for Lenient<T> {
    fn from(read: Vec<T>) -> Self {
        Self {
            read,
            set_aside: Vec::new(),
        }
    }
}

impl<T> FromIterator<T> for Lenient<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Vec::from_iter(elements).into()
    }
}

impl<T> Deref for Lenient<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.read
    }
}

impl<T> DerefMut for Lenient<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.read
    }
}

impl<T> IntoIterator for Lenient<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.read.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Lenient<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.read.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Lenient<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.read.iter_mut()
    }
}

impl<T: Serialize> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Lenient<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Position;

    #[test]
    fn what_cannot_be_read_is_set_aside_and_the_rest_is_read() {
        let list: Lenient<Position> = serde_json::from_value(json!([1, "two", 3])).unwrap();
        assert_eq!(*list, [Position(1), Position(3)]);
        let [aside] = list.set_aside() else {
            panic!("{list:?}");
        };
        assert_eq!((aside.index, &aside.raw), (1, &json!("two")));
        let order: Vec<_> = list.in_order().map(|element| element.is_ok()).collect();
        assert_eq!(order, [true, false, true]);
        assert_eq!(serde_json::to_value(&list).unwrap(), json!([1, 3]));
    }

    #[test]
    fn what_is_no_list_is_still_an_error() {
        assert!(serde_json::from_value::<Lenient<Position>>(json!({"list": []})).is_err());
    }

    #[test]
    fn of_something_very_long_the_short_fields_are_kept() {
        let long = json!([{"position": 7, "text": "x".repeat(LONGEST_SET_ASIDE), "list": [1]}]);
        let list: Lenient<Position> = serde_json::from_value(long).unwrap();
        let [aside] = list.set_aside() else {
            panic!("{list:?}");
        };
        assert_eq!(aside.raw, json!({"position": 7}));
        assert!(!aside.is_whole);
        assert_eq!(aside.field("position"), Some(Position(7)));
        assert_eq!(aside.field::<Position>("text"), None);
    }
}
