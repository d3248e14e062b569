//! Pinned messages, stepped without an edge (PROTOCOL.md §4.9, §5.13).

use std::time::Duration;

use fulmar_protocol::{Code, MessageDelete, MessageHide, MessagePin, Notice, OperationKey, Pin};

use super::super::MessageNews;
use super::Talk;
use crate::access::Membership;
use crate::actor::Actor;
use crate::store::conversations;
use crate::testing::{NOW, key, user};

type Result<T> = std::result::Result<T, Code>;

impl Talk {
    fn pin(&mut self, name: &str, number: u16, message: u16) -> Result<Vec<MessageNews>> {
        self.set_pin(name, number, message, true)
    }

    fn set_pin(
        &mut self,
        name: &str,
        number: u16,
        message: u16,
        pinned: bool,
    ) -> Result<Vec<MessageNews>> {
        let params = MessagePin {
            conversation_id: self.id.clone(),
            message_key: key(message),
            pinned,
        };
        self.by(name, number, |room, tx, actor, writer| {
            room.pin(tx, actor, writer, &params)
        })
    }

    /// What somebody sees pinned.
    fn pins(&mut self, name: &str) -> Vec<OperationKey> {
        let (id, viewer) = (self.id.clone(), user(name));
        let view = self
            .stage
            .ok(|tx| conversations::view(tx.db(), &id, &viewer));
        let pinned = view.pinned_messages.into_iter();
        pinned.map(|message| message.operation_key).collect()
    }
}

fn talk(messages: u16) -> Talk {
    let mut talk = Talk::new(None);
    for number in 1..=messages {
        talk.send("ann", number, |_| ()).unwrap();
    }
    talk
}

#[test]
fn a_pin_says_who_and_when_and_a_notice_tells_of_it() {
    let mut talk = talk(1);
    let news = talk.pin("ben", 100, 1).unwrap();
    let [MessageNews::Changed(changed), MessageNews::Posted(notice)] = news.as_slice() else {
        panic!("{news:?}");
    };
    let by_ben = Pin {
        at: NOW,
        by: user("ben"),
    };
    assert_eq!(changed.pinned, Some(by_ben.clone()));
    assert_eq!(notice.operation_key, key(100));
    let message_key = key(1);
    let told = Some(Notice::MessagePinned { message_key });
    assert_eq!(notice.content.notice, told);
    assert_eq!(talk.stored(key(1)).pinned, Some(by_ben));
}

#[test]
fn a_second_pin_changes_nothing_and_unpinning_is_told_without_a_notice() {
    let mut talk = talk(1);
    assert_eq!(talk.set_pin("ann", 100, 1, false).unwrap(), []);
    talk.pin("ben", 101, 1).unwrap();
    assert_eq!(talk.pin("ann", 102, 1).unwrap(), []);
    assert_eq!(talk.stored(key(1)).pinned.unwrap().by, user("ben"));
    let news = talk.set_pin("ann", 103, 1, false).unwrap();
    assert!(matches!(news.as_slice(), [MessageNews::Changed(changed)] if changed.pinned.is_none()));
    assert_eq!(talk.pins("ann"), []);
}

#[test]
fn the_newest_pin_is_the_first_and_of_two_at_once_the_later_message() {
    let mut talk = talk(3);
    talk.pin("ann", 100, 3).unwrap();
    talk.pin("ann", 101, 1).unwrap();
    talk.stage.now = NOW.plus(Duration::from_secs(1));
    talk.pin("ann", 102, 2).unwrap();
    assert_eq!(talk.pins("ben"), [2, 3, 1].map(key));
}

#[test]
fn notices_and_what_is_not_there_cannot_be_pinned() {
    let mut talk = talk(1);
    talk.pin("ann", 100, 1).unwrap();
    assert_eq!(
        talk.pin("ann", 101, 100).unwrap_err(),
        Code::MessageForbidden
    );
    assert_eq!(talk.pin("ann", 102, 9).unwrap_err(), Code::MessageNotFound);
}

#[test]
fn at_most_fifty_are_pinned_and_one_that_is_unpinned_makes_room() {
    let most = u16::try_from(Pin::MOST).unwrap();
    let mut talk = talk(most + 1);
    for number in 1..=most {
        talk.pin("ann", 100 + number, number).unwrap();
    }
    assert_eq!(
        talk.pin("ann", 200, most + 1).unwrap_err(),
        Code::ParamsInvalid
    );
    // What is pinned already is no news, however many there are.
    assert_eq!(talk.pin("ann", 201, 1).unwrap(), []);
    talk.set_pin("ann", 202, 1, false).unwrap();
    talk.pin("ann", 203, most + 1).unwrap();
    assert_eq!(talk.pins("ann").len(), Pin::MOST);
}

#[test]
fn what_is_deleted_is_pinned_no_more_and_what_is_hidden_not_for_who_hid_it() {
    let mut talk = talk(2);
    talk.pin("ann", 100, 1).unwrap();
    talk.pin("ann", 101, 2).unwrap();
    let ben = user("ben");
    let conversation_id = talk.id.clone();
    let actor = Actor {
        user: &ben,
        key: key(102),
    };
    let hide = MessageHide {
        conversation_id: conversation_id.clone(),
        message_key: key(1),
    };
    let room = &talk.room;
    talk.stage.ok(|tx| {
        let member = Membership::check(tx, &conversation_id, &ben)?;
        room.hide(tx, actor, &member, &hide)
    });
    assert_eq!(talk.pins("ben"), [key(2)]);
    assert_eq!(talk.pins("ann"), [key(2), key(1)]);

    let delete = MessageDelete {
        conversation_id,
        message_key: key(2),
    };
    talk.by("ann", 103, |room, tx, actor, writer| {
        room.delete(tx, actor, writer.membership(), &delete)
    })
    .unwrap();
    assert_eq!(talk.pins("ann"), [key(1)]);
    assert_eq!(talk.pin("ann", 104, 2).unwrap_err(), Code::MessageNotFound);
}
