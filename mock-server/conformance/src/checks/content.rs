//! §4 and the operations on messages of §5: what messages are, and how they change.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text};

checks! {
    "4.1.1" [M8] "one direct conversation per pair" => one_per_pair;
    "4.2.1" [] "a message is told of as a whole, with a growing revision" => revisions;
    "4.3.1" [] "receipts only grow, and what is read was delivered" => receipts;
    "4.3.2" [] "unread are the messages of others after readTo" => unread;
    "4.3.3" [] "what one has hidden is not unread, and the counts stand beside the message" => hidden_unread;
    "4.6.1" [] "places in a thread are dense, and its root counts them" => threads;
    "5.4.1" [M15] "a blank text, and one that is too long, are refused" => texts;
    "5.4.2" [] "mentions of strangers and replies to nothing are left out" => left_out;
    "5.4.3" [] "a message to a person goes into the direct conversation" => to_a_person;
    "5.4.4" [] "a forwarded message says what the first one says, and who wrote it" => forwards;
    "5.5.1" [] "a pointer beyond the last message is taken as that" => beyond_the_last;
    "5.7.1" [] "only its sender edits a message" => edits;
    "5.8.1" [] "what is deleted is gone for everyone, and a second time changes nothing" => deletes;
    "5.8.2" [] "what is hidden is hidden from oneself alone" => hides;
}

async fn one_per_pair(setting: &Setting<'_>) -> Outcome {
    let again = setting.create_direct().await?;
    let id = &again["conversation"]["conversationId"];
    ensure!(*id == setting.conversation.as_str(), id);
    let params = json!({"kind": "direct", "participantIds": [setting.backend.user]});
    let theirs = setting
        .done(setting.other_token(), "conversation.create", params)
        .await?;
    let id = &theirs["conversation"]["conversationId"];
    ensure!(*id == setting.conversation.as_str(), id);
    Ok(())
}

/// A message as the history tells of it now.
pub(super) async fn told(
    setting: &Setting<'_>,
    token: &str,
    key: &Value,
) -> Result<Value, crate::wire::WireError> {
    let key = text(key)?;
    let path = format!(
        "/v1/conversations/{}/messages?aroundMessage={key}",
        setting.conversation
    );
    let (status, page) = setting.http.get(&path, token).await?;
    ensure!(status == 200, page);
    let messages = page["messages"].as_array().cloned().unwrap_or_default();
    let found = messages
        .into_iter()
        .find(|message| message["operationKey"] == key.as_str());
    found.ok_or_else(|| crate::wire::wire("the message is not in the history"))
}

pub(super) fn about(setting: &Setting<'_>, message: &Value) -> Value {
    json!({"conversationId": setting.conversation, "messageKey": message["operationKey"]})
}

async fn revisions(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("first wording").await?;
    let mut last = message["revision"].as_u64().unwrap_or_default();
    for wording in ["second wording", "third wording"] {
        let mut params = about(setting, &message);
        params["text"] = json!(wording);
        setting
            .done(setting.token(), "message.edit", params)
            .await?;
        let now = told(setting, setting.other_token(), &message["operationKey"]).await?;
        ensure!(now["text"] == wording && now["editedAt"].is_i64(), now);
        ensure!(now["position"] == message["position"], now);
        let revision = number(&now["revision"])?;
        ensure!(revision > last, now);
        last = revision;
    }
    let view = setting.view(setting.token(), &setting.conversation).await?;
    ensure!(view["revision"].as_u64() >= Some(last), view["revision"]);
    Ok(())
}

fn pointers(view: &Value, user: &str) -> (u64, u64) {
    let people = view["participants"].as_array().cloned().unwrap_or_default();
    let person = people.iter().find(|person| person["userId"] == user);
    let of = |name: &str| {
        person
            .and_then(|person| person[name].as_u64())
            .unwrap_or_default()
    };
    (of("deliveredTo"), of("readTo"))
}

async fn receipts(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("to be read").await?;
    let position = number(&message["position"])?;
    let (id, other) = (&setting.conversation, setting.backend.other_user.as_str());
    for (pointer, expected) in [(position, position), (1, position)] {
        let params = json!({"conversationId": id, "readTo": pointer});
        setting
            .done(setting.other_token(), "receipt.update", params)
            .await?;
        let (delivered, read) = pointers(&setting.view(setting.token(), id).await?, other);
        ensure!(read == expected, read);
        ensure!(delivered >= read, delivered);
    }
    Ok(())
}

