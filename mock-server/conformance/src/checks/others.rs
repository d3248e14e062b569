//! What is in another conversation, and what was left: §5.7 to §5.9, §5.13, §6.2 and §7.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::WireError;

checks! {
    "5.7.5" [] {editing} "a message is edited in its own conversation alone" => edited_elsewhere;
    "5.8.6" [] {editing} "a message is deleted and hidden in its own conversation alone" => deleted_elsewhere;
    "5.9.7" [] {reactions} "one reacts to a message in its own conversation alone" => reacted_elsewhere;
    "5.13.5" [] {pins} "a message is pinned in its own conversation alone" => pinned_elsewhere;
    "7.0.4" [] "for who left a conversation, it does not exist" => left;
    "7.0.5" [] "who left is told no later message" => untold;
    "7.0.6" [] {administration} "for who was removed from a conversation, it does not exist" => removed;
    "7.5.8" [] {editing versions} "who left reads no versions" => no_versions;
    "7.6.6" [] {search} "who left finds nothing, not even what they wrote there" => found_nowhere;
    "7.9.8" [] {rest} "who left reads no message by its id, not even their own" => no_message;
}

/// A group in which the second user is alone.
async fn alone(setting: &Setting<'_>) -> Result<String, WireError> {
    let params = json!({"kind": "group", "title": "Theirs", "participantIds": []});
    let made = setting
        .done(setting.other_token(), "conversation.create", params)
        .await?;
    text(&made["conversation"]["conversationId"])
}

/// Asks for this of messages that are not in the conversation that is named: one of another own conversation, one of the
/// other person there, and one of a conversation in which the user takes no part.
async fn elsewhere(setting: &Setting<'_>, method: &str, more: &Value) -> Outcome {
    let group = setting.group().await?;
    let theirs = alone(setting).await?;
    let (mine, other) = (setting.token(), setting.other_token());
    for (token, place) in [
        (mine, setting.conversation.as_str()),
        (other, setting.conversation.as_str()),
        (other, theirs.as_str()),
    ] {
        let said = setting.say_in(token, place, "said elsewhere").await?;
        let marks = [setting.mark(mine).await?, setting.mark(other).await?];
        let mut params = more.clone();
        params["conversationId"] = json!(group);
        params["messageKey"] = said["operationKey"].clone();
        setting
            .refused(mine, method, params, "message.notFound")
            .await?;
        for mark in &marks {
            let told = setting.since(mark).await?;
            ensure!(told.is_empty(), json!(told));
        }
        let now = setting.told(token, place, &said["operationKey"]).await?;
        ensure!(now == said, now);
    }
    Ok(())
}

async fn edited_elsewhere(setting: &Setting<'_>) -> Outcome {
    elsewhere(setting, "message.edit", &json!({"text": "not there"})).await
}

async fn deleted_elsewhere(setting: &Setting<'_>) -> Outcome {
    elsewhere(setting, "message.delete", &json!({})).await?;
    elsewhere(setting, "message.hide", &json!({})).await
}

async fn reacted_elsewhere(setting: &Setting<'_>) -> Outcome {
    let react = json!({"emoji": "👍"});
    elsewhere(setting, "reaction.add", &react).await?;
    elsewhere(setting, "reaction.remove", &react).await
}

async fn pinned_elsewhere(setting: &Setting<'_>) -> Outcome {
    elsewhere(setting, "message.pin", &json!({"pinned": true})).await
}

/// A group that the second user wrote in; what they wrote.
async fn written(setting: &Setting<'_>, body: &str) -> Result<(String, Value), WireError> {
    let group = setting.group().await?;
    let said = setting.say_in(setting.other_token(), &group, body).await?;
    Ok((group, said))
}

async fn leave(setting: &Setting<'_>, token: &str, group: &str) -> Outcome {
    let leave = json!({"conversationId": group});
    setting.done(token, "conversation.leave", leave).await?;
    Ok(())
}

