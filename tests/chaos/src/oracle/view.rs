//! What one user can see: in one shape, whether the server says it or a device shows it, so that the two can be
//! compared. It knows nothing of what anybody was promised.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::trouble::{Outcome, Trouble};

/// What a message is, to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) sender: String,
    /// Empty when it was deleted.
    pub(crate) text: String,
    /// 0 as long as the server has given none.
    pub(crate) position: u64,
    pub(crate) is_edited: bool,
    pub(crate) is_deleted: bool,
    /// Who reacted with what, in the order in which the server tells it.
    pub(crate) reactions: Vec<(String, Vec<String>)>,
    /// How many of the others have it, and have read it; of own ones only.
    pub(crate) receipts: Option<(u64, u64)>,
}

/// How far a participant has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Participant {
    pub(crate) delivered: u64,
    pub(crate) read: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chat {
    pub(crate) unread: u64,
    pub(crate) people: BTreeMap<String, Participant>,
    /// Without those that the user has hidden.
    pub(crate) messages: Vec<Message>,
}

/// By title, which is never given twice.
pub(crate) type View = BTreeMap<String, Chat>;

/// What a driver shows of a conversation.
pub(crate) fn messages(answer: &Value) -> Outcome<Vec<Message>> {
    list(answer, "messages").map(message).collect()
}

fn message(value: &Value) -> Outcome<Message> {
    let is = |name: &str| value[name].as_bool().unwrap_or_default();
    let receipts = value["delivered"].as_u64().zip(value["read"].as_u64());
    let reactions = list(value, "reactions").map(|each| reaction(each, "users"));
    Ok(Message {
        key: text(value, "key")?,
        sender: text(value, "sender")?,
        text: text(value, "text")?,
        position: number(value, "position")?,
        is_edited: is("edited"),
        is_deleted: is("deleted"),
        reactions: reactions.collect::<Outcome<_>>()?,
        receipts,
    })
}

pub(super) fn reaction(value: &Value, users: &str) -> Outcome<(String, Vec<String>)> {
    let names = list(value, users).filter_map(Value::as_str);
    Ok((text(value, "emoji")?, names.map(str::to_owned).collect()))
}

/// The people that a driver shows.
pub(crate) fn people(answer: &Value) -> Outcome<BTreeMap<String, Participant>> {
    let each = list(answer, "people").map(|each| {
        let person = Participant {
            delivered: number(each, "delivered")?,
            read: number(each, "read")?,
        };
        Ok((text(each, "user")?, person))
    });
    each.collect()
}

/// Whether a device shows what the server has; the first difference, in words.
pub(crate) fn compare(device: &str, shown: &View, server: &View) -> Outcome {
    let titles = |view: &View| view.keys().cloned().collect::<Vec<_>>();
    if titles(shown) != titles(server) {
        return broken(format!(
            "{device} lists {:?}, the server has {:?}",
            titles(shown),
            titles(server)
        ));
    }
    for ((title, own), theirs) in shown.iter().zip(server.values()) {
        if own.messages != theirs.messages {
            let (here, there) = (&own.messages, &theirs.messages);
            let differs = here.iter().zip(there).find(|(one, other)| one != other);
            return broken(format!(
                "{device} shows {} messages of {title}, the server has {}; the first that differ: {differs:?}",
                here.len(),
                there.len()
            ));
        }
        if own.unread != theirs.unread {
            return broken(format!(
                "{device} shows {} unread in {title}, the server says {}",
                own.unread, theirs.unread
            ));
        }
        if own.people != theirs.people {
            return broken(format!(
                "{device} shows {:?} in {title}, the server {:?}",
                own.people, theirs.people
            ));
        }
    }
    Ok(())
}

pub(crate) fn text(value: &Value, field: &str) -> Outcome<String> {
    let text = value[field].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| Trouble::Refused(format!("no {field} in {value}")))
}

pub(crate) fn number(value: &Value, field: &str) -> Outcome<u64> {
    let number = value[field].as_u64();
    number.ok_or_else(|| Trouble::Refused(format!("no {field} in {value}")))
}

pub(crate) fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

pub(super) fn broken<T>(what: String) -> Outcome<T> {
    Err(Trouble::Broken(what))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_that_drops_doubles_or_swaps_a_message_is_seen() {
        let server = view(&["1", "2", "3"]);
        assert!(compare("a", &server, &server).is_ok());
        for wrong in [&["1", "3"][..], &["1", "2", "2", "3"], &["2", "1", "3"]] {
            assert!(compare("a", &view(wrong), &server).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn another_text_reaction_receipt_edit_and_deletion_are_seen() {
        let changes: [fn(&mut Message); 5] = [
            |message| message.text.push('!'),
            |message| message.reactions.clear(),
            |message| message.receipts = Some((2, 1)),
            |message| message.is_edited = true,
            |message| message.is_deleted = true,
        ];
        for change in changes {
            let mut shown = view(&["1"]);
            change(&mut shown.get_mut("Market").unwrap().messages[0]);
            assert!(compare("a", &shown, &view(&["1"])).is_err());
        }
    }

    #[test]
    fn another_unread_count_pointer_person_and_conversation_are_seen() {
        let server = view(&["1"]);
        let changes: [fn(&mut Chat); 3] = [
            |chat| chat.unread += 1,
            |chat| chat.people.get_mut("bob").unwrap().read = 1,
            |chat| chat.people.clear(),
        ];
        for change in changes {
            let mut shown = server.clone();
            change(shown.get_mut("Market").unwrap());
            assert!(compare("a", &shown, &server).is_err());
        }
        let mut more = server.clone();
        more.insert("Harbour".to_owned(), Chat::default());
        assert!(compare("a", &more, &server).is_err());
        assert!(compare("a", &server, &more).is_err());
    }

    #[test]
    fn what_a_driver_says_is_read_as_it_is() {
        let answer = json!({ "messages": [{
            "key": "k", "sender": "bob", "text": "1", "position": 4, "edited": true, "deleted": false,
            "reactions": [{ "emoji": "👍", "users": ["alice"] }], "delivered": 2, "read": 1,
        }] });
        let expected = Message {
            key: "k".to_owned(),
            sender: "bob".to_owned(),
            text: "1".to_owned(),
            position: 4,
            is_edited: true,
            is_deleted: false,
            reactions: vec![("👍".to_owned(), vec!["alice".to_owned()])],
            receipts: Some((2, 1)),
        };
        assert_eq!(messages(&answer).unwrap(), [expected]);
        assert!(messages(&json!({ "messages": [{ "key": "k" }] })).is_err());
    }

    fn view(texts: &[&str]) -> View {
        let messages = texts.iter().zip(1..).map(|(text, position)| Message {
            key: format!("key of {text}"),
            sender: "bob".to_owned(),
            text: (*text).to_owned(),
            position,
            is_edited: false,
            is_deleted: false,
            reactions: vec![("👍".to_owned(), vec!["alice".to_owned()])],
            receipts: None,
        });
        let bob = Participant {
            delivered: 3,
            read: 2,
        };
        let chat = Chat {
            unread: 1,
            people: BTreeMap::from([("bob".to_owned(), bob)]),
            messages: messages.collect(),
        };
        View::from([("Market".to_owned(), chat)])
    }
}