async fn unread(setting: &Setting<'_>) -> Outcome {
    let last = setting.say("read up to here").await?;
    let params = json!({"conversationId": setting.conversation, "readTo": last["position"]});
    setting
        .done(setting.other_token(), "receipt.update", params)
        .await?;
    setting.say("unread one").await?;
    setting.say("unread two").await?;
    let theirs = setting
        .view(setting.other_token(), &setting.conversation)
        .await?;
    ensure!(theirs["unreadCount"] == 2, theirs["unreadCount"]);
    let params = json!({"conversationId": setting.conversation, "text": "an answer"});
    setting
        .done(setting.other_token(), "message.send", params)
        .await?;
    let theirs = setting
        .view(setting.other_token(), &setting.conversation)
        .await?;
    ensure!(theirs["unreadCount"] == 2, theirs["unreadCount"]);
    Ok(())
}

/// What a log says after an event, as `GET /v1/sync` tells it.
async fn told_since(
    setting: &Setting<'_>,
    token: &str,
    since: u64,
    log: &Value,
) -> Result<(u64, Vec<Value>), crate::wire::WireError> {
    let path = format!("/v1/sync?since={since}&logId={}", text(log)?);
    let (status, page) = setting.http.get(&path, token).await?;
    ensure!(status == 200, page);
    let events = page["events"].as_array().cloned().unwrap_or_default();
    Ok((number(&page["head"])?, events))
}

async fn hidden_unread(setting: &Setting<'_>) -> Outcome {
    let (id, token) = (&setting.conversation, setting.other_token());
    let last = setting.say("read up to here").await?;
    let params = json!({"conversationId": id, "readTo": last["position"]});
    setting.done(token, "receipt.update", params).await?;
    setting.say("unread and seen").await?;
    let mention = json!({"conversationId": id, "text": "unread and hidden",
        "mentions": [setting.backend.other_user]});
    let mention = setting
        .done(setting.token(), "message.send", mention)
        .await?;
    let before = setting.view(token, id).await?;
    ensure!(
        before["unreadCount"] == 2 && before["unreadMentions"] == 1,
        before
    );
    let (_, snapshot) = setting.http.get("/v1/snapshot", token).await?;
    let since = number(&snapshot["seq"])?;
    let log = &snapshot["logId"];
    setting
        .done(token, "message.hide", about(setting, &mention["message"]))
        .await?;
    let after = setting.view(token, id).await?;
    ensure!(
        after["unreadCount"] == 1 && after["unreadMentions"] == 0,
        after
    );
    let (head, events) = told_since(setting, token, since, log).await?;
    let hidden = events
        .iter()
        .find(|event| event["type"] == "message.updated" && event["data"]["hidden"] == true);
    let hidden = hidden.ok_or_else(|| crate::wire::wire("nothing tells of what was hidden"))?;
    ensure!(
        hidden["data"]["unreadCount"] == 1 && hidden["data"]["unreadMentions"] == 0,
        hidden
    );
    // What was read before changes no count, so none is told.
    setting
        .done(token, "message.hide", about(setting, &last))
        .await?;
    let (_, events) = told_since(setting, token, head, log).await?;
    ensure!(
        events
            .iter()
            .all(|event| event["data"]["unreadCount"].is_null()),
        json!(events)
    );
    Ok(())
}

async fn threads(setting: &Setting<'_>) -> Outcome {
    let root = setting.say("the root").await?;
    for place in 1..=3_u64 {
        let params = json!({"conversationId": setting.conversation, "text": format!("under it {place}"),
            "threadRoot": root["operationKey"]});
        let outcome = setting
            .done(setting.token(), "message.send", params)
            .await?;
        ensure!(outcome["message"]["threadPosition"] == place, outcome);
        ensure!(
            outcome["message"]["threadRoot"] == root["operationKey"],
            outcome
        );
    }
    let now = told(setting, setting.other_token(), &root["operationKey"]).await?;
    ensure!(now["thread"]["count"] == 3, now);
    Ok(())
}

