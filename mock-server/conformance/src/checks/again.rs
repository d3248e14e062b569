//! What every backend does about what is refused, and about what is asked for again.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{WireError, operation_key, wire};

checks! {
    "5.1.7" [M9] "what was refused has begun no conversation" => nothing_left;
    "5.1.8" [M10] "the keys of creations, receipts and leaving are remembered" => keys;
    "5.1.9" [M10] "what is asked for again is told once" => told_once;
    "5.1.19" [M10] {administration reactions} "who takes no part any more gets the first outcome, and nothing of since" => after_leaving;
    "5.2.3" [] "a submit over the socket has a number" => numbered;
}

/// The conversations that somebody has.
async fn all_of(setting: &Setting<'_>, token: &str) -> Result<Value, WireError> {
    let (status, page) = setting.http.get("/v1/conversations", token).await?;
    ensure!(status == 200, page);
    Ok(page["conversations"].clone())
}

async fn nothing_left(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let theirs = setting.mark(token(&stranger)).await?;
    for (method, params) in [
        (
            "conversation.create",
            json!({"kind": "group", "title": "Never", "participantIds": [stranger["userId"], "nobody-at-all"]}),
        ),
        (
            "conversation.create",
            json!({"kind": "direct", "participantIds": ["nobody-at-all"]}),
        ),
        (
            "message.send",
            json!({"toUserId": stranger["userId"], "text": " "}),
        ),
    ] {
        let mine = setting.mark(setting.token()).await?;
        let outcome = setting.one(setting.token(), method, params).await?;
        ensure!(outcome["status"] == "failed", outcome);
        let told = setting.since(&mine).await?;
        ensure!(told.is_empty(), json!(told));
    }
    let told = setting.since(&theirs).await?;
    ensure!(told.is_empty(), json!(told));
    let there = all_of(setting, token(&stranger)).await?;
    ensure!(there == json!([]), there);
    Ok(())
}

async fn keys(setting: &Setting<'_>) -> Outcome {
    let ask = async |operation: &Value| {
        let mut outcomes = setting.submit(json!([operation])).await?;
        outcomes.pop().ok_or_else(|| wire("no outcome"))
    };
    let create = json!({"operationKey": operation_key()?, "method": "conversation.create",
        "params": {"kind": "group", "title": "Once", "participantIds": []}});
    let first = ask(&create).await?;
    let again = ask(&create).await?;
    let id = &first["conversation"]["conversationId"];
    ensure!(
        id.is_string() && again["conversation"]["conversationId"] == *id,
        again
    );
    let message = setting.say_in(setting.token(), &text(id)?, "read").await?;
    let read = json!({"operationKey": operation_key()?, "method": "receipt.update",
        "params": {"conversationId": id, "readTo": message["position"]}});
    let first = ask(&read).await?;
    let again = ask(&read).await?;
    ensure!(first == again, json!([first, again]));
    // The same params under another method are another operation.
    let key = operation_key()?;
    let params = json!({"conversationId": id});
    let leave = json!({"operationKey": key, "method": "conversation.leave", "params": params});
    let other = json!({"operationKey": key, "method": "receipt.update", "params": params});
    let first = ask(&leave).await?;
    ensure!(first["status"] == "applied", first);
    let again = ask(&leave).await?;
    ensure!(first == again, json!([first, again]));
    let conflict = ask(&other).await?;
    ensure!(
        conflict["problem"]["code"] == "operation.conflict",
        conflict
    );
    Ok(())
}

async fn told_once(setting: &Setting<'_>) -> Outcome {
    let mark = setting.mark(setting.other_token()).await?;
    let send = setting.message(&operation_key()?, "asked for twice");
    let create = json!({"operationKey": operation_key()?, "method": "conversation.create",
        "params": {"kind": "group", "title": "Twice", "participantIds": [setting.backend.other_user]}});
    for _ in 0..2 {
        setting.submit(json!([send, create])).await?;
    }
    let told = setting.since(&mark).await?;
    ensure!(told.len() == 2, json!(told));
    Ok(())
}

async fn numbered(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let operation = setting.message(&operation_key()?, "never said");
    socket
        .send(&json!({"type": "submit", "operations": [operation]}))
        .await?;
    let code = socket.closed().await?;
    ensure!(code == 4400, code);
    Ok(())
}

async fn after_leaving(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let theirs = setting.other_token();
    let send = json!({"operationKey": operation_key()?, "method": "message.send",
        "params": {"conversationId": group, "text": "said before"}});
    let first = setting.submit_as(theirs, json!([send])).await?;
    let remove = json!({"conversationId": group, "userId": setting.backend.other_user});
    setting
        .done(setting.token(), "participant.remove", remove)
        .await?;
    let react = json!({"conversationId": group, "messageKey": send["operationKey"],
        "emoji": "\u{1f44d}"});
    setting.done(setting.token(), "reaction.add", react).await?;
    let again = setting.submit_as(theirs, json!([send])).await?;
    ensure!(first[0] == again[0], again[0]);
    Ok(())
}
