//! The reconnecting connection (PROTOCOL.md §3): when there is a socket, when one is dead, and when HTTP
//! stands in for it.
//!
//! ```text
//!          open             ready                    lost
//!   Down ───────▶ Connecting ─────▶ Open ─────────────────────────▶ Down, until the next try
//!                                     │ an event, an outcome, 60 s
//!                                     ▼
//!                                   proven: only now the count of failed tries starts over
//! ```
//!
//! A socket that is not proven counts as a failed try when it ends, whatever it said before. What travels
//! over it is none of this machine's business: it passes frames on as news. It must never decide about an
//! operation, a token or an event.

mod frames;
mod heartbeat;
mod hints;
mod show;
#[cfg(test)]
mod tests;

use std::time::Duration;

use fulmar_protocol::{
    Authenticate, ClientFrame, Event, Hello, LogId, OutcomeFrame, PROTOCOL_VERSION, PresenceFrame,
    Problem, Ready, ResetFrame, Secret, Seq, SubmitId, Timestamp, Typing,
};

use crate::config::Config;
use crate::facts::Channel;
use crate::io::{AppState, Effect, NetworkState, SocketEvent, SocketFailure, SocketId, WaitReason};
use crate::pace::Gate;
use crate::time::Mono;
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// A socket that has lived for so long is a success (PROTOCOL.md §3.9).
const PROVEN_AFTER: Duration = Duration::from_secs(60);
/// How often the time for `ready` may double when it did not come.
const MOST_PATIENCE: u32 = 4;

/// What the connection has to say.
#[derive(Debug)]
pub(crate) enum LinkNews {
    /// `ready` came: frames can be sent.
    Opened(Box<Ready>),
    /// `ready` came once more on the same socket: the server says what it is, and nothing was tried.
    ReadyAgain(Box<Ready>),
    /// There is no socket any more: what was in flight on it has no answer.
    Lost,
    /// The server refused this access token.
    TokenRejected(Secret),
    /// The network is back, or the app came to the foreground.
    CameBack,
    /// It is time to ask for events over HTTP.
    PollDue,
    /// This socket counts as a success from now on.
    Proven,
    Events(Vec<Event>),
    Reset(ResetFrame),
    /// The log goes up to here, and everything before was sent.
    Head(Seq),
    Outcomes(OutcomeFrame),
    SubmitRefused(SubmitId, Box<Problem>),
    Presence(PresenceFrame),
    Typing(Typing),
}

#[derive(Debug, Default)]
pub(crate) struct Link {
    state: State,
    network: NetworkState,
    app: AppState,
    /// Tries that failed since the last success.
    attempt: u32,
    /// How many of them in a row did not even get a `ready`.
    refusals: u32,
    /// How many of those ended because nothing was said at all.
    unanswered: u32,
    /// How many sockets ended because no pong came, since the last one that did.
    missed_pongs: u32,
    /// Why there is no connection.
    reason: Option<WaitReason>,
    /// When the next try is, for the screen.
    retry_at: Option<Timestamp>,
    /// HTTP stands in for the socket.
    polling: bool,
    /// The last thing that was asked over HTTP since then was answered.
    http_answers: bool,
    /// The newest access token that the socket was given.
    token: Option<Secret>,
    timers: Timers,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Down,
    /// The socket was asked for, or is open and its `ready` has not come.
    Connecting { socket: SocketId },
    /// `ready` came.
    Open {
        socket: SocketId,
        heartbeat: Duration,
        proven: bool,
        /// Since when a pong is awaited.
        ping_sent: Option<Mono>,
    },
}

/// What decides whether there should be a socket.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) signed_in: bool,
    /// An access token that can be expected to be accepted.
    pub(crate) token: Option<Secret>,
    /// Whether something waits to be sent.
    pub(crate) queued: bool,
    /// Whether the budget has one more try.
    pub(crate) gate: Gate,
}

impl Timed for Link {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Link {
    pub(crate) fn network(&self) -> NetworkState {
        self.network
    }

    pub(crate) fn app(&self) -> AppState {
        self.app
    }

