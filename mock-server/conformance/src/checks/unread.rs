//! §4.3: what is unread.

use serde_json::json;

use super::content::about;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure};

checks! {
    "4.3.2" [] "unread are the messages of others after readTo" => unread;
    "4.3.3" [] {editing} "what one has hidden is not unread, and the counts stand beside the message" => hidden_unread;
    "4.3.4" [] {administration editing} "a notice is not unread, and what was deleted still is" => notices_and_deletions;
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
    let mark = setting.mark(token).await?;
    setting
        .done(token, "message.hide", about(setting, &mention["message"]))
        .await?;
    let after = setting.view(token, id).await?;
    ensure!(
        after["unreadCount"] == 1 && after["unreadMentions"] == 0,
        after
    );
    let events = setting.since(&mark).await?;
    let hidden = events
        .iter()
        .find(|event| event["type"] == "message.updated" && event["data"]["hidden"] == true);
    let hidden = hidden.ok_or_else(|| crate::wire::wire("nothing tells of what was hidden"))?;
    ensure!(
        hidden["data"]["unreadCount"] == 1 && hidden["data"]["unreadMentions"] == 0,
        hidden
    );
    // What was read before changes no count, so none is told.
    let mark = setting.mark(token).await?;
    setting
        .done(token, "message.hide", about(setting, &last))
        .await?;
    let events = setting.since(&mark).await?;
    ensure!(
        events
            .iter()
            .all(|event| event["data"]["unreadCount"].is_null()),
        json!(events)
    );
    Ok(())
}

async fn notices_and_deletions(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let said = setting
        .say_in(setting.token(), &group, "unread, and deleted")
        .await?;
    let title = json!({"conversationId": group, "title": "Renamed"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let delete = json!({"conversationId": group, "messageKey": said["operationKey"]});
    for _ in 0..2 {
        let view = setting.view(setting.other_token(), &group).await?;
        ensure!(view["unreadCount"] == 1, view["unreadCount"]);
        setting
            .done(setting.token(), "message.delete", delete.clone())
            .await?;
    }
    Ok(())
}
