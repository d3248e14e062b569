//! The connection, stepped without an engine.

use std::time::Duration;

use fulmar_protocol::{
    ClientFrame, CloseCode, EventsFrame, LogId, OutcomeFrame, Pong, Presence, PresenceFrame,
    Problem, ProblemFrame, Ready, ResetFrame, Secret, Seq, ServerFrame, SubmitId, Timestamp,
    Typing, TypingState, UserId,
};

mod heartbeat;
mod hints;

use super::{Link, LinkNews, Opening, Wish};
use crate::config::Config;
use crate::facts::Channel;
use crate::io::{Effect, SocketEvent, SocketFailure, SocketId};
use crate::pace::Gate;
use crate::testing::{Bench, EPOCH, Step, every};
use crate::timer::{Timed, Timer};

struct Wire {
    bench: Bench,
    link: Link,
    config: Config,
}

fn ready(heartbeat_ms: u64) -> ServerFrame {
    ServerFrame::Ready(Ready {
        user_id: UserId::new("alice").unwrap(),
        device_id: fulmar_protocol::DeviceId::new("phone").unwrap(),
        log_id: LogId::new("log").unwrap(),
        head: Seq(0),
        heartbeat_ms,
        operation_key_retention_ms: 0,
        server_time: Timestamp(EPOCH),
        limits: fulmar_protocol::Limits::default(),
        capabilities: fulmar_protocol::Capability::ALL.into(),
    })
}

fn events() -> ServerFrame {
    let events = Vec::new();
    ServerFrame::Events(EventsFrame { events })
}

impl Wire {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            link: Link::default(),
            config: Config::default(),
        }
    }

    fn reconcile_with(&mut self, signed_in: bool, token: bool, gate: Gate) -> Step<Opening> {
        let wish = Wish {
            signed_in,
            token: token.then(|| Secret::new("token")),
            queued: false,
            gate,
        };
        let (link, config) = (&mut self.link, &self.config);
        self.bench.run(|tx| link.reconcile(tx, wish, config))
    }

    fn reconcile(&mut self) -> Step<Opening> {
        self.reconcile_with(true, true, Gate::OPEN)
    }

    fn socket(&self) -> SocketId {
        self.link.socket().unwrap()
    }

    fn event(&mut self, socket: SocketId, event: SocketEvent) -> Step<Vec<LinkNews>> {
        let (link, config) = (&mut self.link, &self.config);
        let hello = |token| Link::hello(token, None, Seq(3));
        self.bench
            .run(|tx| link.socket_event(tx, socket, event, hello, config))
    }

    fn frame(&mut self, frame: ServerFrame) -> Step<Vec<LinkNews>> {
        let socket = self.socket();
        self.event(socket, SocketEvent::Frame(frame))
    }

    /// Waits until the next timer of the link, and says which it was.
    fn wait(&mut self) -> Timer {
        let next = self.link.timers().next().unwrap();
        self.bench.pass(next.at.until(self.bench.now().mono));
        self.link.timers_mut().clear(next.timer);
        next.timer
    }

    fn open(&mut self, heartbeat_ms: u64) -> SocketId {
        assert_eq!(self.reconcile().result, Opening::Begun);
        let socket = self.socket();
        self.event(socket, SocketEvent::Opened);
        self.frame(ready(heartbeat_ms));
        socket
    }

    fn silent(&mut self) -> Step<Vec<LinkNews>> {
        let (link, config) = (&mut self.link, &self.config);
        self.bench.run(|tx| link.silent(tx, config))
    }

    fn ping(&mut self) -> usize {
        let (link, config) = (&mut self.link, &self.config);
        let step = self.bench.run(|tx| link.ping(tx, config));
        step.effects
            .iter()
            .filter(|effect| {
                matches!(
                    effect,
                    Effect::SendFrame {
                        frame: ClientFrame::Ping(_),
                        ..
                    }
                )
            })
            .count()
    }
}

fn rejects(news: &[LinkNews]) -> bool {
    news.iter()
        .any(|news| matches!(news, LinkNews::TokenRejected(_)))
}

