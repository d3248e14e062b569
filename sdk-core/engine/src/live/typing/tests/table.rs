//! Every state of who types and everything that can happen in it: what is left, what the server is told, and
//! what is shown.

use super::*;
use crate::testing::every;

/// Where the tests begin.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Silent,
    /// The user types, and the server was just told.
    Typing,
    /// The user types, and the server was told more than two seconds ago.
    TypingOn,
    /// The user has just stopped.
    Stopped,
    /// The user has stopped, and the server was told a second ago.
    LongStopped,
    BobTypes,
    BobAndCarolType,
    /// The user and bob type in a conversation that is not here any more.
    Removed,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Input {
    AppSaid(TypingState, Channel),
    Idle(Channel),
    OwnMessage,
    Bob(TypingState),
    BobWrote,
    /// Another device of the user's.
    Oneself(TypingState),
    /// A frame that does not say who.
    Nobody(TypingState),
    /// Nobody was heard of for three seconds.
    Expired,
    ExpiredEarly,
    ConnectionLost,
}

#[rustfmt::skip]
fn states() -> [State; 8] {
    every!(State {
        State::Silent => [State::Silent],
        State::Typing => [State::Typing],
        State::TypingOn => [State::TypingOn],
        State::Stopped => [State::Stopped],
        State::LongStopped => [State::LongStopped],
        State::BobTypes => [State::BobTypes],
        State::BobAndCarolType => [State::BobAndCarolType],
        State::Removed => [State::Removed],
    })
}

fn inputs() -> Vec<Input> {
    let said = every!(TypingState {
        TypingState::Started => [TypingState::Started],
        TypingState::Stopped => [TypingState::Stopped],
    });
    let channels = every!(Channel {
        Channel::None => [Channel::None],
        Channel::Socket(_) => [SOCKET],
        Channel::Http => [Channel::Http],
    });
    let mut all = every!(Input {
        Input::AppSaid(_, _) => [Input::AppSaid(said[0], channels[0])],
        Input::Idle(_) => [Input::Idle(channels[0])],
        Input::OwnMessage => [Input::OwnMessage],
        Input::Bob(_) => [Input::Bob(said[0])],
        Input::BobWrote => [Input::BobWrote],
        Input::Oneself(_) => [Input::Oneself(said[0])],
        Input::Nobody(_) => [Input::Nobody(said[0])],
        Input::Expired => [Input::Expired],
        Input::ExpiredEarly => [Input::ExpiredEarly],
        Input::ConnectionLost => [Input::ConnectionLost],
    })
    .to_vec();
    for channel in channels {
        all.extend(said.map(|state| Input::AppSaid(state, channel)));
        all.push(Input::Idle(channel));
    }
    for state in said {
        all.extend([
            Input::Bob(state),
            Input::Oneself(state),
            Input::Nobody(state),
        ]);
    }
    all
}

impl Room {
    fn happens(&mut self, input: Input) -> Step<()> {
        let heard = |user_id, state| Typing {
            conversation_id: conversation_id("c"),
            user_id,
            state,
        };
        if input == Input::Expired {
            self.bench.pass(EXPIRES);
        }
        let (typing, place, own) = (&mut self.typing, self.place, Some(&self.own));
        let c = conversation_id("c");
        self.bench.run(|tx| match input {
            Input::AppSaid(state, channel) => typing.app_said(tx, &c, state, channel).unwrap(),
            Input::Idle(channel) => typing.stopped(tx, place, channel).unwrap(),
            Input::OwnMessage => typing.own_message(place),
            Input::Bob(state) => typing
                .heard(tx, heard(Some(user("bob")), state), own)
                .unwrap(),
            Input::BobWrote => typing.message_of(tx, place, &user("bob")),
            Input::Oneself(state) => typing.heard(tx, heard(own.cloned(), state), own).unwrap(),
            Input::Nobody(state) => typing.heard(tx, heard(None, state), own).unwrap(),
            Input::Expired | Input::ExpiredEarly => typing.expired(tx, place),
            Input::ConnectionLost => typing.forget(tx),
        })
    }

    /// The state, in short: whether the user types, and who else does. Each of them has a timer, or none.
    fn state(&self) -> String {
        let typing = &self.typing;
        let own = typing.own.contains(&self.place);
        let others = typing.others.get(&self.place).into_iter().flatten();
        let others: String = others.map(|(user, _)| format!(" {user}")).collect();
        let idle = typing.timers().is_set(Timer::TypingIdle(self.place));
        let expires = typing.timers().is_set(Timer::TypingExpires(self.place));
        assert_eq!((idle, expires), (own, !others.is_empty()));
        let own = if own { "typing" } else { "silent" };
        format!("{own}{others}")
    }
}

/// What the server is told and what is shown, in short.
fn said(step: &Step<()>) -> String {
    let effects = step.effects.iter().map(|effect| match effect {
        Effect::SendFrame {
            frame: ClientFrame::Typing(typing),
            socket: SocketId(1),
        } => match typing.state {
            TypingState::Started => " >started".to_owned(),
            TypingState::Stopped => " >stopped".to_owned(),
        },
        Effect::Typing { users, .. } => format!(" shows {}", users.len()),
        other => panic!("{other:?}"),
    });
    effects.collect()
}

