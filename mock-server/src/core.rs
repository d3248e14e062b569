//! What all connections share: the backend, its clock, the faults, and the way to each socket.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fulmar_backend::{Backend, HttpRequest, HttpResponse, Outgoing, SocketId};
use fulmar_protocol::{CloseCode, ServerFrame, Timestamp};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::fault::{Action, Faults, Where};
use crate::journal::Journal;

/// How many frames may wait for a slow reader before it is cut (PROTOCOL.md §3.8, 4413). It
/// catches up when it comes back.
pub(crate) const WAITING_FRAMES: usize = 4_096;

/// What a socket's task has to do.
#[derive(Debug)]
pub(crate) enum Errand {
    Send(ServerFrame),
    Close(CloseCode),
    /// Drop the connection without a word.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Core {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
}

#[derive(Debug)]
struct State {
    backend: Backend,
    ways: BTreeMap<SocketId, mpsc::Sender<Errand>>,
}

impl Core {
    pub(crate) fn new(backend: Backend) -> Self {
        Self {
            state: Mutex::new(State {
                backend,
                ways: BTreeMap::new(),
            }),
            clock: Clock::default(),
            faults: Faults::default(),
            journal: Journal::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each request is one transaction, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something on the backend, and sends out what comes of it.
    pub(crate) fn with_backend<T>(
        &self,
        work: impl FnOnce(&mut Backend, Timestamp) -> (T, Vec<Outgoing>),
    ) -> T {
        let mut state = self.state();
        let now = self.clock.now();
        let (result, outgoing) = work(&mut state.backend, now);
        state.dispatch(outgoing, now, &self.journal);
        result
    }

    pub(crate) fn http(&self, request: &HttpRequest<'_>, user: Option<&str>) -> HttpResponse {
        self.with_backend(|backend, now| {
            let (response, outgoing) = backend.http(request, now);
            self.journal.request(
                (now, user.map(str::to_owned)),
                (request.method, request.path, request.body),
                (response.status, &response.body),
            );
            (response, outgoing)
        })
    }

    /// What a fault does to what passes a place, if any does.
    pub(crate) fn strike(&self, place: &Where, user: Option<&str>) -> Option<Action> {
        let action = self.faults.strike(place, user)?;
        let user = user.map(str::to_owned);
        self.journal.fault(self.clock.now(), user, place, &action);
        Some(action)
    }

    pub(crate) fn connect(&self, token: Option<&str>) -> (SocketId, mpsc::Receiver<Errand>) {
        let (sender, receiver) = mpsc::channel(WAITING_FRAMES);
        let mut state = self.state();
        let socket = state.backend.connect(token, self.clock.now());
        state.ways.insert(socket, sender);
        (socket, receiver)
    }

    pub(crate) fn frame(&self, socket: SocketId, text: &str) {
        self.with_backend(|backend, now| {
            let before = user_of(backend, socket);
            let outgoing = backend.frame(socket, text, now);
            // A `hello` says who it is.
            let user = before.or_else(|| user_of(backend, socket));
            self.journal.incoming(now, user, text);
            ((), outgoing)
        });
    }

    pub(crate) fn disconnect(&self, socket: SocketId) {
        let mut state = self.state();
        state.ways.remove(&socket);
        let outgoing = state.backend.disconnect(socket);
        state.dispatch(outgoing, self.clock.now(), &self.journal);
    }

    pub(crate) fn user_of_socket(&self, socket: SocketId) -> Option<String> {
        user_of(&self.state().backend, socket)
    }

    pub(crate) fn user_of_token(&self, token: Option<&str>) -> Option<String> {
        let now = self.clock.now();
        let user = self.state().backend.user_of(token?, now)?;
        Some(user.to_string())
    }

    /// Drops every connection without a word.
    pub(crate) fn cut_all(&self) {
        let mut state = self.state();
        let State { backend, ways } = &mut *state;
        for (socket, way) in std::mem::take(ways) {
            // Nobody is left to be told.
            let _ = backend.disconnect(socket);
            // Full or gone: either way the task ends when the sender is dropped.
            let _ = way.try_send(Errand::Cut);
        }
    }

    /// Drops the connections of a user without a word.
    pub(crate) fn cut_user(&self, user: &str) {
        let mut state = self.state();
        let State { backend, ways } = &mut *state;
        let theirs: Vec<SocketId> = ways
            .keys()
            .copied()
            .filter(|socket| {
                backend
                    .user_of_socket(*socket)
                    .is_some_and(|owner| owner.as_str() == user)
            })
            .collect();
        let mut outgoing = Vec::new();
        for socket in theirs {
            outgoing.extend(backend.disconnect(socket));
            if let Some(way) = ways.remove(&socket) {
                // Full or gone: either way the task ends when the sender is dropped.
                let _ = way.try_send(Errand::Cut);
            }
        }
        state.dispatch(outgoing, self.clock.now(), &self.journal);
    }
}

fn user_of(backend: &Backend, socket: SocketId) -> Option<String> {
    backend.user_of_socket(socket).map(ToString::to_string)
}

impl State {
    fn dispatch(&mut self, outgoing: Vec<Outgoing>, now: Timestamp, journal: &Journal) {
        let mut waiting = VecDeque::from(outgoing);
        while let Some(item) = waiting.pop_front() {
            let (socket, errand) = match item {
                Outgoing::Frame { socket, frame } => {
                    journal.outgoing(now, user_of(&self.backend, socket), &frame);
                    (socket, Errand::Send(frame))
                }
                Outgoing::Close { socket, code } => (socket, Errand::Close(code)),
            };
            let closes = matches!(errand, Errand::Close(_));
            let delivered = self
                .ways
                .get(&socket)
                .is_some_and(|way| way.try_send(errand).is_ok());
            if closes || !delivered {
                self.ways.remove(&socket);
                waiting.extend(self.backend.disconnect(socket));
            }
        }
    }
}
