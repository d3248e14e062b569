//! What may be said: texts, titles, emoji, payloads, files, threads, forwards.

use super::*;
use crate::io::{Field, FieldRule};
use crate::operation::message_send_forwarded;
use fulmar_protocol::{Attachment, AttachmentKind, ContentHash, FileId, Payload};

fn invalid(field: Field, rule: FieldRule) -> Checked {
    Checked::Refused(CommandError::Invalid { field, rule })
}

fn file(size: u64, name: &str) -> Attachment {
    Attachment {
        file_id: FileId::new("local").unwrap(),
        kind: AttachmentKind::File,
        name: name.to_owned(),
        mime_type: "text/plain".to_owned(),
        size,
        sha256: ContentHash::from_bytes([7; 32]),
        width: None,
        height: None,
        duration_ms: None,
        blurhash: None,
        thumbnail: None,
    }
}

fn send(change: impl FnOnce(&mut MessageSend)) -> Method {
    let mut send = MessageSend::text(here(), "hello");
    change(&mut send);
    Method::MessageSend(send)
}

#[test]
fn texts_have_a_longest_and_are_not_blank_but_beside_files() {
    let mut room = Room::admin();
    room.limits.text_bytes = 10;
    let blank = invalid(Field::Text, FieldRule::Blank);
    let most_bytes = 10;
    let long = invalid(Field::Text, FieldRule::TooLong { most_bytes });
    for (text, expected) in [
        ("0123456789", &Checked::Go),
        ("0123456789a", &long),
        ("ééééé", &Checked::Go),
        ("éééééé", &long),
        ("", &blank),
        (" \n\t", &blank),
    ] {
        assert_eq!(room.check(&send(|send| send.text = text.into())), *expected);
        assert_eq!(room.check(&edit(OWN, text)), *expected, "{text}");
    }
    let with_file = send(|send| {
        send.text = " ".to_owned();
        send.attachments.push(file(1, "a.txt"));
    });
    assert_eq!(room.check(&with_file), Checked::Go);
    let mut picture = message(23, "alice");
    picture.content.attachments.push(file(1, "a.txt"));
    room.knows(&picture);
    assert_eq!(room.check(&edit(23, "")), Checked::Go);
}

#[test]
fn files_have_a_largest_and_a_message_has_at_most_ten() {
    let mut room = Room::admin();
    room.limits.file_bytes = 100;
    let with = |files: Vec<Attachment>| send(|send| send.attachments = files);
    let ten: Vec<Attachment> = (0..10).map(|_| file(100, "a.txt")).collect();
    assert_eq!(room.check(&with(ten.clone())), Checked::Go);
    let mut eleven = ten;
    eleven.push(file(1, "a.txt"));
    let most = 10;
    let many = invalid(Field::Attachments, FieldRule::TooMany { most });
    assert_eq!(room.check(&with(eleven)), many);
    let most_bytes = 100;
    let large = invalid(Field::Attachment, FieldRule::TooLong { most_bytes });
    assert_eq!(room.check(&with(vec![file(101, "a.txt")])), large);
    for name in ["", ".", "..", "a/b", "a\\b"] {
        let checked = room.check(&with(vec![file(1, name)]));
        assert!(
            matches!(
                checked,
                Checked::Refused(CommandError::Invalid {
                    field: Field::Attachment,
                    rule: FieldRule::Malformed { .. }
                })
            ),
            "{name}: {checked:?}"
        );
    }
}

#[test]
fn payloads_have_a_type_and_bounds() {
    let mut room = Room::admin();
    room.limits.text_bytes = 100;
    let with = |kind: &str, data: &str| {
        send(|send| {
            send.payload = Some(Payload {
                kind: kind.to_owned(),
                data: serde_json::json!(data),
            });
        })
    };
    assert_eq!(
        room.check(&with(&"k".repeat(128), &"d".repeat(98))),
        Checked::Go
    );
    let blank = invalid(Field::PayloadType, FieldRule::Blank);
    assert_eq!(room.check(&with("", "d")), blank);
    let most_bytes = 128;
    let long = invalid(Field::PayloadType, FieldRule::TooLong { most_bytes });
    assert_eq!(room.check(&with(&"k".repeat(129), "d")), long);
    let most_bytes = 100;
    let long = invalid(Field::PayloadData, FieldRule::TooLong { most_bytes });
    assert_eq!(room.check(&with("k", &"d".repeat(99))), long);
}

