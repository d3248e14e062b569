//! Who may not: moderators (§4.4, §5.7), and who is blocked (§4.4, §5.5, §7.4).

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::WireError;

checks! {
    "4.4.11" [] {administration} "where only admins write, moderators are refused" => moderators_write;
    "5.5.3" [] {blocks} "who is blocked moves their own pointers" => pointers;
    "5.7.6" [] {administration editing} "neither moderators nor admins edit what others wrote" => moderators_edit;
    "7.4.10" [] {blocks editing} "where one of two users has blocked the other, neither edits in their direct conversation" => blocked_edit;
    "7.4.11" [] {blocks reactions} "where one of two users has blocked the other, neither reacts in their direct conversation" => blocked_react;
    "7.4.12" [] {blocks} "in a group of two users it does not matter that one has blocked the other" => groups;
}

async fn make(setting: &Setting<'_>, group: &str, role: &str) -> Outcome {
    let params = json!({"conversationId": group, "userId": setting.backend.other_user,
        "role": role});
    setting
        .done(setting.token(), "participant.update", params)
        .await?;
    Ok(())
}

async fn moderators_write(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    make(setting, &group, "moderator").await?;
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    let say = json!({"conversationId": group, "text": "may I?"});
    let theirs = setting.other_token();
    setting
        .refused(theirs, "message.send", say, "conversation.forbidden")
        .await
}

async fn moderators_edit(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let (mine, theirs) = (setting.token(), setting.other_token());
    let of_moderator = setting.say_in(theirs, &group, "of a moderator").await?;
    let of_admin = setting.say_in(mine, &group, "of an admin").await?;
    make(setting, &group, "moderator").await?;
    for (token, said) in [(theirs, &of_admin), (mine, &of_moderator)] {
        let edit = json!({"conversationId": group, "messageKey": said["operationKey"],
            "text": "in other words"});
        setting
            .refused(token, "message.edit", edit, "message.forbidden")
            .await?;
        let now = setting.told(token, &group, &said["operationKey"]).await?;
        ensure!(now == *said, now);
    }
    Ok(())
}

/// Somebody who has a direct conversation with the first user, and what each has said there.
struct Pair {
    stranger: Value,
    id: String,
    mine: Value,
    theirs: Value,
}

impl Pair {
    async fn new(setting: &Setting<'_>) -> Result<Self, WireError> {
        let stranger = setting.stranger().await?;
        let params = json!({"kind": "direct", "participantIds": [setting.backend.user]});
        let created = setting
            .done(token(&stranger), "conversation.create", params)
            .await?;
        let id = text(&created["conversation"]["conversationId"])?;
        let theirs = setting.say_in(token(&stranger), &id, "theirs").await?;
        let mine = setting.say_in(setting.token(), &id, "mine").await?;
        Ok(Self {
            stranger,
            id,
            mine,
            theirs,
        })
    }

    /// The first user blocks the other one.
    async fn block(&self, setting: &Setting<'_>) -> Outcome {
        let body = json!({"userId": self.stranger["userId"]});
        let (status, list) = setting
            .http
            .post("/v1/blocks", setting.token(), &body)
            .await?;
        ensure!(status == 200, list);
        Ok(())
    }

    /// Neither may do this to what they said themselves.
    async fn neither_may(&self, setting: &Setting<'_>, method: &str, more: &Value) -> Outcome {
        for (token, said) in [
            (token(&self.stranger), &self.theirs),
            (setting.token(), &self.mine),
        ] {
            let mut params = more.clone();
            params["conversationId"] = json!(self.id);
            params["messageKey"] = said["operationKey"].clone();
            setting
                .refused(token, method, params, "conversation.forbidden")
                .await?;
            let now = setting.told(token, &self.id, &said["operationKey"]).await?;
            ensure!(now == *said, now);
        }
        Ok(())
    }
}

async fn blocked_edit(setting: &Setting<'_>) -> Outcome {
    let pair = Pair::new(setting).await?;
    pair.block(setting).await?;
    let edit = json!({"text": "in other words"});
    pair.neither_may(setting, "message.edit", &edit).await
}

async fn blocked_react(setting: &Setting<'_>) -> Outcome {
    let pair = Pair::new(setting).await?;
    pair.block(setting).await?;
    let react = json!({"emoji": "👍"});
    pair.neither_may(setting, "reaction.add", &react).await?;
    pair.neither_may(setting, "reaction.remove", &react).await
}

async fn pointers(setting: &Setting<'_>) -> Outcome {
    let pair = Pair::new(setting).await?;
    pair.block(setting).await?;
    for (token, said) in [
        (token(&pair.stranger), &pair.mine),
        (setting.token(), &pair.theirs),
    ] {
        let read = json!({"conversationId": pair.id, "readTo": said["position"]});
        setting.done(token, "receipt.update", read).await?;
        let view = setting.view(token, &pair.id).await?;
        ensure!(view["unreadCount"].as_u64().unwrap_or(0) == 0, view);
    }
    Ok(())
}

async fn groups(setting: &Setting<'_>) -> Outcome {
    let pair = Pair::new(setting).await?;
    let params = json!({"kind": "group", "title": "Of both",
        "participantIds": [pair.stranger["userId"]]});
    let made = setting
        .done(setting.token(), "conversation.create", params)
        .await?;
    let group = text(&made["conversation"]["conversationId"])?;
    pair.block(setting).await?;
    for (token, reader) in [
        (token(&pair.stranger), setting.token()),
        (setting.token(), token(&pair.stranger)),
    ] {
        let said = setting.say_in(token, &group, "in the group").await?;
        let now = setting.told(reader, &group, &said["operationKey"]).await?;
        ensure!(now["text"] == "in the group", now);
    }
    Ok(())
}