fn lost(news: &[LinkNews]) -> bool {
    news.iter().any(|news| matches!(news, LinkNews::Lost))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum In {
    Down,
    Connecting,
    Open,
}

fn in_state(state: In) -> Wire {
    let mut wire = Wire::new();
    match state {
        In::Down => {}
        In::Connecting => {
            wire.reconcile();
        }
        In::Open => {
            wire.open(30_000);
        }
    }
    wire
}

/// A frame of every kind.
fn frames() -> [ServerFrame; 10] {
    let user_id = UserId::new("bob").unwrap();
    every!(ServerFrame {
        ServerFrame::Ready(_) => [ready(30_000)],
        ServerFrame::Events(_) => [events()],
        ServerFrame::Reset(_) => [ServerFrame::Reset(ResetFrame {
            log_id: LogId::new("other").unwrap(),
            head: Seq(2),
        })],
        ServerFrame::Outcome(_) => [ServerFrame::Outcome(OutcomeFrame {
            submit_id: SubmitId(1),
            log_id: None,
            outcomes: Vec::new(),
        })],
        ServerFrame::Pong(_) => [ServerFrame::Pong(Pong {
            id: 1,
            head: Seq(9),
        })],
        ServerFrame::Typing(_) => [ServerFrame::Typing(Typing {
            conversation_id: fulmar_protocol::ConversationId::new("c").unwrap(),
            user_id: Some(user_id.clone()),
            state: TypingState::Started,
        })],
        ServerFrame::Presence(_) => [ServerFrame::Presence(PresenceFrame {
            users: vec![fulmar_protocol::UserPresence {
                user_id: user_id.clone(),
                presence: Presence::Online,
            }],
        })],
        ServerFrame::Problem(_) => [problem(Some(SubmitId(4))), problem(None)],
        ServerFrame::Unknown => [ServerFrame::Unknown],
    })
}

fn problem(submit_id: Option<SubmitId>) -> ServerFrame {
    let problem = Problem::new(fulmar_protocol::Code::RequestTooLarge, "x");
    ServerFrame::Problem(ProblemFrame { submit_id, problem })
}

/// Everything that can happen to a socket.
fn socket_events() -> Vec<SocketEvent> {
    let refused = |status| SocketEvent::Failed(SocketFailure::Refused { status });
    let unreachable = || SocketEvent::Failed(SocketFailure::Unreachable("x".to_owned()));
    let mut all = every!(SocketEvent {
        SocketEvent::Opened => [SocketEvent::Opened],
        SocketEvent::Unreadable(_) => [SocketEvent::Unreadable("x".to_owned())],
        SocketEvent::Frame(_) => [SocketEvent::Frame(ServerFrame::Unknown)],
        SocketEvent::Closed(_) => [
            SocketEvent::Closed(CloseCode::GoingAway),
            SocketEvent::Closed(CloseCode::Unauthenticated),
            SocketEvent::Closed(CloseCode::Revoked),
        ],
        SocketEvent::Failed(_) => [refused(401), refused(502), unreachable()],
    })
    .to_vec();
    all.extend(frames().map(SocketEvent::Frame));
    all
}

/// Whether a socket is given up after this.
fn ends(state: In, event: &SocketEvent) -> bool {
    match (state, event) {
        (In::Down, _) | (_, SocketEvent::Opened) => false,
        (_, SocketEvent::Unreadable(_) | SocketEvent::Closed(_) | SocketEvent::Failed(_)) => true,
        (In::Open, SocketEvent::Frame(_)) => false,
        (In::Connecting, SocketEvent::Frame(frame)) => match frame {
            ServerFrame::Ready(_) | ServerFrame::Problem(_) | ServerFrame::Unknown => false,
            ServerFrame::Events(_)
            | ServerFrame::Reset(_)
            | ServerFrame::Outcome(_)
            | ServerFrame::Pong(_)
            | ServerFrame::Typing(_)
            | ServerFrame::Presence(_) => true,
        },
    }
}

/// Whether a socket says that its token is no good.
fn refuses(event: &SocketEvent) -> bool {
    match event {
        SocketEvent::Closed(code) => {
            *code == CloseCode::Unauthenticated || *code == CloseCode::Revoked
        }
        SocketEvent::Failed(SocketFailure::Refused { status }) => *status == 401,
        SocketEvent::Failed(SocketFailure::Unreachable(_))
        | SocketEvent::Opened
        | SocketEvent::Unreadable(_)
        | SocketEvent::Frame(_) => false,
    }
}

/// Every state and every thing that can happen to a socket: what is left, and what is said.
#[test]
fn every_state_and_every_socket_event() {
    for state in every!(In { In::Down => [In::Down], In::Connecting => [In::Connecting], In::Open => [In::Open] })
    {
        for event in socket_events() {
            let mut wire = in_state(state);
            let current = wire.link.socket();
            let socket = current.unwrap_or(SocketId(7));
            let what = format!("{state:?} + {event:?}");
            let (ends, refused) = (ends(state, &event), state != In::Down && refuses(&event));
            let step = wire.event(socket, event.clone());
            assert_eq!(lost(&step.result), ends, "{what}");
            assert_eq!(rejects(&step.result), refused, "{what}");
            if state == In::Down {
                assert!(step.result.is_empty() && step.effects.is_empty(), "{what}");
            }
            if ends {
                assert_eq!(wire.link.socket(), None, "{what}");
                assert!(wire.link.timers().is_set(Timer::Reconnect), "{what}");
                // What comes late of it, and comes twice, is nobody's.
                for late in socket_events() {
                    let step = wire.event(socket, late);
                    assert!(step.result.is_empty() && step.effects.is_empty(), "{what}");
                }
            }
        }
    }
}

#[test]
fn news_of_a_socket_that_is_gone_are_dropped() {
    for state in [In::Down, In::Connecting, In::Open] {
        let mut wire = in_state(state);
        let before = wire.link.socket();
        let step = wire.event(SocketId(999), SocketEvent::Closed(CloseCode::Normal));
        assert!(step.result.is_empty() && step.effects.is_empty());
        assert_eq!(wire.link.socket(), before, "{state:?}");
    }
}

/// Whether news are what a frame should become.
fn is_news_of(news: &[LinkNews], frame: &ServerFrame) -> bool {
    match frame {
        ServerFrame::Ready(_) => matches!(news, [LinkNews::Opened(_) | LinkNews::ReadyAgain(_)]),
        ServerFrame::Events(_) => matches!(news, [LinkNews::Events(_)]),
        ServerFrame::Reset(_) => matches!(news, [LinkNews::Reset(_)]),
        ServerFrame::Outcome(_) => {
            matches!(news, [LinkNews::Outcomes(frame)] if frame.submit_id == SubmitId(1))
        }
        ServerFrame::Pong(_) => matches!(news, [LinkNews::Head(Seq(9))]),
        ServerFrame::Typing(_) => matches!(news, [LinkNews::Typing(_)]),
        ServerFrame::Presence(_) => matches!(news, [LinkNews::Presence(_)]),
        ServerFrame::Problem(problem) if problem.submit_id.is_some() => {
            matches!(news, [LinkNews::SubmitRefused(SubmitId(4), _)])
        }
        ServerFrame::Problem(_) | ServerFrame::Unknown => news.is_empty(),
    }
}

#[test]
fn every_frame_is_passed_on_by_what_it_is() {
    let mut wire = in_state(In::Open);
    for frame in frames() {
        let step = wire.frame(frame.clone());
        assert!(is_news_of(&step.result, &frame), "{frame:?}");
    }
}

/// A `ready` alone is no success: a server that closes after each is tried with growing waits.
#[test]
fn sockets_that_close_after_ready_are_failed_tries() {
    for code in [CloseCode::GoingAway, CloseCode::Unauthenticated] {
        let mut wire = Wire::new();
        let begun = wire.bench.now().mono;
        for n in 1..=8 {
            let socket = wire.open(30_000);
            wire.event(socket, SocketEvent::Closed(code));
            let due = wire.link.timers().get(Timer::Reconnect).unwrap();
            let wait = due.until(wire.bench.now().mono);
            let bound = Duration::from_secs(30).min(Duration::from_secs(1 << (n - 1)));
            assert!(wait >= bound / 2 && wait <= bound, "{n}: {wait:?}");
            assert_eq!(wire.wait(), Timer::Reconnect);
        }
        assert!(wire.bench.now().mono > begun.plus(Duration::from_secs(45)));
    }
}

#[test]
fn a_socket_that_lived_or_brought_something_makes_the_next_try_a_first_one() {
    for by_time in [true, false] {
        let mut wire = Wire::new();
        for _ in 0..5 {
            let socket = wire.open(30_000);
            wire.event(socket, SocketEvent::Closed(CloseCode::GoingAway));
            wire.wait();
        }
        let socket = wire.open(300_000);
        if by_time {
            assert_eq!(wire.wait(), Timer::SocketProven);
        }
        assert!(matches!(wire.link.prove(), Some(LinkNews::Proven)));
        assert!(wire.link.prove().is_none(), "it is said once");
        wire.event(socket, SocketEvent::Closed(CloseCode::GoingAway));
        let due = wire.link.timers().get(Timer::Reconnect).unwrap();
        let wait = due.until(wire.bench.now().mono);
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }
}

#[test]
fn after_two_sockets_without_ready_http_stands_in_until_one_has_it() {
    let mut wire = Wire::new();
    for n in 1..=2 {
        wire.reconcile();
        assert_eq!(wire.link.channel(), Channel::None, "{n}");
        let failure = SocketFailure::Unreachable("x".to_owned());
        let socket = wire.socket();
        wire.event(socket, SocketEvent::Failed(failure));
        while wire.link.timers().is_set(Timer::Reconnect) && n == 1 {
            wire.wait();
        }
    }
    assert_eq!(wire.link.channel(), Channel::Http);
    while wire.link.timers().is_set(Timer::Reconnect) {
        wire.wait();
    }
    let socket = wire.open(30_000);
    assert_eq!(wire.link.channel(), Channel::Socket(socket));
    assert!(!wire.link.timers().is_set(Timer::Poll));
}