    /// By what operations and files can travel at this moment.
    pub(crate) fn channel(&self) -> Channel {
        match self.state {
            State::Open { socket, .. } => Channel::Socket(socket),
            State::Down | State::Connecting { .. } if self.polling => Channel::Http,
            State::Down | State::Connecting { .. } => Channel::None,
        }
    }

    fn socket(&self) -> Option<SocketId> {
        match self.state {
            State::Down => None,
            State::Connecting { socket } | State::Open { socket, .. } => Some(socket),
        }
    }

    /// Opens a socket if there should be one, and closes one that should not be.
    pub(crate) fn reconcile(&mut self, tx: &mut Tx<'_>, wish: Wish, config: &Config) -> Opening {
        if !wish.signed_in || self.network == NetworkState::Unavailable {
            return if self.stop(tx) {
                Opening::Stopped
            } else {
                Opening::Nothing
            };
        }
        let rests = self.app == AppState::Background && !wish.queued;
        let (State::Down, Some(token), false, false) = (
            self.state,
            wish.token,
            self.timers.is_set(Timer::Reconnect),
            rests,
        ) else {
            return Opening::Nothing;
        };
        if let Gate::ClosedUntil(at) = wish.gate {
            self.timers.set(Timer::Reconnect, at);
            self.retry_at = Some(tx.now.wall_at(at));
            return Opening::Nothing;
        }
        let socket = SocketId(tx.number());
        self.state = State::Connecting { socket };
        self.retry_at = None;
        self.token = Some(token.clone());
        let at = tx.now.mono.plus(self.patience(config));
        self.timers.set(Timer::ReadyMissing, at);
        tx.emit(Effect::OpenSocket {
            socket,
            access_token: token,
        });
        Opening::Begun
    }

    /// How long `ready` may take: longer after those that did not come.
    fn patience(&self, config: &Config) -> Duration {
        config.answer_timeout * 2u32.pow(self.unanswered.min(MOST_PATIENCE))
    }

    /// The first frame on a socket (PROTOCOL.md §3.2).
    pub(crate) fn hello(
        access_token: Option<Secret>,
        log_id: Option<LogId>,
        since: Seq,
    ) -> ClientFrame {
        ClientFrame::Hello(Hello {
            version: PROTOCOL_VERSION,
            access_token,
            since,
            log_id,
        })
    }

    /// Something happened to a socket; news from any but the current one are dropped.
    pub(crate) fn socket_event(
        &mut self,
        tx: &mut Tx<'_>,
        socket: SocketId,
        event: SocketEvent,
        hello: impl FnOnce(Option<Secret>) -> ClientFrame,
        config: &Config,
    ) -> Vec<LinkNews> {
        if self.socket() != Some(socket) {
            return Vec::new();
        }
        match event {
            SocketEvent::Opened => {
                let frame = hello(self.token.clone());
                tx.emit(Effect::SendFrame { socket, frame });
                Vec::new()
            }
            SocketEvent::Frame(frame) => self.frame(tx, socket, frame, config),
            SocketEvent::Unreadable(reason) => {
                tx.emit(Effect::CloseSocket { socket });
                self.lost(tx, WaitReason::ProtocolBroken { reason }, config)
            }
            SocketEvent::Closed(code) => {
                let reason = WaitReason::ClosedByServer {
                    code: code.as_u16(),
                };
                self.refused(tx, code.rejects_token(), reason, config)
            }
            SocketEvent::Failed(SocketFailure::Unreachable(reason)) => {
                self.lost(tx, WaitReason::Unreachable { reason }, config)
            }
            SocketEvent::Failed(SocketFailure::Refused { status }) => {
                let reason = WaitReason::HandshakeRefused { status };
                self.refused(tx, status == 401, reason, config)
            }
        }
    }

    /// The connection ended, perhaps because of its token.
    fn refused(
        &mut self,
        tx: &mut Tx<'_>,
        by_token: bool,
        reason: WaitReason,
        config: &Config,
    ) -> Vec<LinkNews> {
        let rejected = self.token.clone().filter(|_| by_token);
        let mut news = self.lost(tx, reason, config);
        news.extend(rejected.map(LinkNews::TokenRejected));
        news
    }