/// For the second user there is no such conversation.
async fn is_gone(setting: &Setting<'_>, group: &str) -> Outcome {
    let theirs = setting.other_token();
    let messages = format!("/v1/conversations/{group}/messages");
    for path in [
        format!("/v1/conversations/{group}"),
        messages.clone(),
        format!("{messages}?before=2"),
        format!("{messages}?after=0"),
    ] {
        let (status, problem) = setting.http.get(&path, theirs).await?;
        ensure!(
            status == 404 && problem["code"] == "conversation.notFound",
            json!([path, problem])
        );
    }
    for path in ["/v1/conversations", "/v1/snapshot"] {
        let (status, all) = setting.http.get(path, theirs).await?;
        ensure!(status == 200, all);
        let mut ids = all["conversations"].as_array().into_iter().flatten();
        ensure!(ids.all(|one| one["conversationId"] != *group), all);
    }
    for (method, params) in [
        (
            "message.send",
            json!({"conversationId": group, "text": "still here?"}),
        ),
        (
            "receipt.update",
            json!({"conversationId": group, "readTo": 1}),
        ),
        ("conversation.leave", json!({"conversationId": group})),
    ] {
        setting
            .refused(theirs, method, params, "conversation.notFound")
            .await?;
    }
    Ok(())
}

async fn left(setting: &Setting<'_>) -> Outcome {
    let (group, _) = written(setting, "before leaving").await?;
    leave(setting, setting.other_token(), &group).await?;
    is_gone(setting, &group).await
}

async fn untold(setting: &Setting<'_>) -> Outcome {
    let (group, _) = written(setting, "before leaving").await?;
    leave(setting, setting.other_token(), &group).await?;
    let mark = setting.mark(setting.other_token()).await?;
    setting
        .say_in(setting.token(), &group, "among ourselves")
        .await?;
    let read = json!({"conversationId": group, "readTo": 2});
    setting
        .done(setting.token(), "receipt.update", read)
        .await?;
    leave(setting, setting.token(), &group).await?;
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

async fn removed(setting: &Setting<'_>) -> Outcome {
    let (group, _) = written(setting, "before it ends").await?;
    let remove = json!({"conversationId": group, "userId": setting.backend.other_user});
    setting
        .done(setting.token(), "participant.remove", remove)
        .await?;
    let mark = setting.mark(setting.other_token()).await?;
    setting
        .say_in(setting.token(), &group, "among ourselves")
        .await?;
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    is_gone(setting, &group).await
}

async fn no_versions(setting: &Setting<'_>) -> Outcome {
    let (group, said) = written(setting, "in a first version").await?;
    let edit = json!({"conversationId": group, "messageKey": said["operationKey"],
        "text": "in a second version"});
    setting
        .done(setting.other_token(), "message.edit", edit)
        .await?;
    let path = format!("/v1/messages/{}/versions", text(&said["messageId"])?);
    gone_with_the_group(setting, &group, &path).await
}

async fn no_message(setting: &Setting<'_>) -> Outcome {
    let (group, said) = written(setting, "before leaving").await?;
    let path = format!("/v1/messages/{}", text(&said["messageId"])?);
    gone_with_the_group(setting, &group, &path).await
}

/// What is there for the second user until they leave.
async fn gone_with_the_group(setting: &Setting<'_>, group: &str, path: &str) -> Outcome {
    let (status, there) = setting.http.get(path, setting.other_token()).await?;
    ensure!(status == 200, there);
    leave(setting, setting.other_token(), group).await?;
    let (status, problem) = setting.http.get(path, setting.other_token()).await?;
    ensure!(
        status == 404 && problem["code"] == "message.notFound",
        problem
    );
    Ok(())
}

async fn found_nowhere(setting: &Setting<'_>) -> Outcome {
    let word = format!("left{}", crate::wire::operation_key()?.replace('-', ""));
    let (group, _) = written(setting, &format!("theirs {word}")).await?;
    setting
        .say_in(setting.token(), &group, &format!("mine {word}"))
        .await?;
    let path = format!("/v1/search?q={word}");
    for (left, expected) in [(false, 2), (true, 0)] {
        if left {
            leave(setting, setting.other_token(), &group).await?;
        }
        let (status, found) = setting.http.get(&path, setting.other_token()).await?;
        let count = found["messages"].as_array().map(Vec::len);
        ensure!(status == 200 && count == Some(expected), found);
    }
    let path = format!("{path}&conversationId={group}");
    let (status, problem) = setting.http.get(&path, setting.other_token()).await?;
    let nothing = status == 404 || problem["messages"] == json!([]);
    ensure!(nothing, problem);
    Ok(())
}
