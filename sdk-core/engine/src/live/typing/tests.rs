//! Typing signals, stepped without an engine.

use std::time::Duration;

use fulmar_protocol::{ClientFrame, Typing, TypingState, UserId};

mod table;

use super::{EXPIRES, TypingSignals};
use crate::facts::Channel;
use crate::io::{Effect, SocketId};
use crate::store::{ConversationKey, conversations};
use crate::testing::server::{conversation, conversation_id, user};
use crate::testing::{Bench, Step};
use crate::time::Mono;
use crate::timer::{Timed, Timer};

const SOCKET: Channel = Channel::Socket(SocketId(1));

struct Room {
    bench: Bench,
    typing: TypingSignals,
    place: ConversationKey,
    own: UserId,
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the server was told.
fn told<T>(step: &Step<T>) -> Vec<TypingState> {
    let frames = step.effects.iter().filter_map(|effect| match effect {
        Effect::SendFrame {
            frame: ClientFrame::Typing(typing),
            ..
        } => Some(typing.state),
        _ => None,
    });
    frames.collect()
}

/// Who is shown as typing, if that changed.
fn shown<T>(step: &Step<T>) -> Option<Vec<String>> {
    let mut lists = step.effects.iter().filter_map(|effect| match effect {
        Effect::Typing { users, .. } => Some(users.iter().map(UserId::to_string).collect()),
        _ => None,
    });
    lists.next_back()
}

impl Room {
    fn new() -> Self {
        let mut bench = Bench::new();
        let own = user("alice");
        let view = conversation("c", 0);
        let step = bench.run(|tx| conversations::upsert(&tx.db, &view, Some(&own)).unwrap());
        Self {
            bench,
            typing: TypingSignals::default(),
            place: step.result,
            own,
        }
    }

    fn say_over(&mut self, id: &str, state: TypingState, channel: Channel) -> Vec<TypingState> {
        let (typing, id) = (&mut self.typing, conversation_id(id));
        let step = self
            .bench
            .run(|tx| typing.app_said(tx, &id, state, channel).unwrap());
        told(&step)
    }

    fn press(&mut self) -> Vec<TypingState> {
        self.say_over("c", TypingState::Started, SOCKET)
    }

    fn stop(&mut self) -> Vec<TypingState> {
        self.say_over("c", TypingState::Stopped, SOCKET)
    }

    fn hear(&mut self, name: &str, state: TypingState) -> Option<Vec<String>> {
        let heard = Typing {
            conversation_id: conversation_id("c"),
            user_id: Some(user(name)),
            state,
        };
        let (typing, own) = (&mut self.typing, &self.own);
        let step = self
            .bench
            .run(|tx| typing.heard(tx, heard, Some(own)).unwrap());
        shown(&step)
    }

    /// Lets time pass and the timers that come meanwhile come: what was told and shown.
    fn pass(&mut self, wait: Duration) -> (Vec<TypingState>, Option<Vec<String>>) {
        let end = self.bench.now().mono.plus(wait);
        let (mut all_told, mut last) = (Vec::new(), None);
        while let Some(due) = self.typing.timers().next().filter(|due| due.at <= end) {
            self.bench.pass(due.at.until(self.bench.now().mono));
            self.typing.timers_mut().clear(due.timer);
            let typing = &mut self.typing;
            let step = self.bench.run(|tx| match due.timer {
                Timer::TypingIdle(key) => typing.stopped(tx, key, SOCKET).unwrap(),
                Timer::TypingExpires(key) => typing.expired(tx, key),
                other => panic!("{other:?}"),
            });
            all_told.extend(told(&step));
            last = shown(&step).or(last);
        }
        self.bench.pass(end.until(self.bench.now().mono));
        (all_told, last)
    }

    /// The conversation is not here any more.
    fn remove(&mut self) {
        let place = self.place;
        self.bench.run(|tx| {
            conversations::set_gone(&tx.db, place).unwrap();
            assert!(conversations::remove_if_gone(&tx.db, place).unwrap());
        });
    }

