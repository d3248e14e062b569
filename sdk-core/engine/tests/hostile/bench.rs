//! An engine, a server and a clock that jumps to what happens next. Fails as soon as a
//! budget is broken or the engine does not let time pass.

mod app;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fulmar_engine::{
    AppState, Command, CommandError, CommandId, Config, ConnectionState, Effect, Engine, Input,
    Mono, NetworkState, Now, Pace, Reply, RequestId, SessionState, SocketEvent, SocketId, Store,
};
use fulmar_protocol::{DeviceId, ServerFrame, Timestamp};
use rusqlite::Connection;

use crate::budget::{Budgets, Effort, effort_of};
use crate::server::{Asked, EPOCH, Said, Script, Server, user};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// How long a test is hostile.
pub(crate) const LONG: Duration = Duration::from_secs(30 * 60);
/// How long it may take instead of two minutes when the answer to something is still to come: it is given as
/// long as the answers before it were late.
pub(crate) const SLOW: Duration = Duration::from_secs(8 * 60);
/// How many batches in a row may take no time.
const MOST_AT_ONCE: u32 = 300;

/// What a test puts before the good server: `None` leaves the answer to that.
pub(crate) type Manner = Box<dyn FnMut(&mut Server, &Asked<'_>, Mono) -> Option<Script>>;

/// Whose answer something is.
#[derive(Debug, Clone, Copy)]
enum To {
    Socket(SocketId),
    Request(RequestId),
}

pub(crate) struct Bench {
    engine: Option<Engine>,
    config: Config,
    pub(crate) server: Server,
    manner: Option<Manner>,
    pub(crate) now: Now,
    queue: BTreeMap<(Mono, u64), Input>,
    order: u64,
    pub(crate) budgets: Budgets,
    at_once: u32,
    /// Requests that were neither answered nor called off.
    open: BTreeSet<RequestId>,
    /// The latest socket on which `ready` was said.
    socket: Option<SocketId>,
    replies: BTreeMap<CommandId, Result<Reply, CommandError>>,
    pub(crate) connection: ConnectionState,
    pub(crate) session: SessionState,
    keys: u32,
}

impl Bench {
    /// Nobody is signed in.
    pub(crate) fn new() -> Self {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let mut bench = Self {
            engine: None,
            config: Config::default(),
            server: Server::new(),
            manner: None,
            now: Now {
                wall: Timestamp(EPOCH),
                mono: Mono(0),
                entropy: 1,
            },
            queue: BTreeMap::new(),
            order: 0,
            budgets: Budgets::default(),
            at_once: 0,
            open: BTreeSet::new(),
            socket: None,
            replies: BTreeMap::new(),
            connection: ConnectionState::SignedOut,
            session: SessionState::SignedOut,
            keys: 0,
        };
        bench.open(store);
        bench
    }

    /// Alice is signed in, and everything is here.
    pub(crate) fn live() -> Self {
        let mut bench = Self::new();
        let reply = bench.sign_in();
        bench.run(SECOND * 5);
        assert_eq!(bench.reply(reply), Some(Ok(Reply::Done)));
        assert_eq!(bench.connection, ConnectionState::Live);
        bench
    }

    /// The same with a session whose tokens come from a token provider.
    pub(crate) fn live_with_provider() -> Self {
        let mut bench = Self::new();
        let user_id = user("alice");
        bench.begin(Command::SignInWithProvider { user_id });
        bench.run(SECOND * 5);
        assert_eq!(bench.connection, ConnectionState::Live);
        bench
    }

    fn open(&mut self, store: Store) {
        self.open_with(store, Pace::default());
    }

    fn open_with(&mut self, store: Store, pace: Pace) {
        let device = DeviceId::new("phone").unwrap();
        let config = self.config.clone();
        let (engine, effects) = Engine::reopen(store, config, device, self.now, pace).unwrap();
        self.engine = Some(engine);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    /// The process ends, and another one opens the store. What a test does to the rows happens in between.
    pub(crate) fn restart_with(&mut self, change: impl FnOnce(&Connection)) {
        let engine = self.engine.take().unwrap();
        let connection = engine.into_store().into_connection();
        change(&connection);
        self.queue.clear();
        self.open.clear();
        self.socket = None;
        self.budgets.forget();
        self.open(Store::adopt(connection).unwrap());
    }

    /// The store failed: in the same process another engine opens what is committed of it.
    pub(crate) fn reopen(&mut self) {
        let mut engine = self.engine.take().unwrap();
        let image = engine.image().unwrap();
        let pace = engine.into_pace();
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .deserialize_read_exact("main", image.as_slice(), image.len(), false)
            .unwrap();
        self.queue.clear();
        self.open.clear();
        self.socket = None;
        self.open_with(Store::adopt(connection).unwrap(), pace);
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    /// How many of these were tried since the test became strict.
    pub(crate) fn total(&self, effort: Effort) -> usize {
        self.budgets.total(effort)
    }

    /// From now on the server answers like this, and the budgets hold.
    pub(crate) fn hostile(
        &mut self,
        manner: impl FnMut(&mut Server, &Asked<'_>, Mono) -> Option<Script> + 'static,
    ) {
        self.manner = Some(Box::new(manner));
        self.budgets.start();
    }

    /// The server behaves from now on.
    pub(crate) fn well(&mut self) {
        self.manner = None;
        self.budgets.stop();
    }

    /// The server behaves, and within two minutes everything is sent and here.
    pub(crate) fn recovers(&mut self) {
        self.recovers_within(MINUTE * 2);
    }

    pub(crate) fn recovers_within(&mut self, time: Duration) {
        self.well();
        let end = self.now.mono.plus(time);
        while self.now.mono < end {
            if self.has_recovered() {
                return;
            }
            self.run(SECOND);
        }
        let status = self.engine().status().unwrap();
        let next = self.engine().next_timeout();
        panic!("not recovered after {time:?}: {status:?}, next: {next:?}");
    }

    pub(crate) fn has_recovered(&mut self) -> bool {
        let status = self.engine().status().unwrap();
        status.connection == ConnectionState::Live && status.unsent == 0
    }

    pub(crate) fn unsent(&mut self) -> u32 {
        self.engine().status().unwrap().unsent
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now.mono.plus(time);
        loop {
            let input = self.queue.keys().next().map(|(at, _)| *at);
            let timer = self.engine().next_timeout().map(|timeout| timeout.at);
            let next = input.into_iter().chain(timer).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.advance(next.max(self.now.mono));
            let mut batch = Vec::new();
            while let Some(entry) = self.queue.first_entry()
                && entry.key().0 <= self.now.mono
            {
                batch.push(entry.remove());
            }
            self.step(batch);
        }
        self.advance(end);
    }

    fn advance(&mut self, to: Mono) {
        if to > self.now.mono {
            self.at_once = 0;
            self.now.wall = self.now.wall.plus(to.until(self.now.mono));
            self.now.mono = to;
        }
        self.now.entropy = self
            .now
            .entropy
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
    }

    /// The clock of the device is set.
    pub(crate) fn set_wall(&mut self, days: i64) {
        self.now.wall = Timestamp(self.now.wall.0 + days * 24 * 60 * 60 * 1000);
    }

    /// Hands inputs to the engine.
    pub(crate) fn step(&mut self, batch: Vec<Input>) {
        self.at_once += 1;
        assert!(
            self.at_once < MOST_AT_ONCE,
            "the engine runs without rest at {}",
            self.now.mono
        );
        for input in &batch {
            match input {
                Input::Socket {
                    socket,
                    event: SocketEvent::Frame(ServerFrame::Ready(_)),
                } => self.socket = Some(*socket),
                Input::Answer { request, .. }
                | Input::Transferred { request, .. }
                | Input::Token { request, .. } => {
                    self.open.remove(request);
                }
                _ => {}
            }
        }
        let now = self.now;
        self.budgets.hear(&batch, now.mono);
        let effects = self.engine().handle(batch, now).unwrap();
        for effect in effects {
            self.carry_out(effect);
        }
        let next = self.engine().next_timeout();
        assert!(
            next.is_none_or(|next| next.at >= now.mono),
            "{next:?} lies before {}",
            now.mono
        );
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenSocket { socket, .. } => {
                self.budgets.open(socket, self.now.mono);
                self.ask(To::Socket(socket), &Asked::Socket);
            }
            Effect::SendFrame { socket, frame } => {
                self.ask(To::Socket(socket), &Asked::Frame(&frame));
            }
            Effect::Request { request, call, .. } => {
                if let Some(effort) = effort_of(&call) {
                    self.budgets.spend(effort, self.now.mono);
                }
                self.ask(To::Request(request), &Asked::Http(&call));
            }
            Effect::SendChunk { request, part, .. } => {
                self.budgets.spend(Effort::Request, self.now.mono);
                self.ask(To::Request(request), &Asked::SendChunk(&part));
            }
            Effect::FetchChunk { request, part, .. } => {
                self.budgets.spend(Effort::Request, self.now.mono);
                self.ask(To::Request(request), &Asked::FetchChunk(&part));
            }
            Effect::FetchToken { request, .. } => {
                self.budgets.spend(Effort::Refresh, self.now.mono);
                self.ask(To::Request(request), &Asked::Token);
            }
            Effect::Reply { command, reply } => {
                self.replies.insert(command, reply);
            }
            Effect::Connection(state) => self.connection = state,
            Effect::Session(state) => self.session = state,
            // A server that is slow in noticing says what it has to say all the same.
            Effect::CancelRequest { request } => {
                self.open.remove(&request);
            }
            Effect::CloseSocket { .. }
            | Effect::Downloading { .. }
            | Effect::DownloadEnded { .. }
            | Effect::DropFiles
            | Effect::Presence(_)
            | Effect::Typing { .. }
            | Effect::Changed(_) => {}
        }
    }

    fn ask(&mut self, to: To, asked: &Asked<'_>) {
        if let To::Request(request) = to {
            self.open.insert(request);
        }
        let now = self.now.mono;
        let script = match &mut self.manner {
            Some(manner) => manner(&mut self.server, asked, now),
            None => None,
        };
        let script = script.unwrap_or_else(|| {
            let said = self.server.well(asked, now);
            said.into_iter()
                .map(|said| (Duration::ZERO, said))
                .collect()
        });
        for (delay, said) in script {
            self.say(to, said, delay);
        }
    }

    fn say(&mut self, to: To, said: Said, delay: Duration) {
        let input = match (to, said) {
            (To::Request(request), Said::Answer(result)) => Input::Answer { request, result },
            (To::Request(request), Said::Transferred(result)) => {
                Input::Transferred { request, result }
            }
            (To::Request(request), Said::Token(result)) => Input::Token { request, result },
            (To::Socket(socket), said) => Input::Socket {
                socket,
                event: match said {
                    Said::Opened => SocketEvent::Opened,
                    Said::Frame(frame) => SocketEvent::Frame(frame),
                    Said::Unreadable => SocketEvent::Unreadable("noise".to_owned()),
                    Said::Closed(code) => SocketEvent::Closed(code),
                    Said::Failed(failure) => SocketEvent::Failed(failure),
                    said @ (Said::Answer(_) | Said::Transferred(_) | Said::Token(_)) => {
                        panic!("a socket does not say {said:?}")
                    }
                },
            },
            (To::Request(_), said) => panic!("an answer is not {said:?}"),
        };
        self.order += 1;
        self.queue
            .insert((self.now.mono.plus(delay), self.order), input);
    }

    pub(crate) fn network(&mut self, network: NetworkState) {
        if network == NetworkState::Available {
            self.budgets.act(self.now.mono);
        }
        self.step(vec![Input::Network(network)]);
    }

    pub(crate) fn app(&mut self, app: AppState) {
        if app == AppState::Foreground {
            self.budgets.act(self.now.mono);
        }
        self.step(vec![Input::App(app)]);
    }
}
