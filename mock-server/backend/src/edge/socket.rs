//! WebSocket frames: hello, submit, ping, and the events that go out (PROTOCOL.md §3).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fulmar_protocol::{
    Capability, ClientFrame, CloseCode, Code, ConversationId, EventsFrame, Hello, OutcomeFrame,
    PROTOCOL_VERSION, Pong, Problem, ProblemFrame, Ready, ResetFrame, Secret, Seq, ServerFrame,
    Submit, SubmitId, Timestamp, UserId,
};

use crate::actor::Caller;
use crate::store::log;
use crate::{Backend, Error, Pending, Result, Scope};

/// How many events go into one frame (PROTOCOL.md §6.1).
const EVENTS_PER_FRAME: u32 = 100;

/// Names a socket of this backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What whoever owns the sockets has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Send this frame.
    Frame {
        /// Over this socket.
        socket: SocketId,
        /// This one.
        frame: ServerFrame,
    },
    /// Close a socket; the backend has forgotten it already.
    Close {
        /// This one.
        socket: SocketId,
        /// With this code.
        code: CloseCode,
    },
}

pub(crate) struct Socket {
    pub(crate) state: State,
    /// Where its user types, and when they last said so.
    pub(super) typing: BTreeMap<ConversationId, Timestamp>,
    pub(super) last_heard: Timestamp,
}

pub(crate) enum State {
    /// Connected; nobody knows who it is.
    Greeting { token: Option<Secret> },
    /// `ready` went out.
    Ready { caller: Caller, sent: Seq },
}

impl Backend {
    /// A socket was opened, with the token of its handshake if it had one.
    pub fn connect(&mut self, token: Option<&str>, now: Timestamp) -> SocketId {
        self.last_socket += 1;
        let socket = SocketId(self.last_socket);
        self.sockets.insert(
            socket,
            Socket {
                state: State::Greeting {
                    token: token.map(Secret::from),
                },
                typing: BTreeMap::new(),
                last_heard: now,
            },
        );
        socket
    }

    /// A socket is gone. Whoever typed there has stopped.
    pub fn disconnect(&mut self, socket: SocketId) -> Vec<Outgoing> {
        self.forget(socket)
    }

    /// A text message came in.
    pub fn frame(&mut self, socket: SocketId, text: &str, now: Timestamp) -> Vec<Outgoing> {
        let Some(state) = self.sockets.get_mut(&socket) else {
            return Vec::new();
        };
        state.last_heard = now;
        if text.len() > self.config.limits.frame_bytes as usize {
            return self.close(socket, CloseCode::TooLarge);
        }
        match ClientFrame::from_text(text) {
            Ok(ClientFrame::Unknown) => Vec::new(),
            Ok(ClientFrame::Hello(hello)) => self.hello(socket, hello, now),
            Ok(ClientFrame::Authenticate(frame)) => {
                self.authenticate_again(socket, &frame.access_token, now)
            }
            Ok(ClientFrame::Submit(submit)) => self.submit(socket, &submit, now),
            Ok(ClientFrame::Ping(ping)) => self.ping(socket, ping.id, now),
            Ok(ClientFrame::Typing(typing)) => self.typing(socket, typing, now),
            Err(error) => {
                let problem = Problem::new(Code::RequestMalformed, "The frame cannot be read")
                    .with_detail(error.reason);
                let submit_id = submit_id_of(text);
                let mut outgoing = vec![say(
                    socket,
                    ServerFrame::Problem(ProblemFrame { submit_id, problem }),
                )];
                // A submit is answered; whatever else this is, it is not the protocol.
                if submit_id.is_none() {
                    outgoing.extend(self.close(socket, CloseCode::Malformed));
                }
                outgoing
            }
        }
    }

    /// Closes every socket, because the server is going away.
    pub fn close_all(&mut self) -> Vec<Outgoing> {
        let ids: Vec<SocketId> = self.sockets.keys().copied().collect();
        ids.into_iter()
            .flat_map(|id| self.close(id, CloseCode::GoingAway))
            .collect()
    }

    /// Closes the sockets of sessions that have ended.
    pub(crate) fn close_sessions(&mut self, sessions: &[String]) -> Vec<Outgoing> {
        let ids: Vec<SocketId> = self
            .sockets
            .iter()
            .filter(|(_, socket)| {
                matches!(&socket.state, State::Ready { caller, .. }
                    if sessions.contains(&caller.session_id))
            })
            .map(|(id, _)| *id)
            .collect();
        ids.into_iter()
            .flat_map(|id| self.close(id, CloseCode::Revoked))
            .collect()
    }