    fn forget(&mut self) -> Step<()> {
        let typing = &mut self.typing;
        self.bench.run(|tx| typing.forget(tx))
    }
}

#[test]
fn it_is_said_at_the_first_key_and_every_two_seconds_while_it_goes_on() {
    let mut room = Room::new();
    let mut said = Vec::new();
    for tenth in 0..50 {
        if room.press() == [TypingState::Started] {
            said.push(tenth);
        }
        assert_eq!(room.pass(millis(100)).0, []);
    }
    assert_eq!(said, [0, 20, 40]);
}

#[test]
fn without_a_key_for_a_second_it_is_over() {
    let mut room = Room::new();
    room.press();
    assert_eq!(room.pass(millis(999)).0, []);
    assert_eq!(room.pass(millis(1)).0, [TypingState::Stopped]);
    assert_eq!(room.pass(millis(10_000)).0, [], "once");
    assert_eq!(room.stop(), [], "nor does the app's word say it twice");
}

#[test]
fn the_app_may_say_that_it_is_over() {
    let mut room = Room::new();
    assert_eq!(room.stop(), [], "it never began");
    room.press();
    assert_eq!(room.stop(), [TypingState::Stopped]);
    assert!(room.typing.timers().next().is_none());
}

/// [M7]: not more often than once a second, however often it stops in between.
#[test]
fn it_is_never_said_twice_within_a_second() {
    enum Between {
        Stop,
        Message,
        NewConnection,
    }
    for between in [Between::Stop, Between::Message, Between::NewConnection] {
        let mut room = Room::new();
        let mut said: Vec<Mono> = Vec::new();
        for _ in 0..60 {
            if room.press() == [TypingState::Started] {
                said.push(room.bench.now().mono);
            }
            match between {
                Between::Stop => drop(room.stop()),
                Between::Message => room.typing.own_message(room.place),
                Between::NewConnection => drop(room.forget()),
            }
            room.pass(millis(50));
        }
        assert!(said.len() >= 3, "{said:?}");
        for pair in said.windows(2) {
            assert!(pair[1].until(pair[0]) >= millis(1_000), "{said:?}");
        }
    }
}

#[test]
fn a_message_of_ones_own_ends_it_without_a_word() {
    let mut room = Room::new();
    room.press();
    room.typing.own_message(room.place);
    assert_eq!(room.pass(millis(10_000)).0, []);
    assert_eq!(room.stop(), []);
}

#[test]
fn without_a_socket_nothing_is_said() {
    for channel in [Channel::None, Channel::Http] {
        let mut room = Room::new();
        assert_eq!(room.say_over("c", TypingState::Started, channel), []);
        assert!(room.typing.timers().next().is_none());
        assert_eq!(
            room.press(),
            [TypingState::Started],
            "the next key finds one"
        );
        assert_eq!(room.say_over("c", TypingState::Stopped, channel), []);
        assert_eq!(room.stop(), [], "it is over");
    }
}

#[test]
fn where_there_is_no_conversation_nothing_is_said() {
    let mut room = Room::new();
    assert_eq!(room.say_over("nowhere", TypingState::Started, SOCKET), []);
    assert_eq!(room.say_over("nowhere", TypingState::Stopped, SOCKET), []);
    assert!(room.typing.timers().next().is_none());
}

#[test]
fn where_the_conversation_is_gone_meanwhile_nothing_is_said() {
    let mut room = Room::new();
    room.press();
    room.remove();
    assert_eq!(room.pass(millis(5_000)).0, []);
}

#[test]
fn others_are_shown_from_started_to_stopped() {
    let mut room = Room::new();
    assert_eq!(
        room.hear("bob", TypingState::Started),
        Some(vec!["bob".to_owned()])
    );
    assert_eq!(room.hear("bob", TypingState::Started), None, "nothing new");
    let both = Some(vec!["bob".to_owned(), "carol".to_owned()]);
    assert_eq!(room.hear("carol", TypingState::Started), both);
    assert_eq!(
        room.hear("bob", TypingState::Stopped),
        Some(vec!["carol".to_owned()])
    );
    assert_eq!(room.hear("bob", TypingState::Stopped), None);
    assert_eq!(room.hear("carol", TypingState::Stopped), Some(vec![]));
    assert!(room.typing.timers().next().is_none());
}

#[test]
fn who_is_not_heard_of_for_three_seconds_has_stopped() {
    let mut room = Room::new();
    room.hear("bob", TypingState::Started);
    room.pass(millis(2_000));
    room.hear("carol", TypingState::Started);
    assert_eq!(room.pass(millis(999)).1, None);
    assert_eq!(room.pass(millis(1)).1, Some(vec!["carol".to_owned()]));
    assert_eq!(room.pass(millis(2_000)).1, Some(vec![]));
    assert!(room.typing.timers().next().is_none());
}

#[test]
fn who_goes_on_is_shown_on() {
    let mut room = Room::new();
    room.hear("bob", TypingState::Started);
    for _ in 0..10 {
        assert_eq!(room.pass(millis(2_000)).1.filter(Vec::is_empty), None);
        room.hear("bob", TypingState::Started);
    }
    assert_eq!(room.pass(millis(3_000)).1, Some(vec![]));
}

#[test]
fn a_message_of_somebody_ends_their_typing() {
    let mut room = Room::new();
    room.hear("bob", TypingState::Started);
    let (typing, place) = (&mut room.typing, room.place);
    let step = room
        .bench
        .run(|tx| typing.message_of(tx, place, &user("bob")));
    assert_eq!(shown(&step), Some(vec![]));
    let typing = &mut room.typing;
    let step = room
        .bench
        .run(|tx| typing.message_of(tx, place, &user("bob")));
    assert_eq!(shown(&step), None, "once");
}

#[test]
fn without_a_connection_nobody_types() {
    let mut room = Room::new();
    room.press();
    room.hear("bob", TypingState::Started);
    assert_eq!(shown(&room.forget()), Some(vec![]));
    assert!(room.forget().effects.is_empty(), "once");
    assert!(room.typing.timers().next().is_none());
    assert_eq!(room.stop(), [], "it is over");
}

#[test]
fn oneself_and_nobody_and_elsewhere_are_not_shown() {
    let mut room = Room::new();
    assert_eq!(room.hear("alice", TypingState::Started), None);
    for (conversation, user_id) in [("c", None), ("nowhere", Some(user("bob")))] {
        let heard = Typing {
            conversation_id: conversation_id(conversation),
            user_id,
            state: TypingState::Started,
        };
        let (typing, own) = (&mut room.typing, &room.own);
        let step = room
            .bench
            .run(|tx| typing.heard(tx, heard, Some(own)).unwrap());
        assert!(step.effects.is_empty());
    }
    assert!(room.typing.timers().next().is_none());
}
