//! A device without a network: an engine in memory, and what it has asked for. Whatever it is told, the rules at which
//! every target looks hold.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_engine::{
    Command, CommandError, CommandId, Config, Effect, Engine, FilePart, Input, Mono, Now, Reply,
    RequestFailure, RequestId, SessionState, SocketEvent, SocketId, Store, query,
};
use fulmar_protocol::{
    ApiRequest, ClientFrame, DeviceId, HttpAnswer, Operation, OperationKey, Secret, ServerFrame,
    Timestamp, UserId,
};
use rusqlite::{Connection, MAIN_DB};
use serde_json::{Value, json};

use crate::shapes::is_untold;

pub const NOW: i64 = 1_790_000_000_000;
/// The most effects of one input, or of the timers that have come.
const MOST_EFFECTS: usize = 256;
/// The most requests that are under way beside those that a command waits for.
const MOST_REQUESTS: usize = 32;

/// What waits for an answer.
#[derive(Debug, Clone)]
pub enum Asked {
    Http(Box<ApiRequest>),
    Part(FilePart),
    Token,
}

pub struct Device {
    engine: Option<Engine>,
    pub now: Now,
    pub socket: Option<SocketId>,
    /// What went out over the socket and was not answered.
    pub frames: Vec<ClientFrame>,
    pub asked: Vec<(RequestId, Asked)>,
    /// Commands without an answer, and whether they have to have one at once.
    commands: BTreeMap<CommandId, (bool, Option<OperationKey>)>,
    /// Messages that were accepted, and of which no server has spoken.
    pub accepted: BTreeSet<OperationKey>,
    next_command: u64,
    pub head: u64,
}

impl Device {
    pub fn new(connection: Connection) -> Self {
        let mut device = Self {
            engine: None,
            now: Now {
                wall: Timestamp(NOW),
                mono: Mono(1),
                entropy: 7,
            },
            socket: None,
            frames: Vec::new(),
            asked: Vec::new(),
            commands: BTreeMap::new(),
            accepted: BTreeSet::new(),
            next_command: 0,
            head: 0,
        };
        device.open(connection);
        device
    }

    /// One on which Alice is signed in and up to date.
    pub fn signed_in() -> Self {
        let mut device = Self::new(Connection::open_in_memory().expect("memory"));
        device.command(Command::SignIn {
            user_id: UserId::new("alice").expect("an id"),
            password: Secret::from("a password"),
        });
        device.catches_up();
        device
    }

    /// A server without fault answers, until everything is here.
    pub fn catches_up(&mut self) {
        for _ in 0..64 {
            self.answer_well();
            let status = self.engine().status().expect("a status");
            if status.is_up_to_date() {
                return;
            }
        }
        let status = self.engine().status().expect("a status");
        panic!("{status:?}, next: {:?}", self.engine().next_timeout());
    }

    fn open(&mut self, connection: Connection) {
        let store = Store::adopt(connection).expect("a store");
        let device = DeviceId::new("phone").expect("an id");
        let (engine, effects) = Engine::open(store, Config::default(), device, self.now)
            .expect("what it has written itself");
        self.engine = Some(engine);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    pub fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("an engine")
    }

    pub fn restart(&mut self) {
        let connection = self
            .engine
            .take()
            .expect("an engine")
            .into_store()
            .into_connection();
        self.socket = None;
        self.frames.clear();
        self.asked.clear();
        self.commands.clear();
        self.open(connection);
        self.keeps_what_was_accepted();
    }

    /// The rows as bytes, to begin with.
    pub fn image(&mut self) -> Vec<u8> {
        self.engine().image().expect("an image")
    }

    pub fn command(&mut self, body: Command) -> CommandId {
        self.next_command += 1;
        let command = CommandId(self.next_command);
        let at_once = is_answered_at_once(&body);
        let sent = match &body {
            Command::Send { operation_key, .. } if is_untold(*operation_key) => {
                Some(*operation_key)
            }
            _ => None,
        };
        if let Command::Discard { operation_key, .. } = &body {
            self.accepted.remove(operation_key);
        }
        self.commands.insert(command, (at_once, sent));
        self.step(vec![Input::Command { command, body }]);
        let waits = self
            .commands
            .get(&command)
            .is_some_and(|(at_once, _)| *at_once);
        assert!(
            !waits,
            "a command that needs no network is answered at once"
        );
        command
    }

