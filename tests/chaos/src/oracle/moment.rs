//! What must be so of a conversation on a device whenever one looks, also in the middle of the storm.

use std::collections::BTreeMap;

use super::view::{Message, broken};
use crate::ledger::Ledger;
use crate::trouble::Outcome;

/// Nothing is there twice, or out of the server's order, and what is not confirmed is behind the rest.
pub(crate) fn look(device: &str, shown: &[Message]) -> Outcome {
    let mut places = BTreeMap::new();
    let mut last = Some(0);
    for message in shown {
        if places.insert(&message.key, ()).is_some() {
            return broken(format!("{device} shows twice: {message:?}"));
        }
        // 0 is none yet.
        match (last, message.position) {
            (_, 0) => last = None,
            (Some(before), position) if position > before => last = Some(position),
            (before, _) => {
                return broken(format!("{device} shows after {before:?}: {message:?}"));
            }
        }
    }
    Ok(())
}

/// Its own messages are in the order in which they were handed over, and say what they were changed to. Only where
/// nobody can be removed: elsewhere a change may have been refused.
pub(crate) fn look_at_own(device: &str, ledger: &Ledger, shown: &[Message]) -> Outcome {
    let keys = ledger.sent.iter().zip(0..);
    let own: BTreeMap<&str, usize> = keys
        .filter_map(|(sent, number)| Some((sent.promised.as_deref()?, number)))
        .collect();
    // A snapshot of the newest messages may confirm a later one first: those that wait are behind it, in order.
    let (mut confirmed, mut waiting) = (None, None);
    for message in shown {
        let last = if message.position > 0 {
            &mut confirmed
        } else {
            &mut waiting
        };
        let Some(number) = own.get(message.key.as_str()).copied() else {
            continue;
        };
        if *last >= Some(number) {
            return broken(format!("{device} shows out of order: {message:?}"));
        }
        *last = Some(number);
        let sent = &ledger.sent[number];
        let says_it = if message.is_deleted {
            sent.deleted.allows(&true)
        } else {
            sent.deleted.allows(&false) && sent.texts.allows(&message.text)
        };
        if !says_it {
            return broken(format!("{device} shows {message:?} for {sent:?}"));
        }
    }
    Ok(())
}

/// What is found has the word.
pub(crate) fn look_at_hits(device: &str, word: &str, hits: &[Message]) -> Outcome {
    match hits.iter().find(|hit| !hit.text.contains(word)) {
        Some(hit) => broken(format!("{device} finds {hit:?} by {word}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::{Fate, Promise};

    #[test]
    fn a_message_twice_out_of_place_or_before_a_confirmed_one_is_seen() {
        assert!(look("a", &shown(&[("1", 4), ("2", 5), ("3", 0), ("4", 0)])).is_ok());
        for wrong in [
            &[("1", 4), ("1", 5)][..],
            &[("1", 4), ("1", 0)],
            &[("1", 5), ("2", 4)],
            &[("1", 4), ("2", 4)],
            &[("1", 0), ("2", 4)],
        ] {
            assert!(look("a", &shown(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn own_messages_that_change_places_say_something_else_or_come_back_are_seen() {
        let mut ledger = Ledger::default();
        for text in ["1", "2", "3"] {
            let chat = "Market".to_owned();
            let text = text.to_owned();
            let answer = json!({ "key": format!("key of {text}") });
            let send = Promise::Send { chat, text };
            ledger.record(&send, Fate::Kept(&answer)).unwrap();
        }
        let answer = json!({});
        let delete = Promise::Delete { sent: 2 };
        ledger.record(&delete, Fate::Kept(&answer)).unwrap();
        let look = |texts: &[(&str, u64)]| look_at_own("a", &ledger, &shown(texts));
        assert!(look(&[("1", 4), ("2", 5)]).is_ok());
        assert!(look(&[("2", 4), ("1", 5)]).is_err());
        assert!(look(&[("2", 0), ("1", 0)]).is_err());
        assert!(look(&[("2", 4), ("1", 0)]).is_ok());
        assert!(look(&[("3", 6)]).is_err());
        let mut other = shown(&[("1", 4)]);
        other[0].text = "one".to_owned();
        assert!(look_at_own("a", &ledger, &other).is_err());
        other[0].is_deleted = true;
        assert!(look_at_own("a", &ledger, &other).is_err());
    }

    #[test]
    fn a_hit_without_the_word_is_seen() {
        assert!(look_at_hits("a", "two", &shown(&[("one two", 1)])).is_ok());
        assert!(look_at_hits("a", "two", &shown(&[("one", 1)])).is_err());
    }

    fn shown(messages: &[(&str, u64)]) -> Vec<Message> {
        let each = messages.iter().map(|(text, position)| Message {
            key: format!("key of {text}"),
            sender: "alice".to_owned(),
            text: (*text).to_owned(),
            position: *position,
            is_edited: false,
            is_deleted: false,
            reactions: Vec::new(),
            receipts: None,
        });
        each.collect()
    }
}
