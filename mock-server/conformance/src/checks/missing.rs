//! §10.2: what a backend says that does not have a capability.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure};

checks! {
    "10.2.1" [] "the methods of a capability that is missing are method.unknown" => methods;
    "10.2.2" [] "the routes of a capability that is missing are route.unknown" => routes;
    "10.2.3" [] "the params of a capability that is missing are params.invalid" => params;
}

const METHODS: [(&str, &str); 11] = [
    ("administration", "conversation.update"),
    ("administration", "participant.add"),
    ("administration", "participant.remove"),
    ("administration", "participant.update"),
    ("editing", "message.edit"),
    ("editing", "message.delete"),
    ("editing", "message.hide"),
    ("pins", "message.pin"),
    ("reactions", "reaction.add"),
    ("reactions", "reaction.remove"),
    ("settings", "settings.update"),
];

const ROUTES: [(&str, &str, &str); 15] = [
    ("accountDeletion", "POST", "/v1/me/delete"),
    ("blocks", "GET", "/v1/blocks"),
    ("blocks", "POST", "/v1/blocks"),
    ("files", "POST", "/v1/files"),
    ("files", "GET", "/v1/files/f"),
    ("openapi", "GET", "/v1/openapi.json"),
    ("profiles", "POST", "/v1/me"),
    ("push", "POST", "/v1/devices/judge/push-token"),
    ("rest", "POST", "/v1/conversations"),
    ("search", "GET", "/v1/search?q=x"),
    ("sessions", "GET", "/v1/sessions"),
    ("sessions", "POST", "/v1/sessions/x/end"),
    ("users", "GET", "/v1/users"),
    ("users", "GET", "/v1/users/x"),
    ("versions", "GET", "/v1/messages/x/versions"),
];

/// Those of a table that are about what this backend does not have.
fn missing<'a, T>(
    setting: &Setting<'_>,
    all: &'a [T],
    capability: impl Fn(&T) -> &'static str,
) -> Vec<&'a T> {
    let lacks = |one: &&T| !setting.can(capability(one));
    all.iter().filter(lacks).collect()
}

async fn methods(setting: &Setting<'_>) -> Outcome {
    for (_, method) in missing(setting, &METHODS, |one| one.0) {
        for params in [json!({}), json!({"conversationId": setting.conversation})] {
            setting
                .refused(setting.token(), method, params, "method.unknown")
                .await?;
        }
    }
    Ok(())
}

async fn routes(setting: &Setting<'_>) -> Outcome {
    for (_, verb, path) in missing(setting, &ROUTES, |one| one.0) {
        let body = match *verb {
            "GET" => Value::Null,
            _ => json!({}),
        };
        let (status, problem) = setting
            .http
            .json(verb, path, setting.token(), &body)
            .await?;
        ensure!(
            status == 404 && problem["code"] == "route.unknown",
            json!([verb, path, problem])
        );
    }
    Ok(())
}

async fn params(setting: &Setting<'_>) -> Outcome {
    let key = setting.say("the root of nothing").await?["operationKey"].clone();
    let file = json!([{"fileId": "f-1", "kind": "file", "name": "a", "mimeType": "a/b", "size": 1,
        "sha256": "0".repeat(64)}]);
    let all = [
        ("files", "attachments", file),
        ("forwarding", "forwardOf", key.clone()),
        ("threads", "threadRoot", key.clone()),
    ];
    let pages = [
        ("around", "around=1".to_owned()),
        ("around", "aroundTime=1".to_owned()),
        (
            "threads",
            format!("thread={}", key.as_str().unwrap_or_default()),
        ),
    ];
    for (_, name, value) in missing(setting, &all, |one| one.0) {
        let mut params = json!({"conversationId": setting.conversation, "text": "with more"});
        params[*name] = value.clone();
        setting
            .refused(setting.token(), "message.send", params, "params.invalid")
            .await?;
    }
    for (_, query) in missing(setting, &pages, |one| one.0) {
        let path = format!(
            "/v1/conversations/{}/messages?{query}",
            setting.conversation
        );
        let (status, problem) = setting.http.get(&path, setting.token()).await?;
        ensure!(
            status == 422 && problem["code"] == "params.invalid",
            json!([query, problem])
        );
    }
    Ok(())
}
