//! §4.4, §4.5, §5.6, §5.10 to §5.12 and §7.4: groups and who may do what in them, settings, blocks.

use serde_json::json;

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};

checks! {
    "4.4.1" [] {administration} "members do not change title, people and roles" => members;
    "4.4.2" [] {administration} "of a change of title or people there is a notice" => notices;
    "4.4.3" [] {administration} "where only admins write, members are refused" => only_admins;
    "4.4.4" [] "a group keeps an admin when the last one leaves" => keeps_an_admin;
    "4.5.1" [] {settings} "settings are one's own" => settings;
    "5.6.1" [] "a group needs a title and people who exist" => groups;
    "5.10.1" [] {administration} "what an update leaves out stays" => updates;
    "5.11.1" [] {administration} "who was removed sees nothing any more" => removed;
    "5.11.2" [] {administration} "nothing of before is unread for who comes in, and all of it can be read" => comes_in;
    "7.4.1" [] {blocks} "who is blocked does not write, and is not told" => blocks;
    "7.4.8" [] {administration blocks} "where one of two users has blocked the other, neither begins a conversation with the other or adds them" => unreachable;
    "7.9.5" [] {users blocks} "users who have blocked one are not found" => not_found;
}

async fn members(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let member = setting.other_token();
    for (method, params) in [
        (
            "conversation.update",
            json!({"conversationId": group, "title": "Mine now"}),
        ),
        (
            "participant.add",
            json!({"conversationId": group, "userIds": [setting.backend.user]}),
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
            .refused(member, method, params, "conversation.forbidden")
            .await?;
    }
    Ok(())
}

async fn notices(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let title = json!({"conversationId": group, "title": "Rome"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let notice = setting.last_message(setting.token(), &group).await?;
    ensure!(
        notice["notice"] == json!({"type": "titleChanged", "title": "Rome"}),
        notice
    );
    ensure!(notice["senderId"] == setting.backend.user.as_str(), notice);
    let leave = json!({"conversationId": group});
    setting
        .done(setting.other_token(), "conversation.leave", leave)
        .await?;
    let notice = setting.last_message(setting.token(), &group).await?;
    ensure!(notice["notice"]["type"] == "participantLeft", notice);
    Ok(())
}

async fn only_admins(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    let say = json!({"conversationId": group, "text": "may I?"});
    setting
        .refused(
            setting.other_token(),
            "message.send",
            say.clone(),
            "conversation.forbidden",
        )
        .await?;
    setting
        .done(setting.token(), "message.send", say)
        .await
        .map(|_| ())
}

async fn keeps_an_admin(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let leave = json!({"conversationId": group});
    setting
        .done(setting.token(), "conversation.leave", leave)
        .await?;
    let view = setting.view(setting.other_token(), &group).await?;
    ensure!(
        view["participants"][0]["role"] == "admin",
        view["participants"]
    );
    Ok(())
}

async fn settings(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let set = json!({"conversationId": group, "pinned": true, "markedUnread": true});
    setting
        .done(setting.token(), "settings.update", set)
        .await?;
    let set = json!({"conversationId": group, "archived": true});
    setting
        .done(setting.token(), "settings.update", set)
        .await?;
    let mine = setting.view(setting.token(), &group).await?;
    ensure!(
        mine["settings"]["pinned"] == true && mine["settings"]["archived"] == true,
        mine["settings"]
    );
    let theirs = setting.view(setting.other_token(), &group).await?;
    ensure!(theirs["settings"]["pinned"] != true, theirs["settings"]);
    Ok(())
}

async fn groups(setting: &Setting<'_>) -> Outcome {
    let other = setting.backend.other_user.as_str();
    for (params, code) in [
        (
            json!({"kind": "group", "participantIds": [other]}),
            "params.invalid",
        ),
        (
            json!({"kind": "group", "title": " ", "participantIds": [other]}),
            "params.invalid",
        ),
        (
            json!({"kind": "group", "title": "\u{200B}\u{FE0F}", "participantIds": [other]}),
            "params.invalid",
        ),
        (
            json!({"kind": "group", "title": "x".repeat(201), "participantIds": [other]}),
            "params.invalid",
        ),
        (
            json!({"kind": "group", "title": "G", "participantIds": ["nobody-at-all"]}),
            "user.notFound",
        ),
        (
            json!({"kind": "direct", "participantIds": []}),
            "params.invalid",
        ),
    ] {
        setting
            .refused(setting.token(), "conversation.create", params, code)
            .await?;
    }
    Ok(())
}

async fn updates(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for params in [
        json!({"conversationId": group, "avatarUrl": "https://example.org/a.png"}),
        json!({"conversationId": group, "context": {"kind": "order", "id": "o-7", "title": "Bicycle"}}),
    ] {
        setting
            .done(setting.token(), "conversation.update", params)
            .await?;
    }
    let view = setting.view(setting.other_token(), &group).await?;
    ensure!(view["title"] == "Judged", view);
    ensure!(view["avatarUrl"] == "https://example.org/a.png", view);
    ensure!(view["context"]["id"] == "o-7", view);
    Ok(())
}

async fn removed(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let params = json!({"conversationId": group, "userId": setting.backend.other_user});
    setting
        .done(setting.token(), "participant.remove", params)
        .await?;
    let path = format!("/v1/conversations/{group}");
    let (status, problem) = setting.http.get(&path, setting.other_token()).await?;
    ensure!(
        status == 404 && problem["code"] == "conversation.notFound",
        problem
    );
    let say = json!({"conversationId": group, "text": "still here?"});
    setting
        .refused(
            setting.other_token(),
            "message.send",
            say,
            "conversation.notFound",
        )
        .await
}

async fn comes_in(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let say = json!({"conversationId": group, "text": "said before"});
    setting.done(setting.token(), "message.send", say).await?;
    let params = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", params)
        .await?;
    let view = setting.view(token(&stranger), &group).await?;
    ensure!(view["unreadCount"] == 0, view["unreadCount"]);
    ensure!(
        view["messages"][0]["text"] == "said before",
        view["messages"]
    );
    Ok(())
}

async fn blocks(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let params = json!({"kind": "direct", "participantIds": [setting.backend.user]});
    let created = setting
        .done(token(&stranger), "conversation.create", params)
        .await?;
    let id = &created["conversation"]["conversationId"];
    let body = json!({"userId": stranger["userId"]});
    let (status, list) = setting
        .http
        .post("/v1/blocks", setting.token(), &body)
        .await?;
    let blocked = list["userIds"]
        .as_array()
        .is_some_and(|all| all.contains(&stranger["userId"]));
    ensure!(status == 200 && blocked, list);
    let say = json!({"conversationId": id, "text": "do you hear me?"});
    setting
        .refused(
            token(&stranger),
            "message.send",
            say,
            "conversation.forbidden",
        )
        .await?;
    let name = stranger["userId"].as_str().unwrap_or_default();
    let path = format!("/v1/blocks/{name}/remove");
    let (status, list) = setting
        .http
        .post(&path, setting.token(), &json!({}))
        .await?;
    ensure!(status == 200, list);
    Ok(())
}

async fn unreachable(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let body = json!({"userId": stranger["userId"]});
    let (status, list) = setting
        .http
        .post("/v1/blocks", setting.token(), &body)
        .await?;
    ensure!(status == 200, list);
    let mine = json!([stranger["userId"]]);
    let theirs = json!([setting.backend.user]);
    for (token, method, params) in [
        (
            setting.token(),
            "conversation.create",
            json!({"kind": "direct", "participantIds": mine}),
        ),
        (
            token(&stranger),
            "conversation.create",
            json!({"kind": "group", "title": "G", "participantIds": theirs}),
        ),
        (
            token(&stranger),
            "message.send",
            json!({"toUserId": setting.backend.user, "text": "hello?"}),
        ),
        (
            setting.token(),
            "participant.add",
            json!({"conversationId": group, "userIds": mine}),
        ),
    ] {
        setting
            .refused(token, method, params, "user.notFound")
            .await?;
    }
    Ok(())
}

async fn not_found(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let body = json!({"userId": setting.backend.user});
    let (status, list) = setting
        .http
        .post("/v1/blocks", token(&stranger), &body)
        .await?;
    ensure!(status == 200, list);
    let name = stranger["userId"].as_str().unwrap_or_default();
    let path = format!("/v1/users/{name}");
    let (status, problem) = setting.http.get(&path, setting.token()).await?;
    ensure!(status == 404 && problem["code"] == "user.notFound", problem);
    let path = format!("/v1/users?q={name}");
    for (token, expected) in [(setting.token(), 0), (setting.other_token(), 1)] {
        let (status, found) = setting.http.get(&path, token).await?;
        let count = found["users"].as_array().map(Vec::len);
        ensure!(status == 200 && count == Some(expected), found);
    }
    Ok(())
}
