//! Each way to break a promise is seen, and what is allowed is not.

use serde_json::json;

use super::*;
use crate::ledger::{Fate, Promise};
use crate::oracle::view::{Chat, Participant};
use crate::trouble::Trouble;

const CHAT: &str = "Market";
const GROUP: &str = "a group 1";

#[test]
fn promised_messages_in_order_are_fine_with_and_without_the_others() {
    let ledger = sent(&[("a 1", true), ("a 2", false), ("a 3", true)]);
    judged(&ledger, &["a 1", "a 3"]).unwrap();
    judged(&ledger, &["a 1", "b 1", "a 2", "a 3"]).unwrap();
}

#[test]
fn a_lost_a_doubled_a_swapped_and_an_unknown_message_are_seen() {
    let ledger = sent(&[("a 1", true), ("a 2", false), ("a 3", true)]);
    for server in [
        &["a 1"][..],
        &["a 1", "a 1", "a 3"],
        &["a 1", "a 3", "a 3"],
        &["a 3", "a 1"],
        &["a 1", "a 3", "a 2"],
        &["a 1", "a 3", "a 4"],
        &["a 1", "a 2", "a 2", "a 3"],
    ] {
        assert!(is_broken(&judged(&ledger, server)), "{server:?}");
    }
}

#[test]
fn devices_whose_names_begin_alike_are_told_apart() {
    judged(&sent(&[("a 1", true)]), &["a2 1", "a 1"]).unwrap();
}

#[test]
fn a_hole_and_another_key_than_the_promised_one_are_seen() {
    let ledger = sent(&[("a 1", true)]);
    let mut truth = truth(&["a 1"]);
    history(&mut truth)[0].position = 2;
    assert!(is_broken(&truth.judge(&[record(&ledger)])));
    history(&mut truth)[0].position = 1;
    history(&mut truth)[0].key = "another".to_owned();
    assert!(is_broken(&truth.judge(&[record(&ledger)])));
}

#[test]
fn an_edit_that_is_lost_and_one_that_nobody_made_are_seen() {
    let mut ledger = sent(&[("a 1", true)]);
    let edit = |text: &str| Promise::Edit {
        sent: 0,
        text: text.to_owned(),
    };
    let says = |ledger: &Ledger, text: &str| {
        let mut truth = truth(&["a 1"]);
        history(&mut truth)[0].text = text.to_owned();
        truth.judge(&[record(ledger)])
    };
    assert!(is_broken(&says(&ledger, "a 1 b")));
    ledger
        .record(&edit("a 1 b"), Fate::Kept(&json!({})))
        .unwrap();
    assert!(is_broken(&says(&ledger, "a 1")));
    says(&ledger, "a 1 b").unwrap();
    ledger.record(&edit("a 1 c"), Fate::Unknown).unwrap();
    says(&ledger, "a 1 b").unwrap();
    says(&ledger, "a 1 c").unwrap();
}

#[test]
fn a_deleted_message_that_is_still_there_and_one_that_nobody_deleted_are_seen() {
    let mut ledger = sent(&[("a 1", true)]);
    let deleted = |ledger: &Ledger, is_deleted: bool| {
        let mut truth = truth(&["a 1"]);
        let message = &mut history(&mut truth)[0];
        message.is_deleted = is_deleted;
        if is_deleted {
            message.text.clear();
        }
        truth.judge(&[record(ledger)])
    };
    assert!(is_broken(&deleted(&ledger, true)));
    let delete = Promise::Delete { sent: 0 };
    ledger.record(&delete, Fate::Kept(&json!({}))).unwrap();
    assert!(is_broken(&deleted(&ledger, false)));
    deleted(&ledger, true).unwrap();
    // It had not left the device.
    truth(&[]).judge(&[record(&ledger)]).unwrap();
}

#[test]
fn a_reaction_that_is_lost_or_that_nobody_set_is_seen() {
    let mut ledger = sent(&[("a 1", true)]);
    let mut with = truth(&["a 1"]);
    history(&mut with)[0].reactions = vec![("👍".to_owned(), vec!["alice".to_owned()])];
    assert!(is_broken(&with.judge(&[record(&ledger)])));
    let react = Promise::React {
        chat: CHAT.to_owned(),
        key: "key of a 1".to_owned(),
        is_on: true,
    };
    ledger.record(&react, Fate::Kept(&json!({}))).unwrap();
    with.judge(&[record(&ledger)]).unwrap();
    assert!(is_broken(&truth(&["a 1"]).judge(&[record(&ledger)])));
}

#[test]
fn a_message_that_is_hidden_without_being_asked_or_not_hidden_is_seen() {
    let mut ledger = sent(&[("a 1", true)]);
    let key = "key of a 1".to_owned();
    let mut without = truth(&["a 1"]);
    without
        .0
        .get_mut("alice")
        .unwrap()
        .hidden
        .insert(key.clone());
    assert!(is_broken(&without.judge(&[record(&ledger)])));
    let hide = Promise::Hide {
        chat: CHAT.to_owned(),
        key,
    };
    ledger.record(&hide, Fate::Kept(&json!({}))).unwrap();
    without.judge(&[record(&ledger)]).unwrap();
    assert!(is_broken(&truth(&["a 1"]).judge(&[record(&ledger)])));
}

#[test]
fn a_read_mark_that_is_lost_is_seen() {
    let mut ledger = sent(&[("a 1", true)]);
    let mut keep = |position: u64| {
        let chat = CHAT.to_owned();
        let read = Promise::Read { chat, position };
        ledger.record(&read, Fate::Kept(&json!({}))).unwrap();
        truth(&["a 1"]).judge(&[record(&ledger)])
    };
    keep(1).unwrap();
    assert!(is_broken(&keep(2)));
}

