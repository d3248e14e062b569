//! §3.10 and §3.11: who types, and who is there.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};
use crate::wire::{Socket, WireError};

checks! {
    "3.10.1" [] {typing} "typing is passed on, with who types" => typing;
    "3.10.2" [] {administration typing} "typing of who may not write, or takes no part, is ignored" => forbidden_typing;
    "3.10.3" [] {typing} "who types is not told of it" => own_typing;
    "3.10.4" [] {typing} "with their last socket, a user has stopped" => stops_with_the_socket;
    "3.11.1" [] {presence} "presence tells who is there, and who goes" => presence;
    "3.11.2" [] {presence profiles} "who hides is offline to all others, without lastSeenAt" => hidden;
    "3.11.3" [] {presence blocks} "where one of two users has blocked the other, neither sees the other come" => blocked;
    "3.11.4" [] {presence} "who shares no conversation is not told" => strangers;
}

async fn typing(setting: &Setting<'_>) -> Outcome {
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut his, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    for state in ["started", "stopped"] {
        let frame =
            json!({"type": "typing", "conversationId": setting.conversation, "state": state});
        hers.send(&frame).await?;
        let told = hears(&mut his, state).await?;
        ensure!(told["userId"] == setting.backend.user.as_str(), told);
        ensure!(
            told["conversationId"] == setting.conversation.as_str(),
            told
        );
    }
    Ok(())
}

async fn presence(setting: &Setting<'_>) -> Outcome {
    let of = |frame: &Value| {
        let users = frame["users"].as_array().cloned().unwrap_or_default();
        let other = setting.backend.other_user.as_str();
        users
            .into_iter()
            .find(|person| person["userId"] == other)
            .map(|person| person["state"].clone())
    };
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (his, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    while of(&hers.next_of("presence").await?) != Some(json!("online")) {}
    drop(his);
    while of(&hers.next_of("presence").await?) != Some(json!("offline")) {}
    Ok(())
}

fn says(conversation: &str, state: &str) -> Value {
    json!({"type": "typing", "conversationId": conversation, "state": state})
}

/// The next frame that says this of anybody. Before it may come that of a socket of an earlier check, which closed late.
async fn hears(socket: &mut Socket, state: &str) -> Result<Value, WireError> {
    loop {
        let told = socket.next_of("typing").await?;
        if told["state"] == state {
            return Ok(told);
        }
    }
}

/// Whether somebody is told that anybody types.
async fn hears_typing(socket: &mut Socket) -> Result<bool, WireError> {
    let frames = socket.so_far().await?;
    Ok(frames.iter().any(|frame| frame["type"] == "typing"))
}

async fn forbidden_typing(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    let stranger = setting.stranger().await?;
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    for session in [&setting.other, &stranger] {
        let (mut theirs, _) = setting.connect(session, 0, &Value::Null).await?;
        theirs.send(&says(&group, "started")).await?;
        theirs.so_far().await?;
        let heard = hears_typing(&mut hers).await?;
        ensure!(!heard, session["userId"]);
    }
    Ok(())
}

async fn own_typing(setting: &Setting<'_>) -> Outcome {
    let (mut one, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut other, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    one.send(&says(&setting.conversation, "started")).await?;
    for socket in [&mut one, &mut other] {
        let heard = hears_typing(socket).await?;
        ensure!(!heard, "a typing frame");
    }
    Ok(())
}

async fn stops_with_the_socket(setting: &Setting<'_>) -> Outcome {
    let (mut his, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    hers.send(&says(&setting.conversation, "started")).await?;
    hears(&mut his, "started").await?;
    // Sooner than the 3 s after which a server may say so for one who is silent.
    drop(hers);
    let told = tokio::time::timeout(
        std::time::Duration::from_secs(2),
        hears(&mut his, "stopped"),
    );
    let told = told
        .await
        .map_err(|_| crate::wire::wire("nobody says that she has stopped"))??;
    ensure!(told["userId"] == setting.backend.user.as_str(), told);
    Ok(())
}

/// Somebody new, who has a direct conversation with the first user.
async fn acquaintance(setting: &Setting<'_>) -> Result<Value, WireError> {
    let stranger = setting.stranger().await?;
    let params = json!({"kind": "direct", "participantIds": [setting.backend.user]});
    setting
        .done(token(&stranger), "conversation.create", params)
        .await?;
    Ok(stranger)
}

/// What is told of somebody.
fn told_of<'f>(frames: &'f [Value], user: &'f Value) -> impl Iterator<Item = &'f Value> {
    frames
        .iter()
        .filter(|frame| frame["type"] == "presence")
        .filter_map(|frame| frame["users"].as_array())
        .flatten()
        .filter(move |person| person["userId"] == *user)
}

async fn hidden(setting: &Setting<'_>) -> Outcome {
    let shy = acquaintance(setting).await?;
    let body = json!({"presence": "hidden"});
    let (status, answer) = setting.http.post("/v1/me", token(&shy), &body).await?;
    ensure!(status == 200, answer);
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut theirs, _) = setting.connect(&shy, 0, &Value::Null).await?;
    theirs.so_far().await?;
    let mut frames = hers.so_far().await?;
    let (mut later, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    frames.extend(later.so_far().await?);
    drop(theirs);
    let (mut last, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    frames.extend(last.so_far().await?);
    for told in told_of(&frames, &shy["userId"]) {
        ensure!(told["state"] == "offline", told);
        ensure!(told["lastSeenAt"].is_null(), told);
    }
    Ok(())
}

async fn blocked(setting: &Setting<'_>) -> Outcome {
    let nuisance = acquaintance(setting).await?;
    let body = json!({"userId": nuisance["userId"]});
    let (status, list) = setting
        .http
        .post("/v1/blocks", setting.token(), &body)
        .await?;
    ensure!(status == 200, list);
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut theirs, _) = setting.connect(&nuisance, 0, &Value::Null).await?;
    let seen_by_them = theirs.so_far().await?;
    let seen_by_her = hers.so_far().await?;
    let online = |frames: &[Value], user: &Value| {
        told_of(frames, user).any(|told| told["state"] == "online")
    };
    ensure!(
        !online(&seen_by_her, &nuisance["userId"]),
        json!(seen_by_her)
    );
    let her = json!(setting.backend.user);
    ensure!(!online(&seen_by_them, &her), json!(seen_by_them));
    Ok(())
}

async fn strangers(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let (mut hers, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut theirs, _) = setting.connect(&stranger, 0, &Value::Null).await?;
    theirs.so_far().await?;
    let frames = hers.so_far().await?;
    let told = told_of(&frames, &stranger["userId"]).next().is_some();
    ensure!(!told, json!(frames));
    Ok(())
}