/// Brings a room there.
fn bring(room: &mut Room, state: State) {
    room.typing = TypingSignals::default();
    let (view, own) = (conversation("c", 0), &room.own);
    let step = room
        .bench
        .run(|tx| conversations::upsert(&tx.db, &view, Some(own)).unwrap());
    room.place = step.result;
    match state {
        State::Silent => {}
        State::Typing => drop(room.press()),
        State::TypingOn => {
            for _ in 0..3 {
                room.press();
                room.bench.pass(millis(700));
            }
        }
        State::Stopped | State::LongStopped => {
            room.press();
            room.stop();
        }
        State::BobTypes => drop(room.hear("bob", TypingState::Started)),
        State::BobAndCarolType => {
            room.hear("bob", TypingState::Started);
            room.bench.pass(millis(1_000));
            room.hear("carol", TypingState::Started);
        }
        State::Removed => {
            room.press();
            room.hear("bob", TypingState::Started);
            room.remove();
        }
    }
    if state == State::LongStopped {
        room.bench.pass(millis(1_000));
    }
}

/// The table: the state as `Room::state` tells it, or a dot where it stays; behind it what is told and shown.
fn after(state: State, input: Input) -> &'static str {
    match state {
        State::Silent | State::Typing | State::TypingOn | State::Stopped | State::LongStopped => {
            alone(state, input)
        }
        State::BobTypes | State::BobAndCarolType => with_others(state, input),
        State::Removed => removed(input),
    }
}

fn alone(state: State, input: Input) -> &'static str {
    use TypingState::{Started, Stopped};
    let types = state == State::Typing || state == State::TypingOn;
    match input {
        Input::AppSaid(Started, Channel::Socket(_)) => match state {
            State::Silent | State::LongStopped => "typing >started",
            State::TypingOn => ". >started",
            // Not twice within a second.
            State::Typing | State::Stopped => ".",
            State::BobTypes | State::BobAndCarolType | State::Removed => panic!("not alone"),
        },
        Input::AppSaid(Started, Channel::None | Channel::Http) => ".",
        Input::AppSaid(Stopped, Channel::Socket(_)) | Input::Idle(Channel::Socket(_)) if types => {
            "silent >stopped"
        }
        Input::AppSaid(Stopped, _) | Input::Idle(_) if types => "silent",
        Input::OwnMessage | Input::ConnectionLost if types => "silent",
        Input::Bob(Started) if types => "typing bob shows 1",
        Input::Bob(Started) => "silent bob shows 1",
        Input::AppSaid(Stopped, _) | Input::Idle(_) | Input::OwnMessage => ".",
        Input::Bob(Stopped) | Input::BobWrote | Input::Oneself(_) | Input::Nobody(_) => ".",
        Input::Expired | Input::ExpiredEarly | Input::ConnectionLost => ".",
    }
}

fn with_others(state: State, input: Input) -> &'static str {
    use TypingState::{Started, Stopped};
    match (state, input) {
        (State::BobAndCarolType, Input::AppSaid(Started, Channel::Socket(_))) => {
            "typing bob carol >started"
        }
        (_, Input::AppSaid(Started, Channel::Socket(_))) => "typing bob >started",
        (_, Input::AppSaid(_, _) | Input::Idle(_) | Input::OwnMessage) => ".",
        // Once more is nothing new to show.
        (_, Input::Bob(Started)) => ".",
        (State::BobAndCarolType, Input::Bob(Stopped) | Input::BobWrote) => "silent carol shows 1",
        (_, Input::Bob(Stopped) | Input::BobWrote) => "silent shows 0",
        (_, Input::Oneself(_) | Input::Nobody(_)) => ".",
        (_, Input::Expired | Input::ConnectionLost) => "silent shows 0",
        (State::BobAndCarolType, Input::ExpiredEarly) => ". shows 2",
        (_, Input::ExpiredEarly) => ". shows 1",
    }
}

/// Neither the server nor the app finds it; what was known of it goes with time.
fn removed(input: Input) -> &'static str {
    match input {
        Input::AppSaid(_, _) | Input::Bob(_) | Input::Oneself(_) | Input::Nobody(_) => ".",
        Input::Idle(_) | Input::OwnMessage => "silent bob",
        Input::BobWrote | Input::Expired => "typing shows 0",
        Input::ExpiredEarly => ". shows 1",
        Input::ConnectionLost => "silent shows 0",
    }
}

#[test]
fn every_state_and_every_input() {
    let mut room = Room::new();
    for state in states() {
        for input in inputs() {
            bring(&mut room, state);
            let before = room.state();
            let step = room.happens(input);
            let left = room.state();
            let shown = if left == before { "." } else { &left };
            let case = format!("{state:?} + {input:?}");
            assert_eq!(
                format!("{shown}{}", said(&step)),
                after(state, input),
                "{case}"
            );
        }
    }
}

/// The same twice: the server is told once, and nothing that is not new is shown.
#[test]
fn every_state_and_every_input_twice() {
    let mut room = Room::new();
    for state in states() {
        for input in inputs() {
            bring(&mut room, state);
            room.happens(input);
            let left = room.state();
            let step = room.happens(input);
            // Who is there is looked at when a time has come.
            if input != Input::ExpiredEarly {
                assert_eq!(said(&step), "", "{state:?} + {input:?}");
            }
            assert_eq!(room.state(), left, "{state:?} + {input:?}");
        }
    }
}

/// Signed out, or without a socket.
#[test]
fn after_a_connection_nothing_is_left_of_it() {
    let mut room = Room::new();
    for state in states() {
        bring(&mut room, state);
        room.happens(Input::ConnectionLost);
        assert_eq!(room.state(), "silent", "{state:?}");
        assert!(room.typing.timers().next().is_none(), "{state:?}");
        // A timer that had come before is late.
        for late in [Input::Expired, Input::Idle(SOCKET), Input::BobWrote] {
            assert_eq!(said(&room.happens(late)), "", "{state:?} + {late:?}");
        }
    }
}
