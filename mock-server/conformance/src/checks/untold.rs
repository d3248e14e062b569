//! What was deleted or hidden is told nowhere: §4.2, §5.4, §5.8, §7.5 and §7.9.

use serde_json::{Value, json};

use super::content::about;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::WireError;

checks! {
    "5.4.10" [] {editing forwarding} "nobody forwards what they have hidden" => not_forwarded;
    "5.8.7" [] {editing} "what was deleted or hidden comes with no conversation, page or snapshot" => nowhere;
    "7.5.9" [] {around editing} "a page around a place tells nothing of what was deleted or hidden" => not_around;
    "7.9.9" [] {editing rest} "what was deleted or hidden is not told by its id" => not_by_id;
}

/// A part of all that is said here and must not be told.
const SECRET: &str = "unspoken";

/// A message with all that every backend carries.
async fn full(setting: &Setting<'_>) -> Result<Value, WireError> {
    let answered = setting.say("a question").await?;
    let params = json!({"conversationId": setting.conversation, "text": format!("{SECRET} words"),
        "mentions": [setting.backend.other_user], "replyTo": answered["operationKey"],
        "payload": {"type": "poll", "data": {"question": SECRET}}});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    let said = outcome["message"].clone();
    ensure!(said["payload"]["data"]["question"] == SECRET, said);
    ensure!(said["replyTo"] == answered["operationKey"], said);
    Ok(said)
}

/// The second user hides one message, and the first deletes another: both as they were.
async fn taken_back(setting: &Setting<'_>) -> Result<[Value; 2], WireError> {
    let hidden = full(setting).await?;
    let deleted = full(setting).await?;
    let theirs = setting.other_token();
    setting
        .done(theirs, "message.hide", about(setting, &hidden))
        .await?;
    setting
        .done(setting.token(), "message.delete", about(setting, &deleted))
        .await?;
    Ok([hidden, deleted])
}

/// Nothing of what a message said is left, but its place.
fn is_empty(message: &Value, mark: &str) -> Outcome {
    ensure!(!message[mark].is_null(), message);
    ensure!(message["text"] == "", message);
    for field in ["payload", "replyTo", "pinned"] {
        ensure!(message[field].is_null(), message);
    }
    for field in ["mentions", "reactions", "attachments"] {
        ensure!(message[field].as_array().is_none_or(Vec::is_empty), message);
    }
    Ok(())
}

/// Both messages are in this list, empty, and nothing else tells what they said.
fn are_empty(list: &Value, [hidden, deleted]: &[Value; 2]) -> Outcome {
    for (message, mark) in [(hidden, "hidden"), (deleted, "deleted")] {
        let mut all = list.as_array().into_iter().flatten();
        let found = all.find(|one| one["operationKey"] == message["operationKey"]);
        let found = found.ok_or_else(|| crate::wire::wire("the message has no place any more"))?;
        ensure!(found["position"] == message["position"], found);
        is_empty(found, mark)?;
    }
    Ok(())
}

async fn nowhere(setting: &Setting<'_>) -> Outcome {
    let both = taken_back(setting).await?;
    let theirs = setting.other_token();
    let view = setting.view(theirs, &setting.conversation).await?;
    are_empty(&view["messages"], &both)?;
    let first = both[0]["position"].as_u64().unwrap_or_default();
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    for query in [
        String::new(),
        format!("?before={}", first + 3),
        format!("?after={}", first - 1),
    ] {
        let (status, page) = setting.http.get(&format!("{path}{query}"), theirs).await?;
        ensure!(status == 200, page);
        are_empty(&page["messages"], &both)?;
    }
    for path in ["/v1/conversations", "/v1/snapshot"] {
        let (status, all) = setting.http.get(path, theirs).await?;
        ensure!(status == 200, all);
        let mut conversations = all["conversations"].as_array().into_iter().flatten();
        let found = conversations.find(|one| one["conversationId"] == *setting.conversation);
        let found = found.ok_or_else(|| crate::wire::wire("the conversation is missing"))?;
        are_empty(&found["messages"], &both)?;
    }
    Ok(())
}

async fn not_around(setting: &Setting<'_>) -> Outcome {
    let both = taken_back(setting).await?;
    let place = both[1]["position"].as_u64().unwrap_or_default();
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    for query in [
        format!("around={place}"),
        format!("aroundMessage={}", text(&both[0]["operationKey"])?),
    ] {
        let (status, page) = setting
            .http
            .get(&format!("{path}?{query}"), setting.other_token())
            .await?;
        ensure!(status == 200, page);
        are_empty(&page["messages"], &both)?;
    }
    Ok(())
}

async fn not_by_id(setting: &Setting<'_>) -> Outcome {
    let both = taken_back(setting).await?;
    for (message, mark) in both.iter().zip(["hidden", "deleted"]) {
        let path = format!("/v1/messages/{}", text(&message["messageId"])?);
        let (status, told) = setting.http.get(&path, setting.other_token()).await?;
        ensure!(status == 200, told);
        is_empty(&told, mark)?;
    }
    Ok(())
}

async fn not_forwarded(setting: &Setting<'_>) -> Outcome {
    let [hidden, _] = taken_back(setting).await?;
    let group = setting.group().await?;
    let forward = json!({"conversationId": group, "text": "", "forwardOf": hidden["operationKey"]});
    let theirs = setting.other_token();
    setting
        .refused(theirs, "message.send", forward.clone(), "message.notFound")
        .await?;
    // For all others it is what it was.
    setting
        .done(setting.token(), "message.send", forward)
        .await?;
    Ok(())
}
