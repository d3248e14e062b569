//! What all connections of a world share: its backend, its clock, its faults, and a sink for each socket.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fulmar_backend::{
    Backend, BackendError, Checkpoint, HttpRequest, HttpResponse, Outgoing, SocketId,
};
use fulmar_protocol::{CloseCode, ServerFrame, Timestamp, UserId};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::fault::{Applied, Faults, InFlight, Restart, Who};
use crate::journal::Journal;

/// How many frames may wait for a slow reader before it is cut (PROTOCOL.md §3.8, 4413). It
/// catches up when it comes back.
pub(crate) const WAITING_FRAMES: usize = 4_096;

/// What a socket's task has to do.
#[derive(Debug)]
pub(crate) enum SocketCommand {
    Send(Arc<ServerFrame>),
    Close(CloseCode),
    /// Drop the connection without a word.
    Cut,
}

/// Whether the answer to a frame reaches the socket that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Delivered,
    /// Everything else is sent: events to other sockets, and to this one.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Core {
    state: Mutex<State>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    robots: Mutex<Robots>,
    /// Told when the world is at its end, for whatever runs in it.
    ended: watch::Sender<bool>,
}

/// The robots of a world.
#[derive(Debug, Default)]
pub(crate) struct Robots {
    /// Who is one: they do not listen to each other.
    pub(crate) users: BTreeSet<UserId>,
    /// How many scripts run.
    pub(crate) count: usize,
}

#[derive(Debug)]
struct State {
    backend: Backend,
    sinks: BTreeMap<SocketId, mpsc::Sender<SocketCommand>>,
    checkpoint: Option<Checkpoint>,
}

