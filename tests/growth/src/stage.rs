//! One device of Alice's, a backend, and between them nothing that is lost or late. Bob acts at the server.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use fulmar_backend::{Backend, HttpRequest, Outgoing, SocketId as Far};
use fulmar_engine::{
    Command, CommandId, Config, Effect, Engine, Input, Mono, NetworkState, Now, RequestFailure,
    SocketEvent, SocketFailure, SocketId, Store,
};
use fulmar_protocol::{
    ApiRequest, ConversationCreate, ConversationId, ConversationKind, DeviceId, HttpAnswer, Method,
    Operation, OperationKey, OutcomeStatus, Secret, ServerFrame, Timestamp, UserId,
};
use rusqlite::Connection;

use crate::meter::watch;

const EPOCH: i64 = 1_790_000_000_000;

/// Whose database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// That of the device.
    Device,
    /// That of the server.
    Server,
}

/// Who has a part in what is measured.
pub struct Stage {
    /// Alice's device; `None` only while its process is started anew.
    engine: Option<Engine>,
    backend: Backend,
    time: u64,
    numbers: u64,
    is_online: bool,
    sockets: BTreeMap<SocketId, Far>,
    /// The conversation in which everything is done.
    pub(crate) here: ConversationId,
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

impl Stage {
    /// Alice is signed in and online, and has one conversation, with Bob.
    #[must_use]
    pub fn new() -> Self {
        let mut server = Connection::open_in_memory().unwrap();
        watch(&mut server, Side::Server);
        let config = fulmar_backend::Config::default();
        let backend = Backend::adopt(server, config, [7; 32]).unwrap();
        let mut device = Connection::open_in_memory().unwrap();
        watch(&mut device, Side::Device);
        let mut stage = Self {
            engine: None,
            backend,
            time: 0,
            numbers: 0,
            is_online: true,
            sockets: BTreeMap::new(),
            here: ConversationId::new("c").unwrap(),
        };
        for name in ["alice", "bob"] {
            stage.add_user(name);
        }
        stage.open(Store::adopt(device).unwrap());
        stage.command(Command::SignIn {
            user_id: user("alice"),
            password: Secret::from("password"),
        });
        stage.here = stage.group(&["bob"]);
        stage
    }

    pub(crate) fn add_user(&mut self, name: &str) {
        let (now, password) = (self.server_now(), Secret::from("password"));
        let user = user(name);
        self.backend.add_user(&user, name, &password, now).unwrap();
    }

    /// A group of Alice's with these others.
    pub(crate) fn group(&mut self, others: &[&str]) -> ConversationId {
        let method = Method::ConversationCreate(ConversationCreate {
            kind: ConversationKind::Group,
            title: Some("a group".to_owned()),
            avatar_url: None,
            context: None,
            participant_ids: others.iter().map(|name| user(name)).collect(),
        });
        match self.act("alice", &method) {
            OutcomeStatus::Applied {
                conversation: Some(conversation),
                ..
            } => conversation.conversation_id,
            other => panic!("{other:?}"),
        }
    }

