//! §4.9 and §5.13: pinned messages.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::WireError;

checks! {
    "4.9.1" [] {pins} "a pinned message says who pinned it, and comes with the conversation" => comes_along;
    "4.9.2" [] {editing pins} "the newest pin is the first, and what is deleted is pinned no more" => order;
    "4.9.3" [] {editing pins} "a message that one has hidden is not among those that one sees pinned" => hidden;
    "5.13.1" [] {pins} "a pin is told of by a notice, and a second one changes nothing" => once;
    "5.13.2" [] {pins} "an unpinned message is pinned no more, without a notice" => unpinned;
    "5.13.3" [] {pins} "in a group members pin what they wrote, and nobody pins a notice" => roles;
    "5.13.4" [] {pins} "at most 50 messages are pinned" => at_most;
}

/// A group in which people pin.
struct Group<'a> {
    setting: &'a Setting<'a>,
    id: String,
}

impl<'a> Group<'a> {
    async fn new(setting: &'a Setting<'a>) -> Result<Self, WireError> {
        let id = setting.group().await?;
        Ok(Self { setting, id })
    }

    /// A message of the admin, by its key.
    async fn say(&self, body: &str) -> Result<Value, WireError> {
        self.say_as(self.setting.token(), body).await
    }

    async fn say_as(&self, token: &str, body: &str) -> Result<Value, WireError> {
        let params = json!({"conversationId": self.id, "text": body});
        let outcome = self.setting.done(token, "message.send", params).await?;
        Ok(outcome["message"]["operationKey"].clone())
    }

    fn params(&self, key: &Value, pinned: bool) -> Value {
        json!({"conversationId": self.id, "messageKey": key, "pinned": pinned})
    }

    async fn set(&self, key: &Value, pinned: bool) -> Outcome {
        let params = self.params(key, pinned);
        let token = self.setting.token();
        self.setting.done(token, "message.pin", params).await?;
        Ok(())
    }

    async fn view(&self, token: &str) -> Result<Value, WireError> {
        self.setting.view(token, &self.id).await
    }

    /// The pinned messages as somebody sees them.
    async fn pinned(&self, token: &str) -> Result<Vec<Value>, WireError> {
        let view = self.view(token).await?;
        let pinned = view["pinnedMessages"].as_array();
        Ok(pinned.cloned().unwrap_or_default())
    }

    async fn keys(&self, token: &str) -> Result<Vec<Value>, WireError> {
        let pinned = self.pinned(token).await?.into_iter();
        Ok(pinned
            .map(|message| message["operationKey"].clone())
            .collect())
    }
}

async fn comes_along(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let key = group.say("to be pinned").await?;
    group.set(&key, true).await?;
    // Many messages later, it is none of the newest.
    for number in 0..25 {
        group.say(&format!("later {number}")).await?;
    }
    for token in [setting.token(), setting.other_token()] {
        let pinned = group.pinned(token).await?;
        let [message] = pinned.as_slice() else {
            return Err(crate::wire::wire(json!(pinned)));
        };
        ensure!(message["text"] == "to be pinned", message);
        let pin = &message["pinned"];
        ensure!(pin["by"] == setting.backend.user.as_str(), message);
        ensure!(pin["at"].is_i64(), message);
    }
    Ok(())
}

async fn order(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let mut keys = Vec::new();
    for body in ["one", "two", "three"] {
        keys.push(group.say(body).await?);
    }
    for pinned in [2, 0, 1] {
        group.set(&keys[pinned], true).await?;
        // The order of two that were pinned at the same time is another.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let expected = [&keys[1], &keys[0], &keys[2]].map(Clone::clone);
    let found = group.keys(setting.other_token()).await?;
    ensure!(found == expected, json!(found));
    let delete = json!({"conversationId": group.id, "messageKey": keys[0]});
    setting
        .done(setting.token(), "message.delete", delete)
        .await?;
    let found = group.keys(setting.other_token()).await?;
    ensure!(found == [keys[1].clone(), keys[2].clone()], json!(found));
    Ok(())
}

async fn hidden(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let key = group.say("hidden by one").await?;
    group.set(&key, true).await?;
    let hide = json!({"conversationId": group.id, "messageKey": key});
    setting
        .done(setting.other_token(), "message.hide", hide)
        .await?;
    let theirs = group.keys(setting.other_token()).await?;
    ensure!(theirs.is_empty(), json!(theirs));
    let own = group.keys(setting.token()).await?;
    ensure!(own == [key], json!(own));
    Ok(())
}

async fn once(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let key = group.say("pinned twice").await?;
    group.set(&key, true).await?;
    let first = group.view(setting.token()).await?;
    let messages = first["messages"].as_array().cloned().unwrap_or_default();
    let notice = messages.last().cloned().unwrap_or_default();
    let expected = json!({"type": "messagePinned", "messageKey": key});
    ensure!(notice["notice"] == expected, notice);
    ensure!(!text(&notice["text"])?.is_empty(), notice);
    group.set(&key, true).await?;
    let second = group.view(setting.token()).await?;
    for name in ["pinnedMessages", "revision", "lastPosition"] {
        ensure!(first[name] == second[name], second[name]);
    }
    Ok(())
}

async fn unpinned(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let key = group.say("pinned for a while").await?;
    group.set(&key, true).await?;
    let before = group.view(setting.token()).await?;
    group.set(&key, false).await?;
    let after = group.view(setting.token()).await?;
    ensure!(group.keys(setting.token()).await?.is_empty(), after);
    ensure!(before["lastPosition"] == after["lastPosition"], after);
    let revisions = (before["revision"].as_u64(), after["revision"].as_u64());
    ensure!(revisions.1 > revisions.0, after);
    group.set(&key, false).await?;
    let again = group.view(setting.token()).await?;
    ensure!(again["revision"] == after["revision"], again);
    Ok(())
}

async fn roles(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let (admin, member) = (setting.token(), setting.other_token());
    let of_admin = group.say("of the admin").await?;
    let of_member = group.say_as(member, "of the member").await?;
    let params = group.params(&of_admin, true);
    setting
        .refused(member, "message.pin", params, "message.forbidden")
        .await?;
    let params = group.params(&of_member, true);
    setting.done(member, "message.pin", params).await?;
    group.set(&of_admin, true).await?;
    let params = group.params(&of_admin, false);
    setting
        .refused(member, "message.pin", params, "message.forbidden")
        .await?;
    let notice = setting.last_message(admin, &group.id).await?;
    let params = group.params(&notice["operationKey"], true);
    setting
        .refused(admin, "message.pin", params, "message.forbidden")
        .await
}

async fn at_most(setting: &Setting<'_>) -> Outcome {
    let group = Group::new(setting).await?;
    let mut keys = Vec::new();
    for number in 0..51 {
        keys.push(group.say(&format!("message {number}")).await?);
    }
    for key in &keys[..50] {
        group.set(key, true).await?;
    }
    let params = group.params(&keys[50], true);
    setting
        .refused(setting.token(), "message.pin", params, "params.invalid")
        .await?;
    group.set(&keys[0], false).await?;
    group.set(&keys[50], true).await
}
