//! §4 and the operations on messages of §5: what messages are, and how they change.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text};

checks! {
    "4.1.1" [M8] "one direct conversation per pair" => one_per_pair;
    "4.2.1" [] {editing} "a message is told of as a whole, with a growing revision" => revisions;
    "4.3.1" [] "receipts only grow, and what is read was delivered" => receipts;
    "5.4.1" [M18] "a blank text, and one that is too long, are refused" => texts;
    "5.4.2" [] "mentions of strangers and replies to nothing are left out" => left_out;
    "5.4.3" [] "a message to a person goes into the direct conversation" => to_a_person;
    "5.4.6" [] {editing forwarding} "nobody forwards what they may not read" => unreadable_forwards;
    "5.4.7" [] {forwarding} "of what was forwarded again, it is told who wrote it first" => forwards_again;
    "5.4.4" [] {forwarding} "a forwarded message says what the first one says, and who wrote it" => forwards;
    "5.5.1" [] "a pointer beyond the last message is taken as that" => beyond_the_last;
    "5.7.1" [] {editing} "only its sender edits a message" => edits;
    "5.8.1" [] {editing} "what is deleted is gone for everyone, and a second time changes nothing" => deletes;
    "5.8.2" [] {editing} "what is hidden is hidden from oneself alone" => hides;
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

/// A message of the conversation of both as the history tells of it now.
pub(super) async fn told(
    setting: &Setting<'_>,
    token: &str,
    key: &Value,
) -> Result<Value, crate::wire::WireError> {
    setting.told(token, &setting.conversation, key).await
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
    setting.say("to be read first").await?;
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

async fn texts(setting: &Setting<'_>) -> Outcome {
    let long = "x".repeat(setting.text_limit()? + 1);
    for body in ["", "   ", "\n\t", "\u{200B}\u{2800}\u{AD}", &long] {
        let params = json!({"conversationId": setting.conversation, "text": body});
        setting
            .refused(setting.token(), "message.send", params, "params.invalid")
            .await?;
    }
    let longest = "x".repeat(setting.text_limit()?);
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
    let group = setting.group().await?;
    let elsewhere = setting.say_in(setting.token(), &group, "elsewhere").await?;
    for (key, expected) in [
        (&elsewhere["operationKey"], &Value::Null),
        (&outcome["operationKey"], &outcome["operationKey"]),
    ] {
        let params = json!({"conversationId": setting.conversation, "text": "an answer",
            "replyTo": key});
        let outcome = setting
            .done(setting.token(), "message.send", params)
            .await?;
        ensure!(outcome["message"]["replyTo"] == *expected, outcome);
    }
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

async fn unreadable_forwards(setting: &Setting<'_>) -> Outcome {
    let alone = json!({"kind": "group", "title": "Alone", "participantIds": []});
    let created = setting
        .done(setting.token(), "conversation.create", alone)
        .await?;
    let id = text(&created["conversation"]["conversationId"])?;
    let secret = setting.say_in(setting.token(), &id, "not for them").await?;
    let gone = setting.say("soon gone").await?;
    setting
        .done(setting.token(), "message.delete", about(setting, &gone))
        .await?;
    for message in [secret, gone] {
        let params = json!({"conversationId": setting.conversation, "text": "",
            "forwardOf": message["operationKey"]});
        setting
            .refused(
                setting.other_token(),
                "message.send",
                params,
                "message.notFound",
            )
            .await?;
    }
    Ok(())
}

async fn forwards_again(setting: &Setting<'_>) -> Outcome {
    let first = setting.say("worth repeating twice").await?;
    let group = setting.group().await?;
    let forward = |key: &Value| json!({"conversationId": group, "text": "", "forwardOf": key});
    let once = forward(&first["operationKey"]);
    let once = setting
        .done(setting.other_token(), "message.send", once)
        .await?;
    let twice = forward(&once["operationKey"]);
    let twice = setting
        .done(setting.other_token(), "message.send", twice)
        .await?;
    ensure!(
        twice["message"]["forwardedFrom"] == setting.backend.user.as_str(),
        twice
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
