//! The messages, stepped without an edge.

mod pins;
mod texts;

use std::rc::Rc;
use std::time::Duration;

use fulmar_protocol::{
    Anchor, Code, ConversationId, HistoryPage, Limits, Message, MessageDelete, MessageEdit,
    MessageHide, MessageSend, OperationKey, Position, ReactionAdd, UserId,
};

use super::{MessageNews, Messages};
use crate::access::Writer;
use crate::actor::Actor;
use crate::conversations::Conversations;
use crate::error::Result;
use crate::store::messages;
use crate::testing::{NOW, Stage, key, user};
use crate::tx::Tx;

/// Ann and Ben talk.
struct Talk {
    stage: Stage,
    room: Messages,
    id: ConversationId,
}

impl Talk {
    fn new(per_minute: Option<u32>) -> Self {
        let mut stage = Stage::with(&["ann", "ben"]);
        let (ann, ben) = (user("ann"), user("ben"));
        let created = stage.ok(|tx| Conversations.direct_with(tx, &ann, &ben));
        Self {
            stage,
            room: Messages::new(&Limits::default(), per_minute),
            id: created.into_news().0,
        }
    }

    fn writer(&mut self, who: &UserId) -> Writer {
        let id = &self.id;
        self.stage.ok(|tx| Writer::check(tx, id, who))
    }

    /// Runs a step of somebody who may write.
    fn by<T>(
        &mut self,
        name: &str,
        number: u16,
        step: impl FnOnce(&Messages, &mut Tx<'_>, Actor<'_>, &Writer) -> Result<T>,
    ) -> std::result::Result<T, Code> {
        let who = user(name);
        let writer = self.writer(&who);
        let actor = Actor {
            user: &who,
            key: key(number),
        };
        let room = &self.room;
        let done = self.stage.run(|tx| step(room, tx, actor, &writer));
        done.map(|(done, _)| done)
            .map_err(|error| error.into_problem().code)
    }

    /// The message, and whether it is new.
    fn send(
        &mut self,
        name: &str,
        number: u16,
        change: impl FnOnce(&mut MessageSend),
    ) -> std::result::Result<(Rc<Message>, bool), Code> {
        let mut params = MessageSend::text(self.id.clone(), "hello");
        change(&mut params);
        let sent = self.by(name, number, |room, tx, actor, writer| {
            room.send(tx, actor, writer, params, Ok(()))
        })?;
        let (message, news) = sent.into_news();
        Ok((message, news.is_some()))
    }

    fn stored(&mut self, key: OperationKey) -> Message {
        self.stage.ok(|tx| messages::find(tx.db(), key)).unwrap()
    }
}

#[test]
fn a_message_is_sent_once_per_key_and_has_the_next_position() {
    let mut talk = Talk::new(None);
    let (first, new) = talk.send("ann", 1, |_| ()).unwrap();
    assert_eq!((first.position, new), (Position(1), true));
    let (again, new) = talk
        .send("ann", 1, |params| params.text = "other".to_owned())
        .unwrap();
    assert_eq!((&again.message_id, new), (&first.message_id, false));
    assert_eq!(
        talk.send("ben", 1, |_| ()).unwrap_err(),
        Code::OperationConflict
    );
    let (second, _) = talk.send("ben", 2, |_| ()).unwrap();
    assert_eq!(second.position, Position(2));
}

#[test]
fn who_writes_too_much_waits_until_the_minute_is_over() {
    let mut talk = Talk::new(Some(2));
    talk.send("ann", 1, |_| ()).unwrap();
    talk.stage.now = NOW.plus(Duration::from_secs(30));
    talk.send("ann", 2, |_| ()).unwrap();
    assert_eq!(talk.send("ann", 3, |_| ()).unwrap_err(), Code::RateLimited);
    // What was sent before may come again, and others may write.
    talk.send("ann", 2, |_| ()).unwrap();
    talk.send("ben", 4, |_| ()).unwrap();
    talk.stage.now = NOW.plus(Duration::from_secs(60));
    talk.send("ann", 3, |_| ()).unwrap();
}

#[test]
fn a_thread_counts_its_own_places_and_has_no_thread_below_it() {
    let mut talk = Talk::new(None);
    talk.send("ann", 1, |_| ()).unwrap();
    let under = |root| move |params: &mut MessageSend| params.thread_root = Some(key(root));
    let (first, _) = talk.send("ben", 2, under(1)).unwrap();
    let (second, _) = talk.send("ann", 3, under(1)).unwrap();
    assert_eq!(
        (first.thread_position, second.thread_position),
        (Some(Position(1)), Some(Position(2)))
    );
    let root = talk.stored(key(1));
    assert_eq!(root.thread.map(|thread| thread.count), Some(Position(2)));
    assert_eq!(root.revision, second.revision);
    assert_eq!(
        talk.send("ben", 4, under(2)).unwrap_err(),
        Code::ParamsInvalid
    );
    assert_eq!(
        talk.send("ben", 4, under(9)).unwrap_err(),
        Code::MessageNotFound
    );
}

