//! Mistakes that a backend could make, each one of its own.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::shim::{Asked, Mistake};

fn operations(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("operations")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn outcomes(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("outcomes")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Remembers no keys; with `after`, none that is older than so many operations.
#[derive(Default)]
pub(crate) struct ForgetsKeys {
    pub(crate) after: usize,
    state: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    made: usize,
    first_seen: BTreeMap<String, usize>,
    /// What the client called those that were made up.
    real: BTreeMap<String, String>,
}

impl ForgetsKeys {
    pub(crate) fn after(after: usize) -> Self {
        Self {
            after,
            ..Self::default()
        }
    }
}

impl Mistake for ForgetsKeys {
    fn ask(&self, asked: &mut Asked) {
        let keys = &mut *self.state.lock().unwrap();
        for operation in operations(&mut asked.body) {
            let key = operation["operationKey"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            keys.made += 1;
            let first = *keys.first_seen.entry(key.clone()).or_insert(keys.made);
            if keys.made > first + self.after {
                let fresh = format!("0190b5f0-0000-7000-8000-{:012x}", keys.made);
                operation["operationKey"] = json!(fresh);
                keys.real.insert(fresh, key);
            }
        }
    }

    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        let keys = self.state.lock().unwrap();
        for outcome in outcomes(body) {
            if let Some(key) = outcome["operationKey"]
                .as_str()
                .and_then(|key| keys.real.get(key))
            {
                outcome["operationKey"] = json!(key);
            }
        }
    }
}

/// Takes an operation with a `null` in it for another one.
pub(crate) struct TellsNullApart;

impl Mistake for TellsNullApart {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            let params = operation["params"].as_object();
            if params.is_some_and(|params| params.values().any(Value::is_null)) {
                operation["params"]["text"] = json!("with a null");
            }
        }
    }
}

/// Tells operation keys in capitals.
pub(crate) struct TellsCapitals;

impl Mistake for TellsCapitals {
    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        for outcome in outcomes(body) {
            if let Some(key) = outcome["operationKey"].as_str() {
                outcome["operationKey"] = json!(key.to_uppercase());
            }
        }
    }
}

/// Takes a role that it does not know for that of a member.
pub(crate) struct GuessesRoles;

impl Mistake for GuessesRoles {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            if operation["params"]["role"] == "owner" {
                operation["params"]["role"] = json!("member");
            }
        }
    }
}

/// Begins a new conversation for a pair that has one.
pub(crate) struct ManyPerPair;

impl Mistake for ManyPerPair {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            if operation["params"]["kind"] == "direct" {
                operation["params"]["kind"] = json!("group");
                operation["params"]["title"] = json!("A pair");
            }
        }
    }
}

/// Takes whatever somebody says, also nothing.
pub(crate) struct TakesBlankTexts;

impl Mistake for TakesBlankTexts {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            let blank = operation["params"]["text"]
                .as_str()
                .is_some_and(|text| text.trim().is_empty());
            if blank {
                operation["params"]["text"] = json!("something");
            }
        }
    }
}

/// Adds the users that it knows, and says that it has done nothing.
pub(crate) struct AppliesHalf;

impl Mistake for AppliesHalf {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            if let Some(people) = operation["params"]["userIds"].as_array_mut() {
                people.retain(|user| user != "nobody-at-all");
            }
        }
    }

    fn answer(&self, asked: &Asked, _: &mut u16, body: &mut Value) {
        if asked.body["operations"][0]["method"] == "participant.add" {
            for outcome in outcomes(body) {
                outcome["status"] = json!("failed");
                outcome["problem"] =
                    json!({"code": "user.notFound", "title": "Nobody", "status": 404});
            }
        }
    }
}

/// Goes on in a conversation after a failure.
pub(crate) struct SkipsNothing;

impl Mistake for SkipsNothing {
    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        for outcome in outcomes(body) {
            if outcome["status"] == "skipped" {
                outcome["status"] = json!("applied");
            }
        }
    }
}

/// Gives every second position only.
pub(crate) struct LeavesHoles;

impl Mistake for LeavesHoles {
    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        for outcome in outcomes(body) {
            if let Some(position) = outcome["message"]["position"].as_u64() {
                outcome["message"]["position"] = json!(position * 2);
            }
        }
    }
}

/// Shows a conversation to every user who knows its id.
#[derive(Default)]
pub(crate) struct ShowsEverything(Mutex<Option<String>>);

impl Mistake for ShowsEverything {
    fn ask(&self, asked: &mut Asked) {
        let mut first = self.0.lock().unwrap();
        if first.is_none() && asked.authorization.is_some() {
            first.clone_from(&asked.authorization);
        }
        if asked.method == "GET" && asked.path.starts_with("/v1/conversations/c-") {
            asked.authorization.clone_from(&first);
        }
    }
}

/// Gives a refresh token another successor each time.
#[derive(Default)]
pub(crate) struct ManySuccessors(Mutex<u64>);

impl Mistake for ManySuccessors {
    fn answer(&self, asked: &Asked, _: &mut u16, body: &mut Value) {
        if asked.path == "/v1/auth/refresh" && body["refreshToken"].is_string() {
            let mut count = self.0.lock().unwrap();
            *count += 1;
            body["refreshToken"] = json!(format!("successor-{count}"));
        }
    }
}

/// Refuses a submit as a whole because of a method that it does not know.
pub(crate) struct StopsAtUnknownMethods;

impl Mistake for StopsAtUnknownMethods {
    fn answer(&self, asked: &Asked, status: &mut u16, body: &mut Value) {
        if asked.body["operations"].to_string().contains("no.such") {
            *status = 422;
            *body = json!({"code": "method.unknown", "title": "Unknown", "status": 422});
        }
    }
}

/// Says whether there is such a user.
pub(crate) struct TellsWhoExists;

impl Mistake for TellsWhoExists {
    fn answer(&self, asked: &Asked, _: &mut u16, body: &mut Value) {
        if asked.path == "/v1/auth/login" && asked.body["userId"] == "no-such-user" {
            body["title"] = json!("There is no such user");
        }
    }
}

/// Keeps the name of a log whatever happens to it.
pub(crate) struct KeepsTheName;

impl Mistake for KeepsTheName {
    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        if body["logId"].is_string() {
            body["logId"] = json!("log-for-ever");
        }
    }
}

/// Counts one's own messages as unread.
pub(crate) struct CountsTooMuch;

impl Mistake for CountsTooMuch {
    fn answer(&self, _: &Asked, _: &mut u16, body: &mut Value) {
        if let Some(count) = body["unreadCount"].as_u64() {
            body["unreadCount"] = json!(count + 1);
        }
    }
}

/// Keeps what was pinned pinned: nothing is unpinned, and what is deleted keeps its pin.
pub(crate) struct PinsForGood;

impl Mistake for PinsForGood {
    fn ask(&self, asked: &mut Asked) {
        for operation in operations(&mut asked.body) {
            if operation["params"]["pinned"] == false {
                operation["params"]["pinned"] = json!(true);
            }
            if operation["method"] == "message.delete" {
                operation["method"] = json!("message.hide");
            }
        }
    }
}
