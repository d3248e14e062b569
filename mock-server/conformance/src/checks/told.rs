//! §6.2: which change is told of, in which logs, and what of it is for one person alone.

use serde_json::{Value, json};

use super::content::about;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};
use crate::wire::WireError;

checks! {
    "6.2.3" [] {administration} "who comes in is told of the conversation, and those who are there of who came" => newcomers;
    "6.2.4" [] {administration} "those who stay are told of another role, and of who left" => who_stays;
    "6.2.5" [] {profiles} "a new name or picture is told to the user, and to who shares a conversation" => profiles;
    "6.2.6" [] {blocks} "the list of blocked users is told to its user alone" => block_lists;
    "6.2.7" [] "pointers are told to all, what is unread only to whose pointers they are" => pointers;
    "6.2.8" [] {editing} "of what one has hidden nobody else is told" => hidden;
    "6.2.9" [] {editing reactions} "an edit, a reaction and a deletion are each told as the whole message" => whole_messages;
    "6.2.10" [] {administration} "what changed is told before the notice that says so" => notices_last;
}

fn of_type<'e>(events: &'e [Value], kind: &'e str) -> impl Iterator<Item = &'e Value> {
    events
        .iter()
        .filter(move |event| event["type"] == kind)
        .map(|event| &event["data"])
}

/// The one event of a type, or what is wrong.
fn one<'e>(events: &'e [Value], kind: &'e str) -> Result<&'e Value, WireError> {
    let mut found = of_type(events, kind);
    match (found.next(), found.next()) {
        (Some(data), None) => Ok(data),
        _ => Err(crate::wire::wire(format!(
            "expected one {kind}, got {events:?}"
        ))),
    }
}

async fn newcomers(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let theirs = setting.mark(token(&stranger)).await?;
    let others = setting.mark(setting.other_token()).await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let events = setting.since(&theirs).await?;
    let created = one(&events, "conversation.created")?;
    ensure!(created["conversationId"] == group.as_str(), created);
    let people = created["participants"].as_array().map(Vec::len);
    ensure!(people == Some(3), created);
    ensure!(
        of_type(&events, "participants.added").next().is_none(),
        json!(events)
    );
    let events = setting.since(&others).await?;
    let added = one(&events, "participants.added")?;
    ensure!(
        added["participants"][0]["userId"] == stranger["userId"],
        added
    );
    ensure!(added["participants"][0]["name"].is_string(), added);
    Ok(())
}

async fn who_stays(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let mark = setting.mark(setting.other_token()).await?;
    let role = json!({"conversationId": group, "userId": stranger["userId"], "role": "moderator"});
    setting
        .done(setting.token(), "participant.update", role)
        .await?;
    let leave = json!({"conversationId": group});
    setting
        .done(token(&stranger), "conversation.leave", leave)
        .await?;
    let events = setting.since(&mark).await?;
    let updated = one(&events, "participant.updated")?;
    ensure!(
        updated["userId"] == stranger["userId"] && updated["role"] == "moderator",
        updated
    );
    let removed = one(&events, "participant.removed")?;
    ensure!(removed["userId"] == stranger["userId"], removed);
    Ok(())
}

async fn profiles(setting: &Setting<'_>) -> Outcome {
    let (_, before) = setting.http.get("/v1/me", setting.token()).await?;
    let marks = [
        setting.mark(setting.token()).await?,
        setting.mark(setting.other_token()).await?,
    ];
    let stranger = setting.stranger().await?;
    let nobodys = setting.mark(token(&stranger)).await?;
    let picture = "https://example.org/judge.png";
    let body = json!({"name": "Judged by name", "avatarUrl": picture});
    let (status, me) = setting.http.post("/v1/me", setting.token(), &body).await?;
    ensure!(status == 200 && me["avatarUrl"] == picture, me);
    let back = json!({"name": before["name"], "avatarUrl": ""});
    let (status, me) = setting.http.post("/v1/me", setting.token(), &back).await?;
    ensure!(status == 200 && me["avatarUrl"].is_null(), me);
    for mark in &marks {
        let events = setting.since(mark).await?;
        let told: Vec<&Value> = of_type(&events, "user.updated").collect();
        ensure!(told.len() == 2, json!(events));
        ensure!(
            told[0]["name"] == "Judged by name" && told[0]["avatarUrl"] == picture,
            told[0]
        );
        ensure!(told[1]["avatarUrl"].is_null(), told[1]);
    }
    let events = setting.since(&nobodys).await?;
    ensure!(events.is_empty(), json!(events));
    Ok(())
}