    pub fn step(&mut self, batch: Vec<Input>) {
        let inputs = batch.len() + 1;
        let now = self.now;
        let effects = self.engine().handle(batch, now).expect("a transaction");
        assert!(
            effects.len() <= MOST_EFFECTS * inputs,
            "{} effects",
            effects.len()
        );
        for effect in effects {
            self.carry_out(effect);
        }
        assert!(
            self.asked.len() <= MOST_REQUESTS + self.commands.len(),
            "{} requests",
            self.asked.len()
        );
        let next = self.engine().next_timeout();
        assert!(
            next.is_none_or(|next| next.at >= now.mono),
            "{next:?} has gone by"
        );
    }

    pub fn wait(&mut self, millis: u64) {
        self.now.mono = Mono(self.now.mono.0 + millis);
        self.now.wall = Timestamp(self.now.wall.0 + i64::try_from(millis).unwrap_or(0));
        self.now.entropy = self
            .now
            .entropy
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
    }

    /// Lets the time come for which the engine waits.
    pub fn wait_for_timer(&mut self) -> bool {
        let Some(next) = self.engine().next_timeout() else {
            return false;
        };
        self.wait(next.at.0.saturating_sub(self.now.mono.0));
        self.step(Vec::new());
        true
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenSocket { socket, .. } => {
                self.socket = Some(socket);
                self.frames.clear();
            }
            Effect::SendFrame { frame, .. } => self.frames.push(frame),
            Effect::CloseSocket { .. } => self.socket = None,
            Effect::Request { request, call, .. } => {
                self.asked.push((request, Asked::Http(Box::new(call))));
            }
            Effect::SendChunk { request, part, .. } | Effect::FetchChunk { request, part, .. } => {
                self.asked.push((request, Asked::Part(part)));
            }
            Effect::FetchToken { request, .. } => self.asked.push((request, Asked::Token)),
            Effect::CancelRequest { request } => self.asked.retain(|(asked, _)| *asked != request),
            Effect::Reply { command, reply } => self.reply(command, &reply),
            Effect::Session(SessionState::SignedOut) => self.accepted.clear(),
            Effect::Session(SessionState::SignedIn { .. } | SessionState::Ended { .. })
            | Effect::Downloading { .. }
            | Effect::DownloadEnded { .. }
            | Effect::DropFiles
            | Effect::Connection(_)
            | Effect::Presence(_)
            | Effect::Typing { .. }
            | Effect::Changed(_) => {}
        }
    }

    fn reply(&mut self, command: CommandId, reply: &Result<Reply, CommandError>) {
        let (_, sent) = self
            .commands
            .remove(&command)
            .expect("a command is answered once");
        if let (Some(key), Ok(Reply::Enqueued { .. })) = (sent, reply) {
            self.accepted.insert(key);
        }
    }

    /// What was accepted is in the outbox until a server has said something of it.
    pub fn keeps_what_was_accepted(&mut self) {
        let accepted = self.accepted.clone();
        let rows = query::outbox(self.engine().reader(), Config::default().failure_policy);
        let rows = rows.expect("an outbox");
        for key in accepted {
            assert!(rows.iter().any(|row| row.operation == key), "{key} is lost");
        }
    }

    /// Nobody answers any more: time goes on, and every command is answered in the end, but those that may wait for a
    /// network for ever.
    pub fn ends_in_silence(&mut self) {
        let begin = self.now.mono.0;
        let mut at_once = 0;
        while self.now.mono.0 < begin + 5 * 60 * 1000 {
            let before = self.now.mono;
            if !self.wait_for_timer() {
                break;
            }
            at_once = if self.now.mono == before {
                at_once + 1
            } else {
                0
            };
            assert!(at_once < 50, "the engine runs without rest");
            self.asked.clear();
        }
        let waiting = self.commands.len();
        assert_eq!(waiting, 0, "commands without an answer");
    }

    fn answer_well(&mut self) {
        if let Some((request, asked)) = self.asked.pop() {
            let input = match &asked {
                Asked::Http(call) => answer(request, call, &well(call, self.head)),
                Asked::Part(_) | Asked::Token => return,
            };
            return self.step(vec![input]);
        }
        let Some(socket) = self.socket else {
            self.wait_for_timer();
            return;
        };
        let frame = match self.frames.pop() {
            None => return self.step(vec![event(socket, SocketEvent::Opened)]),
            Some(ClientFrame::Hello(_)) => ready(self.head),
            Some(ClientFrame::Ping(ping)) => {
                json!({"type": "pong", "id": ping.id, "head": self.head})
            }
            Some(_) => return,
        };
        let reset = json!({"type": "sync.reset", "logId": "log-7f", "head": self.head});
        self.step(vec![frame_of(socket, &frame), frame_of(socket, &reset)]);
    }
}

