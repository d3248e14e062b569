//! The keys of all that is not a message, and of what is asked for in another way: §5.1 and §7.9.

use serde_json::{Value, json};

use super::content::about;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{Socket, WireError, operation_key, wire};

checks! {
    "5.1.10" [M10] {editing} "the keys of edits and deletions are remembered" => editing;
    "5.1.11" [M10] {settings} "the keys of settings are remembered" => settings;
    "5.1.12" [M10] {reactions} "the keys of reactions are remembered" => reactions;
    "5.1.13" [M10] {pins} "the keys of pins are remembered" => pins;
    "5.1.14" [M10] {administration} "the keys of new titles, people and roles are remembered" => administration;
    "5.1.15" [M10] "a key is the same over the socket and over HTTP, in every session, and after a logout" => routes;
    "5.1.16" [] "the same key with any other value is a conflict" => other_values;
    "5.1.17" [] "the key of a notice is taken" => of_a_notice;
    "7.9.10" [M10] {rest} "the key of a request is that of its operation" => of_a_request;
}

fn operation(key: &str, method: &str, params: &Value) -> Value {
    json!({"operationKey": key, "method": method, "params": params})
}

async fn ask(setting: &Setting<'_>, token: &str, operation: &Value) -> Result<Value, WireError> {
    let mut outcomes = setting.submit_as(token, json!([operation])).await?;
    outcomes.pop().ok_or_else(|| wire("no outcome"))
}

/// Carries out an operation, then another one, and then asks for the first one again: that changes nothing, and has the
/// first outcome.
async fn again(
    setting: &Setting<'_>,
    (method, params): (&str, &Value),
    (since, then): (&str, &Value),
) -> Outcome {
    let mine = setting.token();
    let operation = operation(&operation_key()?, method, params);
    let first = ask(setting, mine, &operation).await?;
    ensure!(first["status"] == "applied", first);
    setting.done(mine, since, then.clone()).await?;
    let id = text(&params["conversationId"])?;
    let before = setting.view(mine, &id).await?;
    let marks = [
        setting.mark(mine).await?,
        setting.mark(setting.other_token()).await?,
    ];
    let repeated = ask(setting, mine, &operation).await?;
    ensure!(first == repeated, json!([first, repeated]));
    for mark in &marks {
        let told = setting.since(mark).await?;
        ensure!(told.is_empty(), json!(told));
    }
    let after = setting.view(mine, &id).await?;
    ensure!(before == after, json!([before, after]));
    Ok(())
}

async fn editing(setting: &Setting<'_>) -> Outcome {
    let said = setting.say("as it was").await?;
    let mut first = about(setting, &said);
    first["text"] = json!("as it is");
    let mut second = about(setting, &said);
    second["text"] = json!("as it will be");
    again(setting, ("message.edit", &first), ("message.edit", &second)).await?;
    let more = json!({"conversationId": setting.conversation, "text": "since then"});
    let about = about(setting, &said);
    for method in ["message.hide", "message.delete"] {
        again(setting, (method, &about), ("message.send", &more)).await?;
    }
    Ok(())
}

async fn settings(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let first = json!({"conversationId": group, "pinned": true, "archived": true});
    let second = json!({"conversationId": group, "pinned": false, "archived": false});
    let method = "settings.update";
    again(setting, (method, &first), (method, &second)).await
}

async fn reactions(setting: &Setting<'_>) -> Outcome {
    let said = setting.say("liked or not").await?;
    let mut react = about(setting, &said);
    react["emoji"] = json!("👍");
    let (add, remove) = ("reaction.add", "reaction.remove");
    again(setting, (add, &react), (remove, &react)).await?;
    setting.done(setting.token(), add, react.clone()).await?;
    again(setting, (remove, &react), (add, &react)).await
}

async fn pins(setting: &Setting<'_>) -> Outcome {
    let said = setting.say("pinned or not").await?;
    let mut pin = about(setting, &said);
    pin["pinned"] = json!(true);
    let mut unpin = about(setting, &said);
    unpin["pinned"] = json!(false);
    let method = "message.pin";
    again(setting, (method, &pin), (method, &unpin)).await?;
    setting.done(setting.token(), method, pin.clone()).await?;
    again(setting, (method, &unpin), (method, &pin)).await
}

async fn administration(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let title = |title: &str| json!({"conversationId": group, "title": title});
    let method = "conversation.update";
    again(setting, (method, &title("Rome")), (method, &title("Paris"))).await?;
    let role = |role: &str| {
        json!({"conversationId": group, "userId": setting.backend.other_user,
            "role": role})
    };
    let method = "participant.update";
    again(
        setting,
        (method, &role("moderator")),
        (method, &role("member")),
    )
    .await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    let remove = json!({"conversationId": group, "userId": stranger["userId"]});
    let methods = ("participant.add", "participant.remove");
    again(setting, (methods.0, &add), (methods.1, &remove)).await?;
    setting
        .done(setting.token(), methods.0, add.clone())
        .await?;
    again(setting, (methods.1, &remove), (methods.0, &add)).await
}

/// The outcomes of a submit over a socket.
async fn over(socket: &mut Socket, operations: &[Value]) -> Result<Vec<Value>, WireError> {
    let submit = json!({"type": "submit", "submitId": 11, "operations": operations});
    socket.send(&submit).await?;
    let outcome = socket.next_of("outcome").await?;
    Ok(outcome["outcomes"].as_array().cloned().unwrap_or_default())
}

/// A message, a group and a pointer, each under a key of its own.
fn of_every_backend(setting: &Setting<'_>) -> Result<Vec<Value>, WireError> {
    let group = json!({"kind": "group", "title": "Once", "participantIds": []});
    let read = json!({"conversationId": setting.conversation, "readTo": 1});
    Ok(vec![
        setting.message(&operation_key()?, "said once"),
        operation(&operation_key()?, "conversation.create", &group),
        operation(&operation_key()?, "receipt.update", &read),
    ])
}