#[test]
fn only_what_one_wrote_oneself_can_be_edited_and_only_a_change_is_news() {
    let mut talk = Talk::new(None);
    talk.send("ann", 1, |_| ()).unwrap();
    let mut edit = |name: &str, text: &str| {
        let params = MessageEdit {
            conversation_id: talk.id.clone(),
            message_key: key(1),
            text: text.to_owned(),
            mentions: Vec::new(),
        };
        talk.by(name, 2, |room, tx, actor, writer| {
            room.edit(tx, actor, writer, &params)
        })
        .map(|news| news.is_some())
    };
    assert_eq!(edit("ben", "x"), Err(Code::MessageForbidden));
    assert_eq!(edit("ann", "hello"), Ok(false));
    assert_eq!(edit("ann", "changed"), Ok(true));
    assert_eq!(edit("ann", " "), Err(Code::ParamsInvalid));
    let versions = {
        let message = talk.stored(key(1));
        let room = &talk.room;
        talk.stage
            .ok(|tx| room.versions(tx, &user("ben"), &message.message_id))
    };
    let texts: Vec<_> = versions.into_iter().map(|version| version.text).collect();
    assert_eq!(texts, ["hello", "changed"]);
}

#[test]
fn of_a_deleted_message_nothing_is_left_and_hiding_is_for_one_alone() {
    let mut talk = Talk::new(None);
    let reaction = |talk: &Talk, emoji: &str| ReactionAdd {
        conversation_id: talk.id.clone(),
        message_key: key(1),
        emoji: emoji.to_owned(),
    };
    talk.send("ann", 1, |_| ()).unwrap();
    let params = reaction(&talk, "👍");
    talk.by("ben", 2, |room, tx, actor, writer| {
        room.add_reaction(tx, actor, writer, &params)
    })
    .unwrap();

    let hide = MessageHide {
        conversation_id: talk.id.clone(),
        message_key: key(1),
    };
    let hidden = talk
        .by("ben", 3, |room, tx, actor, writer| {
            room.hide(tx, actor, writer.membership(), &hide)
        })
        .unwrap();
    let Some(MessageNews::Hidden { message, .. }) = hidden else {
        panic!("{hidden:?}");
    };
    assert!(message.hidden && message.content.text.is_empty());
    assert_eq!(talk.stored(key(1)).content.text, "hello");

    let delete = MessageDelete {
        conversation_id: talk.id.clone(),
        message_key: key(1),
    };
    let mut deleted = |name: &str| {
        talk.by(name, 4, |room, tx, actor, writer| {
            room.delete(tx, actor, writer.membership(), &delete)
        })
        .map(|news| news.is_some())
    };
    assert_eq!(deleted("ben"), Err(Code::MessageForbidden));
    assert_eq!(deleted("ann"), Ok(true));
    assert_eq!(deleted("ann"), Ok(false));
    let left = talk.stored(key(1));
    assert!(left.content.text.is_empty() && left.reactions.is_empty());
    let params = reaction(&talk, "👍");
    let late = talk.by("ben", 5, |room, tx, actor, writer| {
        room.add_reaction(tx, actor, writer, &params)
    });
    assert_eq!(late, Err(Code::MessageNotFound));
}

#[test]
fn a_page_is_before_after_or_around_a_place() {
    let mut talk = Talk::new(None);
    for number in 1..=9 {
        talk.send("ann", number, |_| ()).unwrap();
    }
    let ben = user("ben");
    let writer = talk.writer(&ben);
    let mut page = |page, limit| {
        let room = &talk.room;
        let found = talk
            .stage
            .ok(|tx| room.page(tx, writer.membership(), None, page, limit));
        let positions = found.messages.iter().map(|message| message.position.0);
        (positions.collect::<Vec<_>>(), found.anchor)
    };
    assert_eq!(
        page(HistoryPage::Before(Position(4)), 2),
        (vec![2, 3], None)
    );
    assert_eq!(page(HistoryPage::After(Position(4)), 2), (vec![5, 6], None));
    for (anchor, place) in [
        (Anchor::At(Position(5)), 5),
        (Anchor::Message(key(5)), 5),
        (Anchor::Time(NOW), 1),
        (Anchor::Time(NOW.plus(Duration::from_secs(1))), 9),
        (Anchor::At(Position(99)), 9),
    ] {
        let (found, at) = page(HistoryPage::Around(anchor), 4);
        assert_eq!(at, Some(Position(place)));
        assert!(found.contains(&place), "{found:?}");
    }
}