impl Core {
    pub(crate) fn new(backend: Backend) -> Self {
        let clock = Arc::new(Clock::default());
        Self {
            state: Mutex::new(State {
                backend,
                sinks: BTreeMap::new(),
                checkpoint: None,
            }),
            faults: Faults::new(Arc::clone(&clock)),
            clock,
            journal: Journal::default(),
            robots: Mutex::default(),
            ended: watch::Sender::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each request is one transaction, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn robots(&self) -> MutexGuard<'_, Robots> {
        // Plain data: a panic elsewhere leaves nothing half done in it.
        self.robots.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// What the faults do to what passes.
    pub(crate) fn apply_faults(&self, in_flight: &InFlight<'_>, who: &Who) -> Applied {
        if !self.faults.any() {
            return Applied::default();
        }
        let applied = self.faults.apply(in_flight, who);
        if let Some(action) = &applied.action {
            let (now, user) = (self.clock.now(), who.user.clone());
            self.journal.fault(now, user, &in_flight.at, action);
        }
        applied
    }

    pub(crate) fn connect(&self, token: Option<&str>) -> (SocketId, mpsc::Receiver<SocketCommand>) {
        let (sender, receiver) = mpsc::channel(WAITING_FRAMES);
        let mut state = self.state();
        let now = self.clock.now();
        let socket = state.backend.connect(token, now);
        state.sinks.insert(socket, sender);
        self.journal.opened(now, None);
        (socket, receiver)
    }

    pub(crate) fn frame(&self, socket: SocketId, text: &str, answer: Answer) {
        self.with_backend(|backend, now| {
            let before = user_of(backend, socket);
            let mut outgoing = backend.frame(socket, text, now);
            if answer == Answer::Lost {
                outgoing.retain(|item| !is_answer(item, socket));
            }
            // A `hello` says who it is.
            let user = before.or_else(|| user_of(backend, socket));
            self.journal.incoming(now, user, text);
            ((), outgoing)
        });
    }

    pub(crate) fn disconnect(&self, socket: SocketId) {
        let mut state = self.state();
        let now = self.clock.now();
        state.sinks.remove(&socket);
        self.journal.closed(now, user_of(&state.backend, socket));
        let outgoing = state.backend.disconnect(socket);
        state.dispatch(outgoing, now, &self.journal);
    }

    pub(crate) fn who_is_at(&self, socket: SocketId) -> Who {
        let state = self.state();
        let caller = state.backend.caller_of_socket(socket);
        caller.map_or_else(Who::default, |(user, device)| Who::is(user, device))
    }

    pub(crate) fn who_has(&self, token: Option<&str>) -> Who {
        let now = self.clock.now();
        let caller = token.and_then(|token| self.state().backend.caller_of(token, now));
        caller.map_or_else(Who::default, |(user, device)| Who::is(&user, &device))
    }

    /// Drops every connection without a word.
    pub(crate) fn cut_all(&self) {
        let mut state = self.state();
        let State { backend, sinks, .. } = &mut *state;
        for (socket, sink) in std::mem::take(sinks) {
            // Nobody is left to be told.
            let _ = backend.disconnect(socket);
            // Full or gone: in both cases the task ends when the sender is dropped.
            let _ = sink.try_send(SocketCommand::Cut);
        }
    }

    /// Drops the connections of a user without a word.
    pub(crate) fn cut_user(&self, user: &str) {
        let mut state = self.state();
        let State { backend, sinks, .. } = &mut *state;
        let theirs: Vec<SocketId> = sinks
            .keys()
            .copied()
            .filter(|socket| {
                backend
                    .caller_of_socket(*socket)
                    .is_some_and(|(owner, _)| owner.as_str() == user)
            })
            .collect();
        let mut outgoing = Vec::new();
        for socket in theirs {
            outgoing.extend(backend.disconnect(socket));
            if let Some(sink) = sinks.remove(&socket) {
                // Full or gone: in both cases the task ends when the sender is dropped.
                let _ = sink.try_send(SocketCommand::Cut);
            }
        }
        state.dispatch(outgoing, self.clock.now(), &self.journal);
    }

    /// What [`Restart::Losing`] comes back to.
    pub(crate) fn checkpoint(&self) -> Result<(), BackendError> {
        let mut state = self.state();
        state.checkpoint = Some(state.backend.checkpoint()?);
        Ok(())
    }

    /// Every connection breaks, and the server goes on with what it has kept.
    pub(crate) fn restart(&self, how: Restart) -> Result<(), BackendError> {
        self.cut_all();
        let mut state = self.state();
        let State {
            backend,
            checkpoint,
            ..
        } = &mut *state;
        let from = match how {
            Restart::Keeping => None,
            Restart::Losing => checkpoint.as_ref(),
        };
        backend.restart(from, self.clock.now())
    }

    /// Ends what runs in this world.
    pub(crate) fn end(&self) {
        self.with_backend(|backend, _| ((), backend.close_all()));
        self.ended.send_replace(true);
    }

    /// Waits until the world is at its end.
    pub(crate) async fn ended(&self) {
        // The sender is in this core, so waiting ends with a word from it.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

fn user_of(backend: &Backend, socket: SocketId) -> Option<String> {
    let caller = backend.caller_of_socket(socket);
    caller.map(|(user, _)| user.to_string())
}

/// Whether it answers a frame that came over this socket.
fn is_answer(item: &Outgoing, socket: SocketId) -> bool {
    match item {
        Outgoing::Frame { socket: to, frame } => {
            *to == socket
                && matches!(
                    frame,
                    ServerFrame::Ready(_)
                        | ServerFrame::Outcome(_)
                        | ServerFrame::Pong(_)
                        | ServerFrame::Problem(_)
                )
        }
        Outgoing::Close { .. } => false,
    }
}

impl State {
    fn dispatch(&mut self, outgoing: Vec<Outgoing>, now: Timestamp, journal: &Journal) {
        let mut waiting = VecDeque::from(outgoing);
        while let Some(item) = waiting.pop_front() {
            let (socket, command) = match item {
                Outgoing::Frame { socket, frame } => {
                    let frame = Arc::new(frame);
                    journal.outgoing(now, user_of(&self.backend, socket), Arc::clone(&frame));
                    (socket, SocketCommand::Send(frame))
                }
                Outgoing::Close { socket, code } => (socket, SocketCommand::Close(code)),
            };
            let closes = matches!(command, SocketCommand::Close(_));
            let delivered = self
                .sinks
                .get(&socket)
                .is_some_and(|sink| sink.try_send(command).is_ok());
            if closes || !delivered {
                self.sinks.remove(&socket);
                waiting.extend(self.backend.disconnect(socket));
            }
        }
    }
}
