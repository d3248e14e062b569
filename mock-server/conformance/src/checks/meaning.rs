//! What a request means that says one thing in two ways, or asks for what is so already: §2.3, §5.4, §5.7,
//! §5.9, §7.5 and §7.9.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text};
use crate::wire::{operation_key, wire};

checks! {
    "2.3.3" [] "an operation key is a UUID with hyphens, in any case, and told in lower case" => keys;
    "5.4.9" [] "beside a conversation, a person says nothing about where a message goes" => conversation_counts;
    "5.7.4" [] {editing} "an edit that changes nothing is not told of" => same_text;
    "5.9.6" [] {administration reactions} "one reacts to a notice as to any message" => reaction_to_a_notice;
    "7.5.7" [] {threads} "of a thread that is not there, a page has no messages" => no_thread;
    "7.9.7" [] {editing rest} "what the path says counts, whatever the body says" => path_counts;
}

async fn keys(setting: &Setting<'_>) -> Outcome {
    let key = operation_key()?;
    let capitals = key.to_uppercase();
    let first = setting
        .submit(json!([setting.message(&capitals, "in capitals")]))
        .await?;
    ensure!(first[0]["status"] == "applied", first[0]);
    ensure!(first[0]["operationKey"] == key.as_str(), first[0]);
    ensure!(
        first[0]["message"]["operationKey"] == key.as_str(),
        first[0]
    );
    let again = setting
        .submit(json!([setting.message(&key, "in capitals")]))
        .await?;
    ensure!(first[0] == again[0], again[0]);
    let other = operation_key()?;
    for form in [
        other.replace('-', ""),
        format!("{{{other}}}"),
        format!("urn:uuid:{other}"),
        format!(" {other}"),
        "0".to_owned(),
    ] {
        let body = json!({"operations": [setting.message(&form, "never said")]});
        let (status, problem) = setting
            .http
            .post("/v1/operations", setting.token(), &body)
            .await?;
        ensure!(
            status == 400 && problem["code"] == "request.malformed",
            json!([form, problem])
        );
    }
    Ok(())
}

async fn conversation_counts(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for person in [json!(setting.backend.other_user), json!("nobody-at-all")] {
        let params = json!({"conversationId": group, "toUserId": person, "text": "in the group"});
        let outcome = setting
            .done(setting.token(), "message.send", params)
            .await?;
        ensure!(
            outcome["message"]["conversationId"] == group.as_str(),
            outcome
        );
    }
    Ok(())
}

async fn same_text(setting: &Setting<'_>) -> Outcome {
    let said = setting.say("as it was").await?;
    let marks = [
        setting.mark(setting.token()).await?,
        setting.mark(setting.other_token()).await?,
    ];
    let edit = json!({"conversationId": setting.conversation, "messageKey": said["operationKey"],
        "text": "as it was"});
    setting.done(setting.token(), "message.edit", edit).await?;
    for mark in &marks {
        let told = setting.since(mark).await?;
        ensure!(told.is_empty(), json!(told));
    }
    let now = setting
        .told(
            setting.token(),
            &setting.conversation,
            &said["operationKey"],
        )
        .await?;
    ensure!(now["editedAt"].is_null(), now);
    Ok(())
}

async fn reaction_to_a_notice(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let title = json!({"conversationId": group, "title": "Renamed"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let notice = setting.last_message(setting.token(), &group).await?;
    ensure!(notice["notice"]["type"] == "titleChanged", notice);
    let add = json!({"conversationId": group, "messageKey": notice["operationKey"],
        "emoji": "\u{1f44d}"});
    setting
        .done(setting.other_token(), "reaction.add", add.clone())
        .await?;
    let now = setting
        .told(setting.token(), &group, &notice["operationKey"])
        .await?;
    ensure!(now["reactions"][0]["emoji"] == "\u{1f44d}", now);
    setting
        .done(setting.other_token(), "reaction.remove", add)
        .await?;
    Ok(())
}

async fn no_thread(setting: &Setting<'_>) -> Outcome {
    let alone = setting.say("with nothing under it").await?;
    let nowhere = json!(operation_key()?);
    for root in [&alone["operationKey"], &nowhere] {
        for place in ["", "&before=9", "&after=0"] {
            let root = root.as_str().ok_or_else(|| wire("a key is no text"))?;
            let id = &setting.conversation;
            let path = format!("/v1/conversations/{id}/messages?thread={root}{place}");
            let (status, page) = setting.http.get(&path, setting.token()).await?;
            ensure!(status == 200 && page["messages"] == json!([]), page);
        }
    }
    Ok(())
}

async fn path_counts(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let path = format!("/v1/conversations/{group}/messages");
    let body = json!({"conversationId": setting.conversation, "text": "by the path"});
    let (status, said) = setting.http.post(&path, setting.token(), &body).await?;
    ensure!(
        status == 200 && said["conversationId"] == group.as_str(),
        said
    );
    let other = setting.say("another message").await?;
    let path = format!("/v1/messages/{}", text(&said["messageId"])?);
    let edit = json!({"conversationId": setting.conversation,
        "messageKey": other["operationKey"], "text": "by the path, again"});
    let (status, edited) = setting
        .http
        .json("PATCH", &path, setting.token(), &edit)
        .await?;
    ensure!(status == 200, edited);
    let (status, now) = setting.http.get(&path, setting.token()).await?;
    ensure!(status == 200 && now["text"] == "by the path, again", now);
    let read = format!("/v1/conversations/{group}/receipts");
    let pointer = json!({"conversationId": setting.conversation, "readTo": said["position"]});
    let (status, answer) = setting
        .http
        .post(&read, setting.other_token(), &pointer)
        .await?;
    ensure!(
        status == 200 && answer == Value::Object(Default::default()),
        answer
    );
    let view = setting.view(setting.other_token(), &group).await?;
    ensure!(number(&view["unreadCount"]).unwrap_or(0) == 0, view);
    Ok(())
}
