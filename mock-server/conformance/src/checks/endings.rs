//! What cannot be undone: deleted messages (§5.7, §5.8, §7.5) and deleted accounts (§7.4).

use serde_json::{Value, json};

use super::content::{about, told};
use super::{Outcome, checks};
use crate::setting::{Mark, Setting, ensure, text, token};
use crate::wire::WireError;

checks! {
    "5.8.5" [] {editing} "the log tells nothing any more of what a deleted message said" => untold;
    "5.7.2" [] {administration editing} "a notice cannot be edited, nor a message that was deleted" => uneditable;
    "5.7.3" [] {editing forwarding} "what was forwarded cannot be edited" => forwarded;
    "5.8.3" [] {administration editing} "a notice stays" => notices;
    "5.8.4" [] {editing reactions} "with a message its reactions are gone, and nobody reacts to it any more" => reactions;
    "7.5.5" [] {editing versions} "a deleted message has no versions, and a hidden one none for who hid it" => versions;
    "7.4.4" [] {accountDeletion administration reactions} "with an account its messages and reactions are gone" => messages_of_account;
    "7.4.5" [] {accountDeletion} "with an account its sessions end, and nobody gets its id again" => sessions_of_account;
    "7.4.6" [] {accountDeletion} "a wrong password deletes nothing" => wrong_password;
    "7.4.7" [] {accountDeletion} "the other person keeps a direct conversation, to read" => kept_to_read;
}

