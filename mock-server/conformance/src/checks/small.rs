//! Small rules, one by one: mentions and threads (§4.3, §4.6), edits (§5.7), profiles (§7.4), places (§7.5).

use serde_json::{Value, json};

use super::content::about;
use super::files::uploaded;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::WireError;

checks! {
    "4.3.6" [] {editing} "an edit changes nothing about what is unread, nor does a deletion" => mentions_as_sent;
    "4.6.6" [] {threads} "a message in a thread is unread like any other" => unread_in_threads;
    "5.7.7" [] {editing} "an edit keeps the bounds of a text, and mentions only those of its own who take part" => bounds_of_edits;
    "5.7.8" [] {editing files} "beside attachments an edit may leave nothing of a text, and they stay" => without_words;
    "7.4.13" [] {profiles} "a change of the profile with one bad value changes nothing" => half_a_profile;
    "7.5.11" [] {around} "a message of another conversation is nowhere in this one" => around_elsewhere;
}

/// What is unread for the second user in a conversation, and how many of those mention them.
async fn unread(setting: &Setting<'_>, id: &str) -> Result<[u64; 2], WireError> {
    let view = setting.view(setting.other_token(), id).await?;
    let of = |name: &str| view[name].as_u64().unwrap_or_default();
    Ok([of("unreadCount"), of("unreadMentions")])
}

async fn mentions_as_sent(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let other = &setting.backend.other_user;
    let say = json!({"conversationId": group, "text": "for you", "mentions": [other]});
    let outcome = setting.done(setting.token(), "message.send", say).await?;
    let mentioned = outcome["message"]["operationKey"].clone();
    let plain = setting.say_in(setting.token(), &group, "for all").await?;
    let plain = &plain["operationKey"];
    ensure!(unread(setting, &group).await? == [2, 1], "other counts");
    let about = |key: &Value| json!({"conversationId": group, "messageKey": key});
    let edit = |key: &Value, mentions: Value| {
        let mut edit = about(key);
        edit["text"] = json!("for somebody");
        edit["mentions"] = mentions;
        edit
    };
    for (method, params) in [
        ("message.edit", edit(&mentioned, json!([]))),
        ("message.edit", edit(plain, json!([other]))),
        ("message.delete", about(&mentioned)),
        ("message.delete", about(plain)),
    ] {
        setting.done(setting.token(), method, params).await?;
        let now = unread(setting, &group).await?;
        ensure!(now == [2, 1], json!([method, now]));
    }
    Ok(())
}

async fn unread_in_threads(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let root = setting
        .say_in(setting.token(), &group, "the root of it")
        .await?;
    let other = &setting.backend.other_user;
    let under = json!({"conversationId": group, "text": "under it", "mentions": [other],
        "threadRoot": root["operationKey"]});
    setting.done(setting.token(), "message.send", under).await?;
    let now = unread(setting, &group).await?;
    ensure!(now == [2, 1], json!(now));
    let read = json!({"conversationId": group, "readTo": 2});
    setting
        .done(setting.other_token(), "receipt.update", read)
        .await?;
    let now = unread(setting, &group).await?;
    ensure!(now == [0, 0], json!(now));
    Ok(())
}

async fn bounds_of_edits(setting: &Setting<'_>) -> Outcome {
    let (user, other) = (&setting.backend.user, &setting.backend.other_user);
    let params = json!({"conversationId": setting.conversation, "text": "as it was",
        "mentions": [other]});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    let said = &outcome["message"];
    let edit = |text: &str, mentions: Value| {
        let mut edit = about(setting, said);
        edit["text"] = json!(text);
        edit["mentions"] = mentions;
        edit
    };
    let now = || {
        setting.told(
            setting.token(),
            &setting.conversation,
            &said["operationKey"],
        )
    };
    let long = "x".repeat(setting.limit("textBytes", 8192) + 1);
    for text in ["", " \n", "\u{200B}\u{2800}", &long] {
        let params = edit(text, json!([other]));
        setting
            .refused(setting.token(), "message.edit", params, "params.invalid")
            .await?;
    }
    let told = now().await?;
    ensure!(told == *said, told);
    for (mentions, expected) in [
        (json!([user, "nobody-at-all", other]), json!([user, other])),
        (json!([user]), json!([user])),
        (Value::Null, Value::Null),
    ] {
        let params = edit("as it is", mentions);
        setting
            .done(setting.token(), "message.edit", params)
            .await?;
        let told = now().await?;
        let none = told["mentions"].as_array().is_none_or(Vec::is_empty);
        ensure!(
            told["mentions"] == expected || expected.is_null() && none,
            told
        );
        ensure!(told["text"] == "as it is", told);
    }
    Ok(())
}

async fn without_words(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    let params = json!({"conversationId": setting.conversation, "text": "look at this",
        "attachments": [file]});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    let said = &outcome["message"];
    let mut edit = about(setting, said);
    edit["text"] = json!("");
    setting.done(setting.token(), "message.edit", edit).await?;
    let now = setting
        .told(
            setting.other_token(),
            &setting.conversation,
            &said["operationKey"],
        )
        .await?;
    ensure!(now["text"] == "", now);
    ensure!(now["attachments"] == said["attachments"], now);
    Ok(())
}

async fn half_a_profile(setting: &Setting<'_>) -> Outcome {
    let profile = async || {
        let (status, mut me) = setting.http.get("/v1/me", setting.token()).await?;
        ensure!(status == 200, me);
        me["serverTime"].take();
        Ok::<Value, WireError>(me)
    };
    let before = profile().await?;
    let mark = setting.mark(setting.token()).await?;
    for body in [
        json!({"name": "Half a change", "avatarUrl": "x".repeat(2_049)}),
        json!({"name": "Half a change", "avatarUrl": 7}),
        json!({"name": " ", "avatarUrl": "https://example.com/half.png"}),
        json!({"name": "x".repeat(201), "avatarUrl": "https://example.com/half.png"}),
    ] {
        let (status, problem) = setting.http.post("/v1/me", setting.token(), &body).await?;
        ensure!(
            status == 422 && problem["code"] == "params.invalid",
            problem
        );
        let now = profile().await?;
        ensure!(now == before, json!([before, now]));
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

async fn around_elsewhere(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let elsewhere = setting.say_in(setting.token(), &group, "elsewhere").await?;
    let key = text(&elsewhere["operationKey"])?;
    for (place, expected) in [(&group, 200), (&setting.conversation, 404)] {
        let path = format!("/v1/conversations/{place}/messages?aroundMessage={key}");
        let (status, page) = setting.http.get(&path, setting.token()).await?;
        ensure!(status == expected, page);
        ensure!(status == 200 || page["code"] == "message.notFound", page);
    }
    Ok(())
}