    /// The next number: of an operation, a message.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn key(&mut self) -> OperationKey {
        let (wall, number) = (self.server_now().0, self.number());
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&wall.to_be_bytes()[2..]);
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        (bytes[6], bytes[8]) = (0x70, 0x80);
        OperationKey::from_bytes(bytes)
    }

    /// Somebody does something at the server.
    pub(crate) fn act(&mut self, name: &str, method: &Method) -> OutcomeStatus {
        let operation = Operation::new(self.key(), method);
        let now = self.server_now();
        let (outcomes, outgoing) = self.backend.act(&user(name), &[operation], now);
        let inputs = self.heard(outgoing);
        self.handle(inputs);
        outcomes.unwrap().remove(0).status
    }

    /// The app asks for something, which has to succeed.
    pub(crate) fn command(&mut self, body: Command) {
        let command = CommandId(self.number());
        self.handle(vec![Input::Command { command, body }].into());
    }

    /// Whether the device is connected and has nothing to do.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.engine().status().unwrap().is_up_to_date()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// The network of the device comes or goes.
    pub(crate) fn go(&mut self, network: NetworkState) {
        self.is_online = network == NetworkState::Available;
        let mut inputs = VecDeque::from([Input::Network(network)]);
        if !self.is_online {
            for (socket, far) in std::mem::take(&mut self.sockets) {
                self.backend.disconnect(far);
                let event = SocketEvent::Failed(unreachable());
                inputs.push_back(Input::Socket { socket, event });
            }
        }
        self.handle(inputs);
    }

    /// The process ends, and another one begins.
    pub(crate) fn restart(&mut self) {
        for (_, far) in std::mem::take(&mut self.sockets) {
            self.backend.disconnect(far);
        }
        let store = self.engine.take().unwrap().into_store();
        self.open(store);
    }

    fn open(&mut self, store: Store) {
        let device = DeviceId::new("phone").unwrap();
        let (engine, released) =
            Engine::open(store, Config::default(), device, self.now()).unwrap();
        self.engine = Some(engine);
        let mut inputs = VecDeque::new();
        for effect in released {
            inputs.extend(self.carry_out(effect));
        }
        self.handle(inputs);
    }

    /// Time passes, in which whatever was put off is done.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.time + u64::try_from(time.as_millis()).unwrap();
        while let Some(next) = self.engine().next_timeout()
            && next.at.0 <= until
        {
            self.time = self.time.max(next.at.0);
            let inputs = self.transact(Vec::new());
            self.handle(inputs);
        }
        self.time = self.time.max(until);
    }

    /// Until there is nothing to do any more at this moment.
    fn handle(&mut self, mut inputs: VecDeque<Input>) {
        while !inputs.is_empty() {
            let batch = std::mem::take(&mut inputs).into();
            inputs = self.transact(batch);
        }
        self.time += 1;
    }

    fn transact(&mut self, batch: Vec<Input>) -> VecDeque<Input> {
        let now = self.now();
        let engine = self.engine.as_mut().unwrap();
        let released = engine.handle(batch, now).unwrap();
        let mut inputs = VecDeque::new();
        for effect in released {
            inputs.extend(self.carry_out(effect));
        }
        inputs
    }

    fn carry_out(&mut self, effect: Effect) -> VecDeque<Input> {
        match effect {
            Effect::OpenSocket {
                socket,
                access_token,
            } => {
                let event = match self.is_online {
                    true => {
                        let now = self.server_now();
                        let far = self.backend.connect(Some(access_token.expose()), now);
                        self.sockets.insert(socket, far);
                        SocketEvent::Opened
                    }
                    false => SocketEvent::Failed(unreachable()),
                };
                [Input::Socket { socket, event }].into()
            }
            Effect::SendFrame { socket, frame } => match self.sockets.get(&socket) {
                Some(far) => {
                    let now = Timestamp(EPOCH).plus(Duration::from_millis(self.time));
                    let outgoing = self.backend.frame(*far, &frame.to_text(), now);
                    self.heard(outgoing)
                }
                None => VecDeque::new(),
            },
            Effect::CloseSocket { socket } => match self.sockets.remove(&socket) {
                Some(far) => {
                    let outgoing = self.backend.disconnect(far);
                    self.heard(outgoing)
                }
                None => VecDeque::new(),
            },
            Effect::Request {
                request,
                call,
                access_token,
            } => {
                let (result, mut inputs) = match self.is_online {
                    true => {
                        let (answer, inputs) = self.serve(&call, access_token.as_ref());
                        let read = call.read_answer(&answer);
                        (read.map_err(RequestFailure::ErrorAnswer), inputs)
                    }
                    false => {
                        let offline = RequestFailure::Unreachable("offline".to_owned());
                        (Err(offline), VecDeque::new())
                    }
                };
                inputs.push_back(Input::Answer { request, result });
                inputs
            }
            Effect::Reply { reply, .. } => {
                reply.unwrap();
                VecDeque::new()
            }
            Effect::SendChunk { .. } | Effect::FetchChunk { .. } | Effect::FetchToken { .. } => {
                unreachable!("nobody sends files or has a provider")
            }
            Effect::Downloading { .. }
            | Effect::DownloadEnded { .. }
            | Effect::DropFiles
            | Effect::CancelRequest { .. }
            | Effect::Connection(_)
            | Effect::Session(_)
            | Effect::Presence(_)
            | Effect::Typing { .. }
            | Effect::Changed(_) => VecDeque::new(),
        }
    }

    /// What the device hears of what the server sends.
    fn heard(&mut self, outgoing: Vec<Outgoing>) -> VecDeque<Input> {
        let near = |far: Far| {
            let found = self.sockets.iter().find(|(_, its)| **its == far);
            found.map(|(near, _)| *near)
        };
        let heard = outgoing.into_iter().filter_map(|item| match item {
            Outgoing::Frame { socket, frame } => {
                let frame = ServerFrame::from_text(&frame.to_text()).unwrap();
                let event = SocketEvent::Frame(frame);
                near(socket).map(|socket| Input::Socket { socket, event })
            }
            Outgoing::Close { socket, code } => {
                let event = SocketEvent::Closed(code);
                near(socket).map(|socket| Input::Socket { socket, event })
            }
        });
        heard.collect()
    }

    fn serve(
        &mut self,
        call: &ApiRequest,
        token: Option<&Secret>,
    ) -> (HttpAnswer, VecDeque<Input>) {
        let form = call.to_call();
        let (path, query) = form.target.split_once('?').unwrap_or((&form.target, ""));
        let headers = form.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let http = HttpRequest {
            method: form.method.as_str(),
            headers: &headers,
            path,
            query,
            bearer: token.filter(|_| form.authorized).map(Secret::expose),
            body: form.body.as_deref().unwrap_or_default(),
        };
        let now = self.server_now();
        let (response, outgoing) = self.backend.http(&http, now);
        let inputs = self.heard(outgoing);
        (HttpAnswer::new(response.status, response.body), inputs)
    }

    fn server_now(&self) -> Timestamp {
        Timestamp(EPOCH).plus(Duration::from_millis(self.time))
    }

    fn now(&self) -> Now {
        Now {
            wall: self.server_now(),
            mono: Mono(self.time),
            entropy: 7,
        }
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

fn unreachable() -> SocketFailure {
    SocketFailure::Unreachable("offline".to_owned())
}
