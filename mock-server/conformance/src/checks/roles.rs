//! §4.4 and §5.11, where somebody is moderator, and where the last admin is concerned.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{WireError, operation_key};

checks! {
    "4.4.5" [] {administration editing} "moderators change the title and delete, but not who writes, what it is about, or people" => moderators;
    "4.4.6" [] {administration editing reactions} "where only admins write, members neither edit nor react" => nor_edit;
    "4.4.7" [] {administration} "a notice has the key of the operation, and its sender made the change" => keys_of_notices;
    "4.4.8" [] {administration} "the moderator who is longest in a group follows its last admin" => next_admin;
    "4.4.9" [] {administration pins} "where only admins write, members do not pin" => nor_pin;
    "5.11.3" [] {administration} "the last admin keeps the role" => last_admin;
    "5.11.4" [] {administration} "nobody leaves a direct conversation, or comes into one" => direct;
    "5.11.5" [] {administration} "who takes part already is passed over" => there_already;
    "5.11.6" [] {administration rest} "who was removed reads no message of it by its id" => by_id;
}

async fn make(setting: &Setting<'_>, group: &str, user: &Value, role: &str) -> Outcome {
    let params = json!({"conversationId": group, "userId": user, "role": role});
    setting
        .done(setting.token(), "participant.update", params)
        .await?;
    Ok(())
}

async fn only_admins(setting: &Setting<'_>, group: &str) -> Outcome {
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    Ok(())
}

/// The role of somebody in a group, as the second user sees it.
async fn role_of(setting: &Setting<'_>, group: &str, user: &Value) -> Result<Value, WireError> {
    let view = setting.view(setting.other_token(), group).await?;
    let people = view["participants"].as_array().cloned().unwrap_or_default();
    let found = people.iter().find(|person| person["userId"] == *user);
    Ok(found
        .map(|person| person["role"].clone())
        .unwrap_or_default())
}

async fn moderators(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let (admin, moderator) = (setting.token(), setting.other_token());
    let said = setting.say_in(admin, &group, "of the admin").await?;
    make(
        setting,
        &group,
        &json!(setting.backend.other_user),
        "moderator",
    )
    .await?;
    let title = json!({"conversationId": group, "title": "Moderated"});
    setting
        .done(moderator, "conversation.update", title)
        .await?;
    let delete = json!({"conversationId": group, "messageKey": said["operationKey"]});
    setting.done(moderator, "message.delete", delete).await?;
    let context = json!({"kind": "order", "id": "o-7", "title": "Bicycle"});
    for (method, params) in [
        (
            "conversation.update",
            json!({"conversationId": group, "writing": "admins"}),
        ),
        (
            "conversation.update",
            json!({"conversationId": group, "context": context}),
        ),
        (
            "participant.add",
            json!({"conversationId": group, "userIds": [stranger["userId"]]}),
        ),
        (
            "participant.remove",
            json!({"conversationId": group, "userId": setting.backend.user}),
        ),
        (
            "participant.update",
            json!({"conversationId": group, "userId": setting.backend.other_user, "role": "admin"}),
        ),
    ] {
        setting
            .refused(moderator, method, params, "conversation.forbidden")
            .await?;
    }
    Ok(())
}

async fn nor_edit(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let member = setting.other_token();
    let said = setting.say_in(member, &group, "said in time").await?;
    only_admins(setting, &group).await?;
    let key = &said["operationKey"];
    for (method, params) in [
        (
            "message.edit",
            json!({"conversationId": group, "messageKey": key, "text": "too late"}),
        ),
        (
            "reaction.add",
            json!({"conversationId": group, "messageKey": key, "emoji": "👍"}),
        ),
    ] {
        setting
            .refused(member, method, params, "conversation.forbidden")
            .await?;
    }
    // What they wrote stays theirs to delete, and `everyone` opens the group again.
    let delete = json!({"conversationId": group, "messageKey": key});
    setting.done(member, "message.delete", delete).await?;
    let open = json!({"conversationId": group, "writing": "everyone"});
    setting
        .done(setting.token(), "conversation.update", open)
        .await?;
    setting.say_in(member, &group, "open again").await?;
    Ok(())
}