/// A group that was renamed, and the notice of that.
async fn noticed(setting: &Setting<'_>) -> Result<(String, Value), WireError> {
    let group = setting.group().await?;
    let title = json!({"conversationId": group, "title": "Renamed"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let notice = setting.last_message(setting.token(), &group).await?;
    Ok((group, notice))
}

async fn uneditable(setting: &Setting<'_>) -> Outcome {
    let (group, notice) = noticed(setting).await?;
    let params = json!({"conversationId": group, "messageKey": notice["operationKey"],
        "text": "something else"});
    setting
        .refused(setting.token(), "message.edit", params, "message.forbidden")
        .await?;
    let message = setting.say("soon gone").await?;
    let mut params = about(setting, &message);
    setting
        .done(setting.token(), "message.delete", params.clone())
        .await?;
    params["text"] = json!("back again");
    setting
        .refused(setting.token(), "message.edit", params, "message.notFound")
        .await
}

async fn forwarded(setting: &Setting<'_>) -> Outcome {
    let first = setting.say("worth repeating").await?;
    let group = setting.group().await?;
    let forward = json!({"conversationId": group, "text": "", "forwardOf": first["operationKey"]});
    let sent = setting
        .done(setting.token(), "message.send", forward)
        .await?;
    let edit = json!({"conversationId": group, "messageKey": sent["operationKey"],
        "text": "in other words"});
    setting
        .refused(setting.token(), "message.edit", edit, "message.forbidden")
        .await
}

async fn notices(setting: &Setting<'_>) -> Outcome {
    let (group, notice) = noticed(setting).await?;
    let params = json!({"conversationId": group, "messageKey": notice["operationKey"]});
    setting
        .refused(
            setting.token(),
            "message.delete",
            params,
            "message.forbidden",
        )
        .await
}

async fn reactions(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("liked, and gone").await?;
    let mut react = about(setting, &message);
    react["emoji"] = json!("👍");
    setting
        .done(setting.other_token(), "reaction.add", react.clone())
        .await?;
    setting
        .done(setting.token(), "message.delete", about(setting, &message))
        .await?;
    let now = told(setting, setting.other_token(), &message["operationKey"]).await?;
    ensure!(now["reactions"].as_array().is_none_or(Vec::is_empty), now);
    setting
        .refused(
            setting.other_token(),
            "reaction.add",
            react,
            "message.notFound",
        )
        .await
}

async fn versions(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("a first version").await?;
    let mut edit = about(setting, &message);
    edit["text"] = json!("a second version");
    setting.done(setting.token(), "message.edit", edit).await?;
    let path = format!("/v1/messages/{}/versions", text(&message["messageId"])?);
    let params = about(setting, &message);
    for (token, method) in [
        (setting.other_token(), "message.hide"),
        (setting.token(), "message.delete"),
    ] {
        setting.done(token, method, params.clone()).await?;
        let (status, answer) = setting.http.get(&path, token).await?;
        ensure!(status == 200 && answer["versions"] == json!([]), answer);
    }
    let stranger = setting.stranger().await?;
    let (status, problem) = setting.http.get(&path, token(&stranger)).await?;
    ensure!(
        status == 404 && problem["code"] == "message.notFound",
        problem
    );
    Ok(())
}

/// The password of those who register here.
const PASSWORD: &str = "a long password";

async fn delete(
    setting: &Setting<'_>,
    session: &Value,
    password: &str,
) -> Result<(u16, Value), WireError> {
    let body = json!({ "password": password });
    setting
        .http
        .post("/v1/me/delete", token(session), &body)
        .await
}

async fn messages_of_account(setting: &Setting<'_>) -> Outcome {
    let leaver = setting.stranger().await?;
    let group = setting.group().await?;
    let add = json!({"conversationId": group, "userIds": [leaver["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let said = setting
        .say_in(token(&leaver), &group, "soon nobody's")
        .await?;
    let liked = setting.say_in(setting.token(), &group, "liked").await?;
    let react = json!({"conversationId": group, "messageKey": liked["operationKey"],
        "emoji": "👍"});
    setting.done(token(&leaver), "reaction.add", react).await?;
    let (status, answer) = delete(setting, &leaver, PASSWORD).await?;
    ensure!(status == 200, answer);
    let viewer = setting.other_token();
    let said = setting.told(viewer, &group, &said["operationKey"]).await?;
    ensure!(said["text"] == "" && said["deleted"].is_object(), said);
    let liked = setting.told(viewer, &group, &liked["operationKey"]).await?;
    ensure!(
        liked["reactions"].as_array().is_none_or(Vec::is_empty),
        liked
    );
    let view = setting.view(viewer, &group).await?;
    let people = view["participants"].as_array().map(Vec::len);
    ensure!(people == Some(2), view["participants"]);
    Ok(())
}

async fn sessions_of_account(setting: &Setting<'_>) -> Outcome {
    let leaver = setting.stranger().await?;
    let (status, answer) = delete(setting, &leaver, PASSWORD).await?;
    ensure!(status == 200, answer);
    let (status, problem) = setting.http.get("/v1/me", token(&leaver)).await?;
    ensure!(status == 401 && problem["code"] == "token.invalid", problem);
    let body = json!({"refreshToken": leaver["refreshToken"]});
    let (status, problem) = setting.http.post("/v1/auth/refresh", "", &body).await?;
    ensure!(
        status == 401 && problem["code"] == "session.revoked",
        problem
    );
    let name = text(&leaver["userId"])?;
    let (status, problem) = setting.http.login(&name, PASSWORD, "judge").await?;
    ensure!(
        status == 401 && problem["code"] == "credentials.invalid",
        problem
    );
    let body = json!({"userId": name, "name": "Another", "password": PASSWORD, "deviceId": "x"});
    let (status, problem) = setting.http.post("/v1/auth/register", "", &body).await?;
    ensure!(status == 409 && problem["code"] == "user.exists", problem);
    Ok(())
}

async fn wrong_password(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let (status, problem) = delete(setting, &stranger, "not the password").await?;
    ensure!(
        status == 401 && problem["code"] == "credentials.invalid",
        problem
    );
    let (status, me) = setting.http.get("/v1/me", token(&stranger)).await?;
    ensure!(status == 200, me);
    Ok(())
}

async fn kept_to_read(setting: &Setting<'_>) -> Outcome {
    let leaver = setting.stranger().await?;
    let params = json!({"kind": "direct", "participantIds": [setting.backend.user]});
    let created = setting
        .done(token(&leaver), "conversation.create", params)
        .await?;
    let id = text(&created["conversation"]["conversationId"])?;
    setting.say_in(setting.token(), &id, "stays").await?;
    let (status, answer) = delete(setting, &leaver, PASSWORD).await?;
    ensure!(status == 200, answer);
    let view = setting.view(setting.token(), &id).await?;
    ensure!(view["messages"][0]["text"] == "stays", view["messages"]);
    let say = json!({"conversationId": id, "text": "anybody there?"});
    setting
        .refused(
            setting.token(),
            "message.send",
            say,
            "conversation.forbidden",
        )
        .await
}

/// Says a secret and edits it: the message, and a mark in the other user's log before it.
pub(super) async fn secret(setting: &Setting<'_>) -> Result<(Value, Mark), WireError> {
    let mark = setting.mark(setting.other_token()).await?;
    let message = setting.say("a secret that was said").await?;
    let mut params = about(setting, &message);
    params["text"] = json!("a secret that was edited");
    setting
        .done(setting.token(), "message.edit", params)
        .await?;
    Ok((message, mark))
}

/// Neither sync nor a socket tells it in these three events of the other user's log.
pub(super) async fn is_kept(setting: &Setting<'_>, mark: &Mark) -> Outcome {
    let told = json!(setting.since(mark).await?);
    ensure!(!told.to_string().contains("a secret"), told);
    let (mut socket, _) = setting
        .connect(&setting.other, mark.seq, &json!(mark.log))
        .await?;
    let told = json!(socket.events(3).await?);
    ensure!(!told.to_string().contains("a secret"), told);
    Ok(())
}

async fn untold(setting: &Setting<'_>) -> Outcome {
    let (message, mark) = secret(setting).await?;
    setting
        .done(setting.token(), "message.delete", about(setting, &message))
        .await?;
    is_kept(setting, &mark).await
}