async fn block_lists(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let mine = setting.mark(setting.token()).await?;
    let theirs = setting.mark(token(&stranger)).await?;
    let body = json!({"userId": stranger["userId"]});
    setting
        .http
        .post("/v1/blocks", setting.token(), &body)
        .await?;
    let events = setting.since(&mine).await?;
    let told = one(&events, "blocks.updated")?;
    let all = told["userIds"].as_array();
    ensure!(
        all.is_some_and(|all| all.contains(&stranger["userId"])),
        told
    );
    let (_, snapshot) = setting.http.get("/v1/snapshot", setting.token()).await?;
    ensure!(snapshot["blocked"] == told["userIds"], snapshot["blocked"]);
    let events = setting.since(&theirs).await?;
    ensure!(events.is_empty(), json!(events));
    Ok(())
}

async fn pointers(setting: &Setting<'_>) -> Outcome {
    let read = setting.say("to be read").await?;
    setting.say("not to be read").await?;
    let mine = setting.mark(setting.token()).await?;
    let theirs = setting.mark(setting.other_token()).await?;
    let params = json!({"conversationId": setting.conversation, "readTo": read["position"]});
    setting
        .done(setting.other_token(), "receipt.update", params)
        .await?;
    let events = setting.since(&theirs).await?;
    let told = one(&events, "receipt.updated")?;
    ensure!(
        told["unreadCount"] == 1 && told["unreadMentions"] == 0,
        told
    );
    let events = setting.since(&mine).await?;
    let told = one(&events, "receipt.updated")?;
    ensure!(told["userId"] == setting.backend.other_user.as_str(), told);
    ensure!(
        told["readTo"] == read["position"] && told["deliveredTo"].is_u64(),
        told
    );
    ensure!(
        told["unreadCount"].is_null() && told["unreadMentions"].is_null(),
        told
    );
    Ok(())
}

async fn hidden(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("hidden by one").await?;
    let mine = setting.mark(setting.token()).await?;
    let theirs = setting.mark(setting.other_token()).await?;
    setting
        .done(
            setting.other_token(),
            "message.hide",
            about(setting, &message),
        )
        .await?;
    let events = setting.since(&theirs).await?;
    let told = one(&events, "message.updated")?;
    ensure!(told["hidden"] == true && told["text"] == "", told);
    let events = setting.since(&mine).await?;
    ensure!(events.is_empty(), json!(events));
    Ok(())
}

async fn whole_messages(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("as it was").await?;
    let mark = setting.mark(setting.other_token()).await?;
    let mut edit = about(setting, &message);
    edit["text"] = json!("as it is");
    setting.done(setting.token(), "message.edit", edit).await?;
    let mut react = about(setting, &message);
    react["emoji"] = json!("👍");
    setting.done(setting.token(), "reaction.add", react).await?;
    let mut events = setting.since(&mark).await?;
    let deleted = setting.mark(setting.other_token()).await?;
    setting
        .done(setting.token(), "message.delete", about(setting, &message))
        .await?;
    events.extend(setting.since(&deleted).await?);
    let told: Vec<&Value> = of_type(&events, "message.updated").collect();
    ensure!(told.len() == 3, json!(events));
    ensure!(told[0]["text"] == "as it is", told[0]);
    ensure!(
        told[1]["text"] == "as it is" && told[1]["reactions"][0]["emoji"] == "👍",
        told[1]
    );
    ensure!(
        told[2]["deleted"].is_object() && told[2]["reactions"].as_array().is_none_or(Vec::is_empty),
        told[2]
    );
    for told in told {
        ensure!(told["position"] == message["position"], told);
        ensure!(told["operationKey"] == message["operationKey"], told);
    }
    Ok(())
}

async fn notices_last(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let mark = setting.mark(setting.other_token()).await?;
    let theirs = json!([stranger["userId"]]);
    for (method, params) in [
        (
            "conversation.update",
            json!({"conversationId": group, "title": "Renamed"}),
        ),
        (
            "participant.add",
            json!({"conversationId": group, "userIds": theirs}),
        ),
        (
            "participant.remove",
            json!({"conversationId": group, "userId": stranger["userId"]}),
        ),
        ("conversation.leave", json!({"conversationId": group})),
    ] {
        setting.done(setting.token(), method, params).await?;
    }
    let events = setting.since(&mark).await?;
    let told: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    let expected = [
        "conversation.updated",
        "message.created",
        "participants.added",
        "message.created",
        "participant.removed",
        "message.created",
        "participant.removed",
        "participant.updated",
        "message.created",
    ];
    ensure!(told == expected, json!(told));
    Ok(())
}
