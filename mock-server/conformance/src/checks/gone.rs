//! §2.4 and §5.8: what exists counts first, and what is gone is told nowhere.

use serde_json::{Value, json};

use super::content::about;
use super::endings::{is_kept, secret};
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};
use crate::wire::operation_key;

checks! {
    "5.8.8" [] {editing} "the log tells nothing any more of what one has hidden" => hidden_untold;
    "5.8.9" [] {administration editing} "the log tells nothing any more of what a deleted message said, also not with a conversation" => untold_with_a_conversation;
    "5.8.10" [] {editing} "an outcome that is asked for again tells nothing of what a deleted message said" => not_in_an_outcome;
    "2.4.8" [] {reactions} "of a reaction it counts first whether the message exists, then what it is" => reactions_last;
    "2.4.9" [] {administration editing} "of an edit it counts first whether the message exists, then whether one may write" => existence_before_rights;
}

async fn hidden_untold(setting: &Setting<'_>) -> Outcome {
    let (message, mark) = secret(setting).await?;
    let hide = about(setting, &message);
    setting
        .done(setting.other_token(), "message.hide", hide)
        .await?;
    is_kept(setting, &mark).await
}

async fn untold_with_a_conversation(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let mark = setting.mark(token(&stranger)).await?;
    let group = setting.group().await?;
    let said = setting
        .say_in(setting.token(), &group, "a secret that was said")
        .await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let told = json!(setting.since(&mark).await?);
    ensure!(told.to_string().contains("a secret"), told);
    let delete = json!({"conversationId": group, "messageKey": said["operationKey"]});
    setting
        .done(setting.token(), "message.delete", delete)
        .await?;
    let told = json!(setting.since(&mark).await?);
    ensure!(!told.to_string().contains("a secret"), told);
    let (mut socket, _) = setting
        .connect(&stranger, mark.seq, &json!(mark.log))
        .await?;
    let told: Value = json!(socket.so_far().await?);
    ensure!(!told.to_string().contains("a secret"), told);
    Ok(())
}

async fn reactions_last(setting: &Setting<'_>) -> Outcome {
    let react = json!({"conversationId": setting.conversation, "messageKey": operation_key()?,
        "emoji": "no emoji"});
    for method in ["reaction.add", "reaction.remove"] {
        setting
            .refused(setting.token(), method, react.clone(), "message.notFound")
            .await?;
    }
    Ok(())
}

async fn existence_before_rights(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    let edit = json!({"conversationId": group, "messageKey": operation_key()?, "text": "what?"});
    setting
        .refused(
            setting.other_token(),
            "message.edit",
            edit,
            "message.notFound",
        )
        .await
}

async fn not_in_an_outcome(setting: &Setting<'_>) -> Outcome {
    // Unlike what other checks have said here.
    let secret = format!("a secret of {}", operation_key()?);
    let said = setting.say(&secret).await?;
    let create = json!({"operationKey": operation_key()?, "method": "conversation.create",
        "params": {"kind": "direct", "participantIds": [setting.backend.other_user]}});
    let first = setting.submit(json!([create])).await?;
    ensure!(first[0].to_string().contains(&secret), first[0]);
    setting
        .done(setting.token(), "message.delete", about(setting, &said))
        .await?;
    let again = setting.submit(json!([create])).await?;
    ensure!(again[0]["status"] == "applied", again[0]);
    ensure!(!again[0].to_string().contains(&secret), again[0]);
    Ok(())
}
