//! Whole conversations of requests and frames against a backend, some of them almost right: it never makes a mistake
//! of its own, and what it has in the end keeps the rules in the view of every user.
#![no_main]

mod steps;

use std::cell::RefCell;

use fulmar_backend::{Backend, Checkpoint, Config, HttpRequest, HttpResponse, Outgoing, SocketId};
use fulmar_protocol::{
    ConversationPage, DeviceId, Method, ServerFrame, Snapshot, SyncPage, Timestamp, UserId,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use steps::{
    Frame, HEADERS, Json, Name, Operation, PATHS, Path, Step, WORDS, Who, Word, key, person,
};

const NOW: i64 = 1_790_000_000_000;
const PEOPLE: [&str; 2] = ["alice", "bob"];

struct World<'a> {
    backend: &'a mut Backend,
    tokens: [String; 2],
    sockets: Vec<SocketId>,
    files: Vec<String>,
    conversations: Vec<String>,
    now: i64,
}

impl World<'_> {
    fn word(&self, word: Word) -> String {
        match word {
            Word::Conversation(index) => self.conversation(index),
            Word::Key(index) => key(index),
            Word::User(who) => person(who).to_owned(),
            Word::Known(index) => WORDS[usize::from(index) % WORDS.len()].to_owned(),
            Word::Raw(text) => text,
        }
    }

    fn conversation(&self, index: u8) -> String {
        match self.conversations.len() {
            0 => "c-none".to_owned(),
            count => self.conversations[usize::from(index) % count].clone(),
        }
    }

    fn json(&self, json: Json) -> Value {
        match json {
            Json::Nothing => Value::Null,
            Json::Yes(yes) => json!(yes),
            Json::Number(number) => json!(number),
            Json::Word(word) => json!(self.word(word)),
            Json::List(list) => list.into_iter().map(|item| self.json(item)).collect(),
            Json::Object(fields) => {
                let field = |(name, value): (Name, Json)| (name.text(), self.json(value));
                Value::Object(fields.into_iter().map(field).collect::<Map<_, _>>())
            }
        }
    }

    /// Where the params do not say in which conversation, it is the first.
    fn operation(&self, operation: Operation) -> Value {
        let names = Method::NAMES;
        let mut params = self.json(operation.params);
        if let Some(object) = params.as_object_mut() {
            object
                .entry("conversationId")
                .or_insert(json!(self.conversation(0)));
        }
        json!({
            "operationKey": key(operation.key),
            "method": names[usize::from(operation.method) % names.len()],
            "params": params,
        })
    }

    fn ask(&mut self, who: Who, verb: &str, path: &str, query: &str, body: &[u8]) -> Value {
        let answer = self.ask_with(who, (verb, path, query), &[], body);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn ask_with(
        &mut self,
        who: Who,
        (verb, path, query): (&str, &str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> HttpResponse {
        let token = match who {
            Who::Alice => Some(self.tokens[0].clone()),
            Who::Bob => Some(self.tokens[1].clone()),
            Who::Nobody => None,
        };
        let request = HttpRequest {
            method: verb,
            path,
            query,
            bearer: token.as_deref(),
            headers,
            body,
        };
        let (response, outgoing) = self.backend.http(&request, Timestamp(self.now));
        assert_ne!(
            response.status,
            500,
            "{verb} {path}: {}",
            String::from_utf8_lossy(&response.body)
        );
        self.look(&outgoing);
        response
    }

    fn look(&mut self, outgoing: &[Outgoing]) {
        for item in outgoing {
            match item {
                Outgoing::Frame { frame, .. } => {
                    if let ServerFrame::Problem(frame) = frame {
                        assert_ne!(frame.problem.status, 500, "{:?}", frame.problem);
                    }
                }
                Outgoing::Close { socket, .. } => self.sockets.retain(|open| open != socket),
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Operation(who, operation) => {
                let body = json!({"operations": [self.operation(operation)]}).to_string();
                let answer = self.ask(who, "POST", "/v1/operations", "", body.as_bytes());
                let made = &answer["outcomes"][0]["conversation"]["conversationId"];
                if let Some(id) = made.as_str() {
                    self.conversations.push(id.to_owned());
                }
            }
            Step::Request(who, verb, path, query, body) => {
                let path = match path {
                    Path::Known(index) => PATHS[usize::from(index) % PATHS.len()]
                        .replace("{c}", &self.conversation(index)),
                    Path::Raw(path) => path,
                };
                let body = self.json(body).to_string();
                self.ask(who, verb.text(), &path, &query, body.as_bytes());
            }
            Step::Connect(who) => {
                let now = Timestamp(self.now);
                let socket = self.backend.connect(None, now);
                self.sockets.push(socket);
                let token = match who {
                    Who::Alice => self.tokens[0].as_str(),
                    Who::Bob => self.tokens[1].as_str(),
                    Who::Nobody => "nobody's",
                };
                let hello =
                    json!({"type": "hello", "version": 1, "since": 0, "accessToken": token});
                let outgoing = self.backend.frame(socket, &hello.to_string(), now);
                self.look(&outgoing);
            }
            Step::Frame(index, frame) => {
                let frame = match frame {
                    Frame::Ping(id) => json!({"type": "ping", "id": id}),
                    Frame::Typing(word) => {
                        json!({"type": "typing", "state": "started", "conversationId": self.word(word)})
                    }
                    Frame::Submit(operations) => {
                        let operations: Value = operations
                            .into_iter()
                            .map(|operation| self.operation(operation))
                            .collect();
                        json!({"type": "submit", "submitId": 1, "operations": operations})
                    }
                    Frame::Json(json) => self.json(json),
                };
                self.frame(index, &frame.to_string());
            }
            Step::Text(index, text) => self.frame(index, &text),
            Step::Disconnect(index) => {
                if let Some(socket) = self.socket(index) {
                    self.sockets.retain(|open| *open != socket);
                    let outgoing = self.backend.disconnect(socket);
                    self.look(&outgoing);
                }
            }
            Step::File(who, verb, file, headers, bytes) => {
                let path = match file {
                    Some(index) if !self.files.is_empty() => {
                        let count = self.files.len();
                        format!("/v1/files/{}", self.files[usize::from(index) % count])
                    }
                    _ => "/v1/files".to_owned(),
                };
                let said: Vec<(&str, String)> = headers
                    .into_iter()
                    .map(|(name, value)| {
                        let name = HEADERS[usize::from(name) % HEADERS.len()];
                        (name, value.text(name))
                    })
                    .collect();
                let headers: Vec<(&str, &str)> = said
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                let answer = self.ask_with(who, (verb.text(), &path, ""), &headers, &bytes);
                let location = answer.headers.iter().find(|(name, _)| *name == "location");
                if let Some((_, location)) = location {
                    let id = location.rsplit('/').next().unwrap_or_default();
                    self.files.push(id.to_owned());
                }
            }
            Step::Wait(seconds) => {
                self.now += i64::from(seconds) * 10;
                let outgoing = self.backend.tick(Timestamp(self.now));
                self.look(&outgoing);
            }
        }
    }

    fn socket(&self, index: u8) -> Option<SocketId> {
        match self.sockets.len() {
            0 => None,
            count => Some(self.sockets[usize::from(index) % count]),
        }
    }

    fn frame(&mut self, index: u8, text: &str) {
        if let Some(socket) = self.socket(index) {
            let outgoing = self.backend.frame(socket, text, Timestamp(self.now));
            self.look(&outgoing);
        }
    }

    /// What everybody sees in the end keeps the rules.
    fn judge(&mut self) {
        for name in PEOPLE {
            let user = UserId::new(name).expect("a name");
            let now = Timestamp(self.now);
            let Ok(conversations) = self.backend.conversations_for(&user, now) else {
                // They have deleted themselves.
                continue;
            };
            for conversation in &conversations {
                let positions = conversation
                    .messages
                    .iter()
                    .map(|message| message.position.0);
                let positions: Vec<u64> = positions.collect();
                assert!(
                    positions.windows(2).all(|pair| pair[1] == pair[0] + 1),
                    "{positions:?}"
                );
                assert_eq!(
                    positions.last().copied().unwrap_or(0),
                    conversation.last_position.0
                );
                for person in &conversation.participants {
                    assert!(person.read_to <= person.delivered_to);
                    assert!(person.delivered_to <= conversation.last_position);
                }
                assert!(conversation.unread_mentions <= conversation.unread_count);
            }
            let device = DeviceId::new("judge").expect("a name");
            let token = self
                .backend
                .open_session(&user, &device, now)
                .expect("a session");
            let mut ask = |path: &str, query: &str| {
                let request = HttpRequest {
                    method: "GET",
                    path,
                    query,
                    bearer: Some(token.expose()),
                    ..HttpRequest::default()
                };
                self.backend.http(&request, now).0.body
            };
            let snapshot: Snapshot =
                serde_json::from_slice(&ask("/v1/snapshot", "")).expect("a snapshot");
            let _: ConversationPage =
                serde_json::from_slice(&ask("/v1/conversations", "")).expect("a list");
            let query = format!("since=0&logId={}", snapshot.log_id.as_str());
            let page: SyncPage = serde_json::from_slice(&ask("/v1/sync", &query)).expect("events");
            for (index, event) in page.events.iter().enumerate() {
                assert_eq!(event.seq.0, index as u64 + 1);
                event.read().expect("the server's own events can be read");
            }
        }
    }
}

thread_local! {
    /// Opening a database takes longer than a whole run.
    static BACKEND: RefCell<(Backend, Checkpoint)> = RefCell::new({
        let mut backend = Backend::in_memory(Config::default(), [7; 32]).expect("a database in memory");
        backend.seed_demo(Timestamp(NOW)).expect("the demo");
        let checkpoint = backend.checkpoint().expect("a copy in memory");
        (backend, checkpoint)
    });
}

fuzz_target!(|steps: Vec<Step>| {
    BACKEND.with_borrow_mut(|(backend, checkpoint)| {
        let now = Timestamp(NOW);
        backend
            .restart(Some(checkpoint), now)
            .expect("the state at the beginning");
        let device = DeviceId::new("d").expect("a name");
        let tokens = PEOPLE.map(|name| {
            let user = UserId::new(name).expect("a name");
            let token = backend
                .open_session(&user, &device, now)
                .expect("a session");
            token.expose().to_owned()
        });
        let alice = UserId::new("alice").expect("a name");
        let conversations = backend.conversations_for(&alice, now).expect("the demo's");
        let mut world = World {
            conversations: conversations
                .iter()
                .map(|one| one.conversation_id.to_string())
                .collect(),
            backend,
            tokens,
            sockets: Vec::new(),
            files: Vec::new(),
            now: NOW,
        };
        for step in steps.into_iter().take(64) {
            world.take(step);
        }
        world.judge();
    });
});