async fn nor_pin(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let member = setting.other_token();
    let said = setting.say_in(member, &group, "said in time").await?;
    only_admins(setting, &group).await?;
    let pin = json!({"conversationId": group, "messageKey": said["operationKey"], "pinned": true});
    setting
        .refused(member, "message.pin", pin, "conversation.forbidden")
        .await
}

async fn keys_of_notices(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let key = operation_key()?;
    let operation = json!({"operationKey": key, "method": "conversation.update",
        "params": {"conversationId": group, "title": "Another"}});
    setting.submit(json!([operation])).await?;
    let notice = setting.last_message(setting.other_token(), &group).await?;
    ensure!(notice["operationKey"] == key.as_str(), notice);
    ensure!(notice["senderId"] == setting.backend.user.as_str(), notice);
    ensure!(!text(&notice["text"])?.is_empty(), notice);
    Ok(())
}

async fn next_admin(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    make(setting, &group, &stranger["userId"], "moderator").await?;
    let leave = json!({"conversationId": group});
    setting
        .done(setting.token(), "conversation.leave", leave)
        .await?;
    let role = role_of(setting, &group, &stranger["userId"]).await?;
    ensure!(role == "admin", role);
    let role = role_of(setting, &group, &json!(setting.backend.other_user)).await?;
    ensure!(role == "member", role);
    Ok(())
}

async fn last_admin(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let me = json!(setting.backend.user);
    for role in ["member", "moderator"] {
        let params = json!({"conversationId": group, "userId": me, "role": role});
        setting
            .refused(
                setting.token(),
                "participant.update",
                params,
                "params.invalid",
            )
            .await?;
    }
    make(setting, &group, &json!(setting.backend.other_user), "admin").await?;
    make(setting, &group, &me, "member").await?;
    let role = role_of(setting, &group, &me).await?;
    ensure!(role == "member", role);
    Ok(())
}

async fn direct(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let id = &setting.conversation;
    for (method, params) in [
        ("conversation.leave", json!({"conversationId": id})),
        (
            "participant.add",
            json!({"conversationId": id, "userIds": [stranger["userId"]]}),
        ),
        (
            "participant.remove",
            json!({"conversationId": id, "userId": setting.backend.other_user}),
        ),
        (
            "participant.update",
            json!({"conversationId": id, "userId": setting.backend.other_user, "role": "admin"}),
        ),
        (
            "conversation.update",
            json!({"conversationId": id, "title": "Ours"}),
        ),
    ] {
        setting
            .refused(setting.token(), method, params, "conversation.forbidden")
            .await?;
    }
    Ok(())
}

async fn there_already(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let before = setting.view(setting.token(), &group).await?;
    let add = json!({"conversationId": group, "userIds": [setting.backend.other_user]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let after = setting.view(setting.token(), &group).await?;
    ensure!(before == after, after);
    Ok(())
}

async fn by_id(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let said = setting
        .say_in(setting.token(), &group, "for those who are there")
        .await?;
    let path = format!("/v1/messages/{}", text(&said["messageId"])?);
    let (status, message) = setting.http.get(&path, setting.other_token()).await?;
    ensure!(status == 200, message);
    let remove = json!({"conversationId": group, "userId": setting.backend.other_user});
    setting
        .done(setting.token(), "participant.remove", remove)
        .await?;
    let stranger = setting.stranger().await?;
    for theirs in [setting.other_token(), token(&stranger)] {
        let (status, problem) = setting.http.get(&path, theirs).await?;
        ensure!(
            status == 404 && problem["code"] == "message.notFound",
            problem
        );
    }
    Ok(())
}
