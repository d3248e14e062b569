//! Alice and Bob, what they have, and who should not get at it.

use std::time::Duration;

use fulmar_backend::{Backend, Checkpoint, Config, Outgoing, SocketId};
use fulmar_protocol::{Secret, Timestamp, UserId};
use serde_json::{Value, json};

use crate::ask::{Answer, Ask};

pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Of "hello world".
pub(crate) const SHA256: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
const METADATA: &str = "sha256 \
    Yjk0ZDI3Yjk5MzRkM2UwOGE1MmU1MmQ3ZGE3ZGFiZmFjNDg0ZWZlMzdhNTM4MGVlOTA4OGY3YWNlMmVmY2RlOQ==";
pub(crate) const PASSWORD: &str = "long-enough";

/// Takes part in nothing of Alice's and Bob's.
pub(crate) const OUTSIDER: &str = "carol";
/// Was in their group, and was removed.
pub(crate) const REMOVED: &str = "dave";
/// Was blocked by Alice after they had begun a direct conversation.
pub(crate) const BLOCKED: &str = "erin";
/// Was blocked by Alice before they had anything together.
pub(crate) const STRANGER: &str = "gina";
pub(crate) const ATTACKERS: [&str; 4] = [OUTSIDER, REMOVED, BLOCKED, STRANGER];
/// Whose things are asked for.
pub(crate) const VICTIMS: [&str; 2] = ["alice", "bob"];
/// Takes part in what the attackers have.
const FRIEND: &str = "frank";

/// What somebody has, by the names that the protocol gives it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Things {
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) session: String,
    pub(crate) log: String,
    pub(crate) conversations: Vec<String>,
    pub(crate) messages: Vec<String>,
    pub(crate) keys: Vec<String>,
    /// Whole ones, and one that is still going up.
    pub(crate) files: Vec<String>,
}

/// Tokens of somebody's newest session.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) now: Timestamp,
    checkpoint: Option<Checkpoint>,
    tokens: Vec<(String, Tokens)>,
    /// What Alice and Bob have.
    pub(crate) theirs: Things,
    own: Vec<(String, Things)>,
    /// Sockets of Alice and Bob.
    pub(crate) sockets: Vec<SocketId>,
    keys: u64,
}