    pub(super) fn close(&mut self, socket: SocketId, code: CloseCode) -> Vec<Outgoing> {
        let mut outgoing = self.forget(socket);
        outgoing.push(Outgoing::Close { socket, code });
        outgoing
    }

    fn hello(&mut self, socket: SocketId, hello: Hello, now: Timestamp) -> Vec<Outgoing> {
        let Some(Socket {
            state: State::Greeting { token },
            ..
        }) = self.sockets.get(&socket)
        else {
            return self.close(socket, CloseCode::Malformed);
        };
        if hello.version != PROTOCOL_VERSION {
            let problem = Problem::new(
                Code::VersionUnsupported,
                "This version of the protocol is not supported",
            );
            let frame = ServerFrame::Problem(ProblemFrame {
                submit_id: None,
                problem,
            });
            let mut outgoing = vec![say(socket, frame)];
            outgoing.extend(self.close(socket, CloseCode::Malformed));
            return outgoing;
        }
        let token = hello.access_token.clone().or_else(|| token.clone());
        let (result, _) = self.scoped(now, |scope| {
            let caller = scope
                .rooms
                .accounts
                .authenticate(scope.tx, token.as_ref().map(Secret::expose))?;
            let state = log::state(scope.tx.db(), &caller.user_id)?;
            Ok((caller, state))
        });
        let (caller, log) = match result {
            Ok(found) => found,
            Err(error) => return self.close_refused(socket, error),
        };
        let ready = Ready {
            user_id: caller.user_id.clone(),
            device_id: caller.device_id.clone(),
            log_id: log.log_id.clone(),
            head: log.head,
            heartbeat_ms: millis(self.config.heartbeat),
            operation_key_retention_ms: millis(self.config.operation_key_retention),
            server_time: now,
            limits: self.config.limits,
            capabilities: vec![
                Capability::Resume,
                Capability::Idempotency,
                Capability::OrderedSubmit,
                Capability::Search,
                Capability::Files,
            ],
        };
        let resumes = hello.log_id.as_ref() == Some(&log.log_id)
            && hello.since >= log.cut_to
            && hello.since <= log.head;
        let sent = if resumes { hello.since } else { log.head };
        let user = caller.user_id.clone();
        if let Some(known) = self.sockets.get_mut(&socket) {
            known.state = State::Ready { caller, sent };
        }
        let mut outgoing = vec![say(socket, ServerFrame::Ready(ready))];
        if !resumes {
            outgoing.push(say(
                socket,
                ServerFrame::Reset(ResetFrame {
                    log_id: log.log_id,
                    head: log.head,
                }),
            ));
        }
        outgoing.extend(self.deliver(&BTreeSet::from([user.clone()]), now));
        outgoing.extend(self.arrived(socket, &user, now));
        outgoing
    }

    fn close_refused(&mut self, socket: SocketId, error: Error) -> Vec<Outgoing> {
        let problem = error.into_problem();
        let code = match problem.code {
            Code::TokenExpired | Code::TokenInvalid => CloseCode::Unauthenticated,
            _ => CloseCode::GoingAway,
        };
        let frame = ServerFrame::Problem(ProblemFrame {
            submit_id: None,
            problem,
        });
        let mut outgoing = vec![say(socket, frame)];
        outgoing.extend(self.close(socket, code));
        outgoing
    }

    /// The caller of a ready socket, if its token still holds.
    pub(super) fn caller(
        &self,
        socket: SocketId,
        now: Timestamp,
    ) -> std::result::Result<Caller, CloseCode> {
        match self.sockets.get(&socket).map(|socket| &socket.state) {
            Some(State::Ready { caller, .. }) if caller.expires_at > now => Ok(caller.clone()),
            Some(State::Ready { .. }) => Err(CloseCode::Unauthenticated),
            _ => Err(CloseCode::Malformed),
        }
    }

    fn authenticate_again(
        &mut self,
        socket: SocketId,
        token: &Secret,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let (result, _) = self.scoped(now, |scope| {
            scope
                .rooms
                .accounts
                .authenticate(scope.tx, Some(token.expose()))
        });
        match (result, self.sockets.get_mut(&socket).map(|s| &mut s.state)) {
            (Ok(fresh), Some(State::Ready { caller, .. }))
                if fresh.session_id == caller.session_id =>
            {
                *caller = fresh;
                Vec::new()
            }
            (Err(error), Some(_)) => self.close_refused(socket, error),
            _ => self.close(socket, CloseCode::Malformed),
        }
    }