async fn routes(setting: &Setting<'_>) -> Outcome {
    let one = setting.login("judge-key-one").await?;
    let other = setting.login("judge-key-other").await?;
    let (mut socket, _) = setting.connect(&other, 0, &Value::Null).await?;
    let over_http = of_every_backend(setting)?;
    let over_socket = of_every_backend(setting)?;
    let by_http = setting.submit_as(token(&one), json!(over_http)).await?;
    let by_socket = over(&mut socket, &over_socket).await?;
    for outcome in by_http.iter().chain(&by_socket) {
        ensure!(outcome["status"] == "applied", outcome);
    }
    setting.say("since then").await?;
    let mark = setting.mark(setting.token()).await?;
    let again = over(&mut socket, &over_http).await?;
    ensure!(again == by_http, json!([by_http, again]));
    let again = setting.submit_as(token(&one), json!(over_socket)).await?;
    ensure!(again == by_socket, json!([by_socket, again]));
    for session in [&one, &other] {
        let body = json!({"refreshToken": session["refreshToken"]});
        let (status, answer) = setting.http.post("/v1/auth/logout", "", &body).await?;
        ensure!(status == 200, answer);
    }
    let fresh = setting.login("judge-key-one").await?;
    for (operations, first) in [(&over_http, &by_http), (&over_socket, &by_socket)] {
        let again = setting.submit_as(token(&fresh), json!(operations)).await?;
        ensure!(again == *first, json!([first, again]));
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

/// Under the key of the first one, each of the others is a conflict, and changes nothing.
async fn conflicts(
    setting: &Setting<'_>,
    method: &str,
    first: &Value,
    others: &[(&str, Value)],
) -> Outcome {
    let key = operation_key()?;
    let outcome = ask(setting, setting.token(), &operation(&key, method, first)).await?;
    ensure!(outcome["status"] == "applied", outcome);
    let mark = setting.mark(setting.token()).await?;
    for (name, value) in others {
        let mut params = first.clone();
        params[*name] = value.clone();
        let outcome = ask(setting, setting.token(), &operation(&key, method, &params)).await?;
        ensure!(outcome["status"] == "failed", json!([params, outcome]));
        ensure!(
            outcome["problem"]["code"] == "operation.conflict",
            json!([params, outcome])
        );
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

async fn other_values(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let answered = setting.say("a question").await?;
    let other = setting.say("another question").await?;
    let payload = |data: u64| json!({"type": "poll", "data": {"votes": data}});
    let first = json!({"conversationId": setting.conversation, "text": "an answer",
        "payload": payload(1), "replyTo": answered["operationKey"],
        "mentions": [setting.backend.other_user]});
    let others = [
        ("text", json!("another answer")),
        ("payload", payload(2)),
        ("payload", Value::Null),
        ("replyTo", other["operationKey"].clone()),
        ("replyTo", Value::Null),
        ("mentions", json!([])),
        ("conversationId", json!(group)),
    ];
    conflicts(setting, "message.send", &first, &others).await?;
    let pointer = json!({"conversationId": setting.conversation, "readTo": answered["position"]});
    let others = [
        ("readTo", other["position"].clone()),
        ("readTo", Value::Null),
        ("deliveredTo", other["position"].clone()),
        ("conversationId", json!(group)),
    ];
    conflicts(setting, "receipt.update", &pointer, &others).await?;
    let create = json!({"kind": "group", "title": "Once", "participantIds": []});
    let others = [
        ("title", json!("Twice")),
        ("participantIds", json!([setting.backend.other_user])),
        ("avatarUrl", json!("https://example.com/a.png")),
    ];
    conflicts(setting, "conversation.create", &create, &others).await
}

async fn of_a_notice(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let key = operation_key()?;
    let leave = operation(
        &key,
        "conversation.leave",
        &json!({"conversationId": group}),
    );
    let left = ask(setting, setting.token(), &leave).await?;
    ensure!(left["status"] == "applied", left);
    let theirs = setting.other_token();
    let notice = setting.last_message(theirs, &group).await?;
    ensure!(notice["operationKey"] == key.as_str(), notice);
    for place in [&group, &setting.conversation] {
        let say = json!({"conversationId": place, "text": "under a key that is taken"});
        let outcome = ask(setting, theirs, &operation(&key, "message.send", &say)).await?;
        ensure!(outcome["status"] == "failed", outcome);
        ensure!(outcome["problem"]["code"] == "operation.conflict", outcome);
    }
    Ok(())
}

async fn of_a_request(setting: &Setting<'_>) -> Outcome {
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    let key = operation_key()?;
    let first = ask(setting, setting.token(), &setting.message(&key, "once")).await?;
    let body = |key: &str, said: &str| json!({"operationKey": key, "text": said});
    let once = body(&key, "once");
    let (status, again) = setting.http.post(&path, setting.token(), &once).await?;
    ensure!(status == 200 && again == first["message"], again);
    let other = body(&key, "something else");
    let (status, problem) = setting.http.post(&path, setting.token(), &other).await?;
    ensure!(
        status == 409 && problem["code"] == "operation.conflict",
        problem
    );
    let key = operation_key()?;
    let asked = body(&key, "asked for");
    let (status, said) = setting.http.post(&path, setting.token(), &asked).await?;
    ensure!(status == 200, said);
    let again = ask(
        setting,
        setting.token(),
        &setting.message(&key, "asked for"),
    )
    .await?;
    ensure!(again["message"] == said, again);
    Ok(())
}
