//! All that somebody can see, so that it can be compared, and answers without what is new each time.

use fulmar_protocol::UserId;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::world::{VICTIMS, World};

/// What Alice and Bob see, by every request that reads.
pub(crate) fn of_the_others(world: &mut World) -> Value {
    let views = VICTIMS.map(|name| of(world, name));
    let now = world.now;
    let pushes = world.backend.pushes(now).into_iter();
    let theirs = pushes.filter(|push| VICTIMS.contains(&push.payload.user_id.as_str()));
    json!([views, theirs.count()])
}

fn of(world: &mut World, name: &str) -> Value {
    let log = world.log_of(name);
    let things = world.theirs.clone();
    let mut seen = vec![("/v1/sync".to_owned(), format!("since=0&logId={log}"))];
    // Not `/v1/users`: who has blocked them is missing there, and may block them at any time (PROTOCOL.md §7.9).
    for path in [
        "/v1/snapshot",
        "/v1/sessions",
        "/v1/blocks",
        "/v1/me",
        "/v1/conversations",
    ] {
        seen.push((path.to_owned(), String::new()));
    }
    seen.push(("/v1/search".to_owned(), "q=secret".to_owned()));
    for id in &things.conversations {
        seen.push((format!("/v1/conversations/{id}/messages"), String::new()));
    }
    for id in &things.messages {
        seen.push((format!("/v1/messages/{id}/versions"), String::new()));
    }
    let mut views: Vec<Value> = Vec::new();
    for (path, query) in seen {
        let answer = Ask::new("GET", &path).query(&query).by(name).of(world);
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        views.push(masked(answer.json()));
    }
    for id in &things.files {
        for verb in ["GET", "HEAD"] {
            let path = format!("/v1/files/{id}");
            let answer = Ask::new(verb, &path)
                .headers(&[("tus-resumable", "1.0.0")])
                .by(name)
                .of(world);
            let body = if answer.status == 200 {
                answer.text()
            } else {
                answer.code()
            };
            views.push(json!([answer.status, body, answer.header("upload-offset")]));
        }
    }
    let user = UserId::new(name).unwrap();
    let now = world.now;
    let entries = world
        .backend
        .audit(now)
        .into_iter()
        .filter(|entry| entry.user_id == user);
    views.push(json!(entries.count()));
    Value::Array(views)
}

/// A value in which the ids that a server makes up are all the same.
pub(crate) fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => json!(masked_text(&text)),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, masked(value)))
                .collect(),
        ),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

fn masked_text(text: &str) -> &str {
    ["c-", "m-", "f-", "s-", "log-"]
        .into_iter()
        .find(|prefix| {
            let rest = text.strip_prefix(prefix);
            rest.is_some_and(|rest| {
                rest.len() == 24 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        })
        .unwrap_or(text)
}