/// Whether a command is answered in the transaction that takes it.
fn is_answered_at_once(body: &Command) -> bool {
    match body {
        Command::Send { .. }
        | Command::Change { .. }
        | Command::SetDraft { .. }
        | Command::Create { .. }
        | Command::MarkRead { .. }
        | Command::Retry { .. }
        | Command::Discard { .. }
        | Command::HandlePush { .. } => true,
        Command::SignIn { .. }
        | Command::Register { .. }
        | Command::SignInWithProvider { .. }
        | Command::SignOut { .. }
        | Command::Download { .. }
        | Command::FetchSessions
        | Command::EndSession { .. }
        | Command::SetPushToken { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::DeleteAccount { .. }
        | Command::UpdateMe { .. }
        | Command::FetchVersions { .. }
        | Command::Search { .. }
        | Command::LoadHistory { .. } => false,
    }
}

pub fn event(socket: SocketId, event: SocketEvent) -> Input {
    Input::Socket { socket, event }
}

/// A frame as it comes over the wire.
pub fn frame_of(socket: SocketId, frame: &Value) -> Input {
    let read = ServerFrame::from_text(&frame.to_string());
    event(
        socket,
        match read {
            Ok(frame) => SocketEvent::Frame(frame),
            Err(error) => SocketEvent::Unreadable(error.reason),
        },
    )
}

/// An answer as it comes over the wire.
pub fn answer(request: RequestId, call: &ApiRequest, body: &Value) -> Input {
    let answer = HttpAnswer::new(200, body.to_string().into_bytes());
    let result = call
        .read_answer(&answer)
        .map_err(RequestFailure::ErrorAnswer);
    Input::Answer { request, result }
}

pub fn ready(head: u64) -> Value {
    json!({
        "type": "ready", "userId": "alice", "deviceId": "phone", "logId": "log-7f", "head": head,
        "heartbeatMs": 30_000, "operationKeyRetentionMs": 2_592_000_000_u64, "serverTime": NOW,
        "capabilities": fulmar_protocol::Capability::ALL,
    })
}

/// What a server without fault answers.
pub fn well(call: &ApiRequest, head: u64) -> Value {
    match call {
        ApiRequest::SignIn(_) | ApiRequest::Register(_) | ApiRequest::Refresh(_) => json!({
            "userId": "alice", "deviceId": "phone", "name": "Alice", "accessToken": "a", "expiresInMs": 900_000,
            "refreshToken": "r",
        }),
        ApiRequest::Snapshot => json!({
            "logId": "log-7f", "seq": head,
            "conversations": [conversation("c-1", "group"), conversation("c-2", "direct")],
        }),
        ApiRequest::Sync { .. } => json!({"logId": "log-7f", "events": [], "head": head}),
        ApiRequest::Submit(submit) => {
            json!({"logId": "log-7f", "outcomes": outcomes(&submit.operations, head)})
        }
        ApiRequest::Messages { .. } | ApiRequest::Search { .. } => json!({"messages": []}),
        ApiRequest::Sessions => json!({"sessions": []}),
        ApiRequest::Versions { .. } => json!({"versions": []}),
        _ => json!({}),
    }
}

fn conversation(id: &str, kind: &str) -> Value {
    let person = |id: &str| json!({"userId": id, "name": id, "role": "admin", "deliveredTo": 0, "readTo": 0});
    json!({
        "conversationId": id, "kind": kind, "title": "General Chat", "createdAt": NOW, "lastPosition": 0,
        "participants": [person("alice"), person("bob")],
    })
}

pub fn outcomes(operations: &[Operation], head: u64) -> Value {
    let outcome = |operation: &Operation| json!({"operationKey": operation.operation_key, "status": "applied", "appliedAt": NOW, "seq": head});
    operations.iter().map(outcome).collect()
}

/// A database in memory out of bytes.
pub fn database(bytes: &[u8]) -> Option<Connection> {
    let mut connection = Connection::open_in_memory().expect("memory");
    connection
        .deserialize_read_exact(MAIN_DB, bytes, bytes.len(), false)
        .ok()?;
    Some(connection)
}