#[test]
fn titles_are_not_blank_and_have_at_most_two_hundred_bytes() {
    let most_bytes = 200;
    let long = invalid(Field::Title, FieldRule::TooLong { most_bytes });
    let blank = invalid(Field::Title, FieldRule::Blank);
    for (title, expected) in [
        ("t".repeat(200), &Checked::Go),
        ("t".repeat(201), &long),
        (String::new(), &blank),
        ("  ".to_owned(), &blank),
    ] {
        let mut room = Room::admin();
        let change = Method::ConversationUpdate(ConversationUpdate {
            title: Some(title.clone()),
            ..update()
        });
        assert_eq!(room.check(&change), *expected, "{title}");
        let create = Method::ConversationCreate(ConversationCreate {
            kind: ConversationKind::Group,
            title: Some(title.clone()),
            avatar_url: None,
            context: None,
            participant_ids: Vec::new(),
        });
        assert_eq!(room.check(&create), *expected, "{title}");
    }
}

#[test]
fn nobody_has_a_direct_conversation_with_oneself() {
    let direct = Method::ConversationCreate(ConversationCreate {
        kind: ConversationKind::Direct,
        title: None,
        avatar_url: None,
        context: None,
        participant_ids: vec![user("alice")],
    });
    let oneself = invalid(Field::Participants, FieldRule::OnlyOneself);
    assert_eq!(Room::admin().check(&direct), oneself);
}

#[test]
fn a_reaction_is_one_emoji() {
    let mut room = Room::admin();
    let odd = invalid(Field::Emoji, FieldRule::NotAnEmoji);
    for (emoji, good) in [
        ("👍".to_owned(), true),
        ("👍🏽".to_owned(), true),
        ("👍".repeat(2), false),
        ("x".to_owned(), false),
        (String::new(), false),
        ("a b".to_owned(), false),
        ("a\n".to_owned(), false),
        ("\u{7}".to_owned(), false),
    ] {
        let expected = if good { &Checked::Go } else { &odd };
        assert_eq!(room.check(&react(OWN, &emoji)), *expected, "{emoji:?}");
        let expected = if good { &Checked::Nothing } else { &odd };
        assert_eq!(room.check(&react_no_more(OWN, &emoji)), *expected);
    }
}

#[test]
fn a_thread_is_only_under_a_message_that_can_have_one() {
    let mut room = Room::admin();
    let mut reply = message(23, "bob");
    reply.content.thread_root = Some(key(OWN));
    room.knows(&reply);
    for (root, good) in [
        (OWN, true),
        (OTHERS, true),
        (NOTICE, false),
        (23, false),
        // Not on this device: the server's to judge.
        (29, true),
    ] {
        let method = send(|send| send.thread_root = Some(key(root)));
        let expected = Checked::allowed_if(good, Rule::NoThreadHere);
        assert_eq!(room.check(&method), expected, "{root}");
    }
}

#[test]
fn what_is_forwarded_has_to_be_at_the_server_and_written_by_a_person() {
    let mut room = Room::admin();
    room.bench.run(|tx| {
        let lane = conversations::find(&tx.db, &here()).unwrap().unwrap();
        let content = Default::default();
        let (own, at) = (user("alice"), Timestamp(EPOCH));
        messages::insert_unsent(&tx.db, key(23), lane, &own, &content, at).unwrap();
    });
    room.enqueue(1, &hide(OWN));
    let mut again = message(24, "bob");
    again.content.forwarded_from = Some(user("carol"));
    room.knows(&again);
    let missing = |number| Err(CommandError::NoSuchMessage { key: key(number) });
    let rule = Rule::NotForwardable;
    let not = || Err(CommandError::NotAllowed { rule });
    for (source, expected) in [
        (OTHERS, Ok(user("bob"))),
        (24, Ok(user("carol"))),
        (NOTICE, not()),
        (23, not()),
        (OWN, missing(OWN)),
        (29, missing(29)),
    ] {
        let send = MessageSend {
            forward_of: Some(key(source)),
            ..MessageSend::text(here(), "not looked at")
        };
        let said = room.at(|place| message_send_forwarded(place, key(source), send).unwrap());
        let from = said.map(|(send, content)| {
            assert_eq!((&*send.text, &*content.text), ("hello", "hello"));
            content.forwarded_from.unwrap()
        });
        assert_eq!(from, expected, "{source}");
    }
}

#[test]
fn what_was_forwarded_cannot_be_edited() {
    let mut room = Room::admin();
    let mut forwarded = message(23, "alice");
    forwarded.content.forwarded_from = Some(user("bob"));
    room.knows(&forwarded);
    let not = Checked::not_allowed(Rule::NotEditable);
    assert_eq!(room.check(&edit(23, "better")), not);
}