/// An operation key of this number.
pub(crate) fn key(number: u64) -> String {
    format!("0190b5f0-0000-7000-8000-{number:012x}")
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config {
            // The world is asked for longer than a token lives.
            access_token_lifetime: Duration::from_secs(24 * 60 * 60),
            ..Config::default()
        })
    }

    pub(crate) fn with(config: Config) -> Self {
        let mut world = Self {
            backend: Backend::in_memory(config, [7; 32]).unwrap(),
            now: NOW,
            checkpoint: None,
            tokens: Vec::new(),
            theirs: Things::default(),
            own: Vec::new(),
            sockets: Vec::new(),
            keys: 0,
        };
        for name in VICTIMS.into_iter().chain(ATTACKERS).chain([FRIEND]) {
            let user = UserId::new(name).unwrap();
            world
                .backend
                .add_user(&user, name, &Secret::from(PASSWORD), NOW)
                .unwrap();
            world.sign_in(name);
        }
        world.fill();
        for name in ATTACKERS {
            let things = world.things_of(name);
            world.own.push((name.to_owned(), things));
        }
        let block = json!({"userId": BLOCKED});
        world.post("alice", "/v1/blocks", &block);
        world.post("alice", "/v1/blocks", &json!({"userId": STRANGER}));
        world.checkpoint = Some(world.backend.checkpoint().unwrap());
        world.reset();
        world
    }

    /// Everything is as it was at the beginning; Alice and Bob are connected.
    pub(crate) fn reset(&mut self) {
        self.backend.restart(self.checkpoint.as_ref(), NOW).unwrap();
        self.theirs.log = self.log_of("alice");
        self.now = NOW;
        self.sockets = VICTIMS.map(|name| self.connect(name)).to_vec();
    }

    pub(crate) fn sign_in(&mut self, name: &str) -> Tokens {
        let device = format!("{name}-phone");
        let body = json!({"userId": name, "password": PASSWORD, "deviceId": device});
        let session = Ask::new("POST", "/v1/auth/login")
            .body(&body)
            .of(self)
            .json();
        let tokens = Tokens {
            access: session["accessToken"].as_str().unwrap().to_owned(),
            refresh: session["refreshToken"].as_str().unwrap().to_owned(),
        };
        self.tokens.retain(|(whose, _)| whose != name);
        self.tokens.push((name.to_owned(), tokens.clone()));
        tokens
    }

    pub(crate) fn tokens(&self, name: &str) -> Tokens {
        let found = self.tokens.iter().find(|(whose, _)| whose == name);
        found.unwrap().1.clone()
    }

    pub(crate) fn own(&self, name: &str) -> &Things {
        &self.own.iter().find(|(whose, _)| whose == name).unwrap().1
    }

    /// A socket over which somebody has said hello.
    pub(crate) fn connect(&mut self, name: &str) -> SocketId {
        let socket = self.backend.connect(None, self.now);
        let token = self.tokens(name).access;
        let hello = json!({"type": "hello", "version": 1, "accessToken": token});
        let said = self.backend.frame(socket, &hello.to_string(), self.now);
        assert!(
            matches!(said.first(), Some(Outgoing::Frame { .. })),
            "{said:?}"
        );
        socket
    }

    pub(crate) fn post(&mut self, name: &str, path: &str, body: &Value) -> Answer {
        let answer = Ask::new("POST", path).by(name).body(body).of(self);
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
        answer
    }

    pub(crate) fn new_key(&mut self) -> String {
        self.keys += 1;
        key(self.keys)
    }

    /// Carries an operation out that is allowed, and gives its outcome.
    fn act(&mut self, name: &str, method: &str, params: &Value) -> Value {
        let operation_key = self.new_key();
        let body = json!({"operations": [{"operationKey": operation_key, "method": method, "params": params}]});
        let outcome = self.post(name, "/v1/operations", &body).json()["outcomes"][0].clone();
        assert_eq!(outcome["status"], "applied", "{method}: {outcome}");
        outcome
    }

    pub(crate) fn group(&mut self, name: &str, others: &[&str]) -> String {
        let params = json!({"kind": "group", "title": "A room", "participantIds": others});
        let outcome = self.act(name, "conversation.create", &params);
        outcome["conversation"]["conversationId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A message, by its id and its key.
    pub(crate) fn say(&mut self, name: &str, conversation: &str, more: &Value) -> (String, String) {
        let mut params =
            json!({"conversationId": conversation, "text": format!("a secret of {name}")});
        for (field, value) in more.as_object().unwrap() {
            params[field] = value.clone();
        }
        let message = self.act(name, "message.send", &params)["message"].clone();
        let said = |name: &str| message[name].as_str().unwrap().to_owned();
        (said("messageId"), said("operationKey"))
    }

    pub(crate) fn begin_upload(&mut self, name: &str) -> Answer {
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-length", "11"),
            ("upload-metadata", METADATA),
        ];
        Ask::new("POST", "/v1/files")
            .by(name)
            .headers(&headers)
            .of(self)
    }

    fn upload(&mut self, name: &str, bytes: &[u8]) -> String {
        let begun = self.begin_upload(name);
        let path = begun.header("location").unwrap().to_owned();
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", "0"),
        ];
        let sent = Ask::new("PATCH", &path)
            .by(name)
            .headers(&headers)
            .bytes(bytes)
            .of(self);
        assert_eq!(sent.status, 204);
        path.rsplit('/').next().unwrap().to_owned()
    }

    pub(crate) fn log_of(&mut self, name: &str) -> String {
        let snapshot = Ask::new("GET", "/v1/snapshot").by(name).of(self).json();
        snapshot["logId"].as_str().unwrap().to_owned()
    }

    /// What Alice and Bob have, and what the removed and the blocked one saw of it.
    fn fill(&mut self) {
        let mut theirs = self.things("alice");
        let group = self.group("alice", &["bob", REMOVED]);
        let direct = json!({"kind": "direct", "participantIds": ["bob"]});
        let direct =
            self.act("alice", "conversation.create", &direct)["conversation"]["conversationId"]
                .clone();
        let direct = direct.as_str().unwrap().to_owned();
        let file = self.upload("alice", b"hello world");
        let attached = crate::kinds::wrapped("attachments", &file);
        let begun = self
            .begin_upload("bob")
            .header("location")
            .unwrap()
            .to_owned();
        let root = self.say("alice", &group, &json!({"mentions": ["bob"]}));
        let said = [
            root.clone(),
            self.say("bob", &group, &json!({"threadRoot": root.1})),
            self.say(
                "bob",
                &group,
                &json!({"replyTo": root.1, "attachments": []}),
            ),
            self.say("alice", &direct, &json!({"attachments": attached})),
        ];
        self.act(
            "bob",
            "reaction.add",
            &json!({"conversationId": group, "messageKey": root.1, "emoji": "👍"}),
        );
        self.act(
            "alice",
            "message.pin",
            &json!({"conversationId": group, "messageKey": root.1, "pinned": true}),
        );
        let edit = json!({"conversationId": group, "messageKey": root.1, "text": "another secret"});
        self.act("alice", "message.edit", &edit);
        self.act(
            "alice",
            "settings.update",
            &json!({"conversationId": group, "archived": true}),
        );
        self.act(
            "alice",
            "participant.remove",
            &json!({"conversationId": group, "userId": REMOVED}),
        );
        let after = self.say("alice", &group, &json!({}));
        let token = json!({"provider": "fcm", "token": "the token of alice"});
        self.post("alice", "/v1/devices/alice-phone/push-token", &token);
        for (message, key) in said.into_iter().chain([after]) {
            theirs.messages.push(message);
            theirs.keys.push(key);
        }
        theirs.conversations = vec![group, direct];
        theirs.files = vec![file, begun.rsplit('/').next().unwrap().to_owned()];
        self.theirs = theirs;
    }

    fn things(&mut self, name: &str) -> Things {
        let sessions = Ask::new("GET", "/v1/sessions").by(name).of(self).json();
        Things {
            user: name.to_owned(),
            device: format!("{name}-phone"),
            session: sessions["sessions"][0]["sessionId"]
                .as_str()
                .unwrap()
                .to_owned(),
            log: self.log_of(name),
            ..Things::default()
        }
    }

    /// What an attacker may ask for, with the friend.
    fn things_of(&mut self, name: &str) -> Things {
        let mut things = self.things(name);
        things.user = FRIEND.to_owned();
        let conversation = self.group(name, &[FRIEND]);
        let (message, key) = self.say(name, &conversation, &json!({}));
        if name == BLOCKED {
            let direct = json!({"kind": "direct", "participantIds": ["alice"]});
            self.act(name, "conversation.create", &direct);
        }
        things.files = vec![self.upload(name, b"hello world")];
        (things.conversations, things.messages, things.keys) =
            (vec![conversation], vec![message], vec![key]);
        things
    }
}