    /// There is no connection any more, or none came about.
    fn lost(&mut self, tx: &mut Tx<'_>, reason: WaitReason, config: &Config) -> Vec<LinkNews> {
        tracing::debug!(%reason, "no connection");
        let (was_open, proven) = match self.state {
            State::Open { proven, .. } => (true, proven),
            State::Down | State::Connecting { .. } => (false, false),
        };
        self.state = State::Down;
        self.attempt = if proven { 1 } else { self.attempt + 1 };
        self.refusals = if was_open { 0 } else { self.refusals + 1 };
        let silent = !was_open && reason == WaitReason::Silent;
        self.unanswered = if silent { self.unanswered + 1 } else { 0 };
        if was_open && reason == WaitReason::Silent {
            self.missed_pongs += 1;
        }
        self.reason = Some(reason);
        for timer in [
            Timer::ReadyMissing,
            Timer::Heartbeat,
            Timer::PongMissing,
            Timer::SocketProven,
        ] {
            self.timers.clear(timer);
        }
        let at = tx
            .now
            .mono
            .plus(config.backoff.wait(self.attempt, &mut tx.rng));
        self.retry_at = Some(tx.now.wall_at(at));
        self.timers.set(Timer::Reconnect, at);
        if self.refusals >= config.fallback_after && !self.polling {
            self.polling = true;
            self.http_answers = false;
            self.timers.set(Timer::Poll, tx.now.mono);
        }
        vec![LinkNews::Lost]
    }

    /// The peer is dead, as far as anyone can know.
    pub(crate) fn silent(&mut self, tx: &mut Tx<'_>, config: &Config) -> Vec<LinkNews> {
        self.close(tx, WaitReason::Silent, config)
    }

    /// The socket is of no use any more: another one is opened, after a wait.
    pub(crate) fn close(
        &mut self,
        tx: &mut Tx<'_>,
        reason: WaitReason,
        config: &Config,
    ) -> Vec<LinkNews> {
        let Some(socket) = self.socket() else {
            return Vec::new();
        };
        tx.emit(Effect::CloseSocket { socket });
        self.lost(tx, reason, config)
    }

    /// Progress was made over the socket: the next try after it is a first one.
    pub(crate) fn prove(&mut self) -> Option<LinkNews> {
        let State::Open { proven, .. } = &mut self.state else {
            return None;
        };
        if *proven {
            return None;
        }
        *proven = true;
        self.attempt = 0;
        self.timers.clear(Timer::SocketProven);
        Some(LinkNews::Proven)
    }

    /// The next wait is a first one again. The sockets that came to nothing stay counted.
    pub(crate) fn wait_anew(&mut self) {
        self.attempt = 0;
    }

    /// In the background nothing is asked for, unless something waits to be sent.
    pub(crate) fn poll(&mut self, tx: &mut Tx<'_>, queued: bool, config: &Config) -> Vec<LinkNews> {
        if !self.polling {
            return Vec::new();
        }
        let next = tx.now.mono.plus(config.poll_interval);
        self.timers.set(Timer::Poll, next);
        if self.app == AppState::Foreground || queued {
            vec![LinkNews::PollDue]
        } else {
            Vec::new()
        }
    }

    /// A fresh access token is here. The socket is told; and a try that only waited for it need not wait
    /// longer, but only the first time: a server that refuses fresh tokens is not asked without rest.
    pub(crate) fn token_renewed(&mut self, tx: &mut Tx<'_>, token: &Secret) {
        match self.state {
            State::Open { socket, .. } => {
                self.token = Some(token.clone());
                let frame = ClientFrame::Authenticate(Authenticate {
                    access_token: token.clone(),
                });
                tx.emit(Effect::SendFrame { socket, frame });
            }
            State::Down | State::Connecting { .. } if self.attempt <= 1 => {
                self.timers.clear(Timer::Reconnect);
            }
            State::Down | State::Connecting { .. } => {}
        }
    }

    /// The token that the current socket was given: a frame on it was refused because of it.
    pub(crate) fn socket_token(&self) -> Option<Secret> {
        self.token.clone()
    }
}

/// What reconciling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    Nothing,
    /// A try was begun.
    Begun,
    /// There should be no socket, and there was one.
    Stopped,
}