async fn texts(setting: &Setting<'_>) -> Outcome {
    let long = "x".repeat(setting.limit("textBytes", 8192) + 1);
    for body in ["", "   ", "\n\t", "\u{200B}\u{2800}\u{AD}", &long] {
        let params = json!({"conversationId": setting.conversation, "text": body});
        setting
            .refused(setting.token(), "message.send", params, "params.invalid")
            .await?;
    }
    let longest = "x".repeat(setting.limit("textBytes", 8192));
    setting.say(&longest).await.map(|_| ())
}

async fn left_out(setting: &Setting<'_>) -> Outcome {
    let other = setting.backend.other_user.as_str();
    let params = json!({"conversationId": setting.conversation, "text": "hello", 
        "mentions": [other, "nobody-at-all"], "replyTo": "0190b5f0-0000-7000-8000-00000000dead"});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    ensure!(outcome["message"]["mentions"] == json!([other]), outcome);
    ensure!(outcome["message"]["replyTo"].is_null(), outcome);
    Ok(())
}

async fn to_a_person(setting: &Setting<'_>) -> Outcome {
    let params = json!({"toUserId": setting.backend.other_user, "text": "to you"});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    let id = &outcome["message"]["conversationId"];
    ensure!(*id == setting.conversation.as_str(), outcome);
    let oneself = json!({"toUserId": setting.backend.user, "text": "to me"});
    setting
        .refused(setting.token(), "message.send", oneself, "params.invalid")
        .await?;
    let nobody = json!({"toUserId": "nobody-at-all", "text": "to nobody"});
    setting
        .refused(setting.token(), "message.send", nobody, "user.notFound")
        .await
}

async fn forwards(setting: &Setting<'_>) -> Outcome {
    let first = setting.say("worth repeating").await?;
    let group = setting.group().await?;
    let params = json!({"conversationId": group, "text": "not looked at", "forwardOf": first["operationKey"]});
    let outcome = setting
        .done(setting.other_token(), "message.send", params)
        .await?;
    ensure!(outcome["message"]["text"] == "worth repeating", outcome);
    ensure!(
        outcome["message"]["forwardedFrom"] == setting.backend.user.as_str(),
        outcome
    );
    Ok(())
}

async fn beyond_the_last(setting: &Setting<'_>) -> Outcome {
    let last = number(&setting.say("the last").await?["position"])?;
    let params = json!({"conversationId": setting.conversation, "readTo": last + 1_000});
    setting
        .done(setting.other_token(), "receipt.update", params)
        .await?;
    let view = setting.view(setting.token(), &setting.conversation).await?;
    let (_, read) = pointers(&view, &setting.backend.other_user);
    ensure!(read == last, read);
    Ok(())
}

async fn edits(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("mine").await?;
    let mut params = about(setting, &message);
    params["text"] = json!("not theirs to change");
    let theirs = setting.other_token();
    setting
        .refused(theirs, "message.edit", params.clone(), "message.forbidden")
        .await?;
    params["messageKey"] = json!("0190b5f0-0000-7000-8000-00000000dead");
    setting
        .refused(setting.token(), "message.edit", params, "message.notFound")
        .await
}

async fn deletes(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("soon gone").await?;
    let params = about(setting, &message);
    let theirs = setting.other_token();
    setting
        .refused(
            theirs,
            "message.delete",
            params.clone(),
            "message.forbidden",
        )
        .await?;
    for _ in 0..2 {
        setting
            .done(setting.token(), "message.delete", params.clone())
            .await?;
        let now = told(setting, theirs, &message["operationKey"]).await?;
        ensure!(now["text"] == "" && now["deleted"].is_object(), now);
        ensure!(now["position"] == message["position"], now);
    }
    Ok(())
}

async fn hides(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("hidden from one").await?;
    setting
        .done(
            setting.other_token(),
            "message.hide",
            about(setting, &message),
        )
        .await?;
    let theirs = told(setting, setting.other_token(), &message["operationKey"]).await?;
    ensure!(theirs["hidden"] == true && theirs["text"] == "", theirs);
    let mine = told(setting, setting.token(), &message["operationKey"]).await?;
    ensure!(
        mine["hidden"].is_null() && mine["text"] == "hidden from one",
        mine
    );
    Ok(())
}