    fn submit(&mut self, socket: SocketId, submit: &Submit, now: Timestamp) -> Vec<Outgoing> {
        let caller = match self.caller(socket, now) {
            Ok(caller) => caller,
            Err(code) => return self.close(socket, code),
        };
        let (result, pending) = self.scoped(now, |scope| {
            scope.apply_all(&caller.user_id, &submit.operations)
        });
        let frame = match result {
            Ok(outcomes) => ServerFrame::Outcome(OutcomeFrame {
                submit_id: submit.submit_id,
                outcomes,
            }),
            Err(error) => ServerFrame::Problem(ProblemFrame {
                submit_id: Some(submit.submit_id),
                problem: error.into_problem(),
            }),
        };
        let mut outgoing = vec![say(socket, frame)];
        outgoing.extend(self.after(&pending, now));
        outgoing
    }

    /// What a request leads to on all sockets.
    pub(crate) fn after(&mut self, pending: &Pending, now: Timestamp) -> Vec<Outgoing> {
        self.push(&pending.pushes, now);
        let mut outgoing = self.deliver(&pending.notify_events, now);
        outgoing.extend(self.introduce(&pending.notify_introduced, now));
        for (one, other) in &pending.notify_separated {
            outgoing.extend(self.part(one, other));
            outgoing.extend(self.part(other, one));
        }
        for user in &pending.notify_presence {
            outgoing.extend(self.tell_of(user, now));
        }
        outgoing
    }

    fn ping(&mut self, socket: SocketId, id: u64, now: Timestamp) -> Vec<Outgoing> {
        let caller = match self.caller(socket, now) {
            Ok(caller) => caller,
            Err(code) => return self.close(socket, code),
        };
        let (head, _) = self.scoped(now, |scope| {
            Ok(log::state(scope.tx.db(), &caller.user_id)?.head)
        });
        match head {
            Ok(head) => vec![say(socket, ServerFrame::Pong(Pong { id, head }))],
            Err(error) => self.close_refused(socket, error),
        }
    }

    /// Sends the sockets of these users what their logs have and they have not got.
    pub(crate) fn deliver(&mut self, told: &BTreeSet<UserId>, now: Timestamp) -> Vec<Outgoing> {
        if told.is_empty() {
            return Vec::new();
        }
        let waiting: Vec<(SocketId, Caller, Seq)> = self
            .sockets
            .iter()
            .filter_map(|(id, socket)| match &socket.state {
                State::Ready { caller, sent } if told.contains(&caller.user_id) => {
                    Some((*id, caller.clone(), *sent))
                }
                _ => None,
            })
            .collect();
        let (result, _) = self.scoped(now, |scope| scope.undelivered(&waiting));
        let batches = match result {
            Ok(batches) => batches,
            Err(error) => {
                // Nothing is lost: the sockets' clients ask again at the next pong.
                error.report();
                return Vec::new();
            }
        };
        let mut outgoing = Vec::new();
        for (socket, frame) in batches {
            if let Some(last) = frame.events.last()
                && let Some(Socket {
                    state: State::Ready { sent, .. },
                    ..
                }) = self.sockets.get_mut(&socket)
            {
                *sent = last.seq;
            }
            outgoing.push(say(socket, ServerFrame::Events(frame)));
        }
        outgoing
    }
}

impl Scope<'_, '_> {
    fn undelivered(
        &self,
        waiting: &[(SocketId, Caller, Seq)],
    ) -> Result<Vec<(SocketId, EventsFrame)>> {
        let mut frames = Vec::new();
        for (socket, caller, sent) in waiting {
            let mut since = *sent;
            loop {
                let events = log::after(self.tx.db(), &caller.user_id, since, EVENTS_PER_FRAME)?;
                let Some(last) = events.last() else { break };
                since = last.seq;
                frames.push((*socket, EventsFrame { events }));
            }
        }
        Ok(frames)
    }
}

pub(crate) fn say(socket: SocketId, frame: ServerFrame) -> Outgoing {
    Outgoing::Frame { socket, frame }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The submit that an unreadable frame wanted to be, so that it can be answered.
fn submit_id_of(text: &str) -> Option<SubmitId> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    if value.get("type")?.as_str()? != "submit" {
        return None;
    }
    SubmitId::try_from(value.get("submitId")?.as_u64()?).ok()
}