#[test]
fn a_group_that_is_lost_one_that_nobody_created_and_wrong_people_are_seen() {
    let mut ledger = sent(&[]);
    let with_group = |people: &[&str]| {
        let mut truth = truth(&[]);
        let account = truth.0.get_mut("alice").unwrap();
        account.view.insert(GROUP.to_owned(), chat(people));
        truth
    };
    assert!(is_broken(&with_group(&["alice"]).judge(&[record(&ledger)])));
    let title = GROUP.to_owned();
    let create = Promise::Create {
        title,
        people: vec!["bob"],
    };
    ledger.record(&create, Fate::Kept(&json!({}))).unwrap();
    with_group(&["alice", "bob"])
        .judge(&[record(&ledger)])
        .unwrap();
    assert!(is_broken(&truth(&[]).judge(&[record(&ledger)])));
    assert!(is_broken(&with_group(&["alice"]).judge(&[record(&ledger)])));
}

#[test]
fn a_refusal_wants_a_reason() {
    let mut ledger = sent(&[("a 1", true)]);
    let refusal = |chat: &str| Refusal {
        chat: Some(chat.to_owned()),
        message: Some("key of a 1".to_owned()),
        said: "no".to_owned(),
    };
    ledger.refused.push(refusal(CHAT));
    assert!(is_broken(&truth(&["a 1"]).judge(&[record(&ledger)])));
    let mut removing = Ledger::default();
    let title = GROUP.to_owned();
    let create = Promise::Create {
        title: title.clone(),
        people: vec!["alice"],
    };
    removing.record(&create, Fate::Unknown).unwrap();
    let remove = Promise::Membership {
        title,
        user: "alice",
        is_in: false,
    };
    removing.record(&remove, Fate::Unknown).unwrap();
    let other = Record {
        name: "b",
        ..record(&removing)
    };
    ledger.refused = vec![refusal(GROUP)];
    truth(&["a 1"]).judge(&[record(&ledger), other]).unwrap();
    assert_eq!(
        removed(&[other], "alice"),
        BTreeSet::from([GROUP.to_owned()])
    );
}

#[test]
fn what_somebody_changed_who_was_removed_may_be_as_it_was_and_of_others_not() {
    let mut ledger = sent(&[("a 1", true)]);
    ledger
        .record(&Promise::Delete { sent: 0 }, Fate::Kept(&json!({})))
        .unwrap();
    let mut removing = Ledger::default();
    let create = Promise::Create {
        title: CHAT.to_owned(),
        people: vec!["alice"],
    };
    removing.record(&create, Fate::Unknown).unwrap();
    for (user, may) in [("bob", false), ("alice", true)] {
        let title = CHAT.to_owned();
        let is_in = false;
        let remove = Promise::Membership { title, user, is_in };
        removing.record(&remove, Fate::Unknown).unwrap();
        let other = Record {
            name: "b",
            ..record(&removing)
        };
        let judged = truth(&["a 1"]).judge(&[record(&ledger), other]);
        assert_eq!(judged.is_ok(), may, "{user}: {judged:?}");
    }
}

#[test]
fn a_draft_that_is_lost_or_stale_is_seen() {
    let mut ledger = Ledger::default();
    let draft = |text: &str| Promise::Draft {
        chat: CHAT.to_owned(),
        text: text.to_owned(),
    };
    let judge = |ledger: &Ledger, text: &str| {
        let drafts = BTreeMap::from([(CHAT.to_owned(), text.to_owned())]);
        judge_drafts("a", ledger, &drafts, |_| false)
    };
    judge(&ledger, "").unwrap();
    for text in ["one", "two"] {
        ledger.record(&draft(text), Fate::Kept(&json!({}))).unwrap();
    }
    judge(&ledger, "two").unwrap();
    assert!(is_broken(&judge(&ledger, "one")) && is_broken(&judge(&ledger, "")));
}

fn sent(messages: &[(&str, bool)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (text, is_promised) in messages {
        let answer = json!({ "key": format!("key of {text}") });
        let fate = if *is_promised {
            Fate::Kept(&answer)
        } else {
            Fate::Unknown
        };
        let send = Promise::Send {
            chat: CHAT.to_owned(),
            text: (*text).to_owned(),
        };
        ledger.record(&send, fate).unwrap();
    }
    ledger
}

fn record(ledger: &Ledger) -> Record<'_> {
    Record {
        name: "a",
        user: "alice",
        emoji: "👍",
        ledger,
    }
}

fn judged(ledger: &Ledger, server: &[&str]) -> Outcome {
    truth(server).judge(&[record(ledger)])
}

fn truth(texts: &[&str]) -> Truth {
    let texts = texts.iter().zip(1..);
    let messages = texts.map(|(text, position)| Message {
        key: format!("key of {text}"),
        sender: "alice".to_owned(),
        text: (*text).to_owned(),
        position,
        is_edited: false,
        is_deleted: false,
        reactions: Vec::new(),
        receipts: None,
    });
    let mut account = Account::default();
    account.history.insert(CHAT.to_owned(), messages.collect());
    account.view.insert(CHAT.to_owned(), chat(&["alice"]));
    Truth(BTreeMap::from([("alice", account)]))
}

fn chat(people: &[&str]) -> Chat {
    let person = Participant {
        delivered: 1,
        read: 1,
    };
    let people = people
        .iter()
        .map(|user| ((*user).to_owned(), person.clone()));
    Chat {
        people: people.collect(),
        ..Chat::default()
    }
}

fn history(truth: &mut Truth) -> &mut Vec<Message> {
    let account = truth.0.get_mut("alice").unwrap();
    account.history.get_mut(CHAT).unwrap()
}

fn is_broken(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Trouble::Broken(_)))
}
