//! Values of operations that have to be known. Of what is told, a reader takes a value of a later version for the default.
//! Of what is asked for, that would do something else than what was meant: it is refused (PROTOCOL.md §2.4).

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Reads a value of which a later version may have others.
pub(crate) fn value<'de, T, D>(reader: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Serialize,
    D: Deserializer<'de>,
{
    known(Value::deserialize(reader)?)
}

/// The same, where it may be absent.
pub(crate) fn optional<'de, T, D>(reader: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned + Serialize,
    D: Deserializer<'de>,
{
    let said = Option::<Value>::deserialize(reader)?;
    said.filter(|said| !said.is_null()).map(known).transpose()
}

/// What is known is written as it was read; what was taken for the default is not.
fn known<T: DeserializeOwned + Serialize, E: Error>(said: Value) -> Result<T, E> {
    let read = T::deserialize(&said).map_err(E::custom)?;
    let written = serde_json::to_value(&read).map_err(E::custom)?;
    if written == said {
        Ok(read)
    } else {
        Err(E::custom("a value that is not known"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Method, Role, Unreadable, Writing};

    fn update(writing: &str) -> Result<Method, Unreadable> {
        let params = json!({"conversationId": "c-1", "writing": writing});
        Method::read("conversation.update", &params)
    }

    #[test]
    fn an_operation_with_an_unknown_value_is_not_one_with_the_default() {
        for (writing, known) in [("admins", Writing::Admins), ("everyone", Writing::Everyone)] {
            let Ok(Method::ConversationUpdate(update)) = update(writing) else {
                panic!("{writing}");
            };
            assert_eq!(update.writing, Some(known));
        }
        assert!(update("moderators").is_err());
        let absent = json!({"conversationId": "c-1", "writing": null, "title": "T"});
        assert!(Method::read("conversation.update", &absent).is_ok());
        let role = |role: &str| {
            let params = json!({"conversationId": "c-1", "userId": "bob", "role": role});
            Method::read("participant.update", &params)
        };
        assert!(role("admin").is_ok() && role("owner").is_err());
    }

    #[test]
    fn what_is_told_is_still_read() {
        assert_eq!(
            serde_json::from_str::<Role>("\"owner\"").unwrap(),
            Role::Member
        );
    }
}
