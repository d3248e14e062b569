//! §9, and the settings and profiles whose values have bounds.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::content::{about, told};
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, token};
use crate::wire::wire;

checks! {
    "4.1.2" [] "with a conversation come its newest messages, at most 20, oldest first" => newest;
    "4.5.2" [] {settings} "what is read is marked unread no more" => marked;
    "5.4.5" [] "a payload has a type, and its data a bound" => payloads;
    "5.9.4" [] {administration reactions} "one person sets at most 20 reactions, and there are at most 50 different ones" => crowded;
    "5.9.5" [] {reactions} "an emoji stays where it was first set, as long as anybody has set it" => order;
    "5.10.2" [] {administration} "an empty address removes the picture" => no_picture;
    "5.12.1" [] {settings} "a silence that is over, and a place beyond the last message, are taken as what they are" => settings;
    "9.0.3" [] {administration} "pictures and contexts have bounds" => profiles;
    "9.0.4" [] {profiles} "names of people have bounds, and are not blank" => names;
}

async fn newest(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for number in 0..23 {
        let body = format!("message {number}");
        setting.say_in(setting.token(), &group, &body).await?;
    }
    let view = setting.view(setting.other_token(), &group).await?;
    let all = view["messages"].as_array().cloned().unwrap_or_default();
    ensure!(!all.is_empty() && all.len() <= 20, all.len());
    let places: Vec<u64> = all
        .iter()
        .filter_map(|one| one["position"].as_u64())
        .collect();
    ensure!(places.is_sorted(), json!(places));
    ensure!(
        places.last().copied() == view["lastPosition"].as_u64(),
        view["lastPosition"]
    );
    Ok(())
}

async fn marked(setting: &Setting<'_>) -> Outcome {
    let last = setting.say("read at last").await?;
    let id = &setting.conversation;
    let mark = json!({"conversationId": id, "markedUnread": true});
    setting
        .done(setting.other_token(), "settings.update", mark)
        .await?;
    let view = setting.view(setting.other_token(), id).await?;
    ensure!(view["settings"]["markedUnread"] == true, view["settings"]);
    let read = json!({"conversationId": id, "readTo": last["position"]});
    setting
        .done(setting.other_token(), "receipt.update", read)
        .await?;
    let view = setting.view(setting.other_token(), id).await?;
    ensure!(view["settings"]["markedUnread"] != true, view["settings"]);
    Ok(())
}

async fn payloads(setting: &Setting<'_>) -> Outcome {
    let with = |payload: Value| json!({"conversationId": setting.conversation, "text": "a place", "payload": payload});
    let long = "x".repeat(setting.text_limit()? + 1);
    for payload in [
        json!({"type": " ", "data": {}}),
        json!({"type": "x".repeat(129), "data": {}}),
        json!({"type": "location", "data": {"name": long}}),
    ] {
        setting
            .refused(
                setting.token(),
                "message.send",
                with(payload),
                "params.invalid",
            )
            .await?;
    }
    let location = json!({"type": "location", "data": {"lat": 52.5, "deep": [{"x": null}]}});
    let sent = setting
        .done(setting.token(), "message.send", with(location.clone()))
        .await?;
    ensure!(sent["message"]["payload"] == location, sent);
    Ok(())
}

/// So many different emoji, from one on.
fn emoji(from: u32, count: u32) -> impl Iterator<Item = String> {
    (from..from + count)
        .filter_map(|number| char::from_u32(0x1F400 + number))
        .map(String::from)
}

async fn crowded(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let stranger = setting.stranger().await?;
    let add = json!({"conversationId": group, "userIds": [stranger["userId"]]});
    setting
        .done(setting.token(), "participant.add", add)
        .await?;
    let message = setting
        .say_in(setting.token(), &group, "much liked")
        .await?;
    let params = |emoji: String| {
        json!({"conversationId": group, "messageKey": message["operationKey"],
        "emoji": emoji})
    };
    let (one, other, third) = (setting.token(), setting.other_token(), token(&stranger));
    for (token, from, count) in [(one, 0, 20), (other, 20, 20), (third, 40, 10)] {
        for emoji in emoji(from, count) {
            setting.done(token, "reaction.add", params(emoji)).await?;
        }
    }
    for emoji in emoji(20, 1) {
        setting
            .refused(one, "reaction.add", params(emoji), "params.invalid")
            .await?;
    }
    for emoji in emoji(50, 1) {
        setting
            .refused(third, "reaction.add", params(emoji), "params.invalid")
            .await?;
    }
    for emoji in emoji(0, 1) {
        setting.done(third, "reaction.add", params(emoji)).await?;
    }
    Ok(())
}

async fn order(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("liked in order").await?;
    let params = |emoji: &str| {
        let mut params = about(setting, &message);
        params["emoji"] = json!(emoji);
        params
    };
    let (one, other) = (setting.token(), setting.other_token());
    for (token, method, emoji) in [
        (one, "reaction.add", "👍"),
        (one, "reaction.add", "🎉"),
        (other, "reaction.add", "👍"),
        (one, "reaction.remove", "👍"),
    ] {
        setting.done(token, method, params(emoji)).await?;
    }
    let now = told(setting, one, &message["operationKey"]).await?;
    let expected = json!([
        {"emoji": "👍", "userIds": [setting.backend.other_user]},
        {"emoji": "🎉", "userIds": [setting.backend.user]}]);
    ensure!(now["reactions"] == expected, now);
    Ok(())
}

async fn no_picture(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for (url, expected) in [
        (
            "https://example.org/a.png",
            json!("https://example.org/a.png"),
        ),
        ("", Value::Null),
    ] {
        let params = json!({"conversationId": group, "avatarUrl": url});
        setting
            .done(setting.token(), "conversation.update", params)
            .await?;
        let view = setting.view(setting.other_token(), &group).await?;
        ensure!(view["avatarUrl"] == expected, view);
    }
    Ok(())
}

async fn settings(setting: &Setting<'_>) -> Outcome {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(wire)?;
    let now = i64::try_from(since.as_millis()).map_err(wire)?;
    let last = number(&setting.say("the last").await?["position"])?;
    let (id, token) = (&setting.conversation, setting.other_token());
    const WEEK_MS: i64 = 7 * 86_400_000;
    for (until, silent) in [(now + WEEK_MS, true), (now - WEEK_MS, false)] {
        let params = json!({"conversationId": id, "mutedUntil": until});
        setting.done(token, "settings.update", params).await?;
        let view = setting.view(token, id).await?;
        let told = view["settings"]["mutedUntil"].as_i64();
        ensure!(told == silent.then_some(until), view["settings"]);
    }
    let params = json!({"conversationId": id, "hiddenTo": last + 1_000});
    setting.done(token, "settings.update", params).await?;
    let view = setting.view(token, id).await?;
    ensure!(view["settings"]["hiddenTo"] == last, view["settings"]);
    Ok(())
}

async fn profiles(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let context = |kind: &str, id: &str, title: &str, extra: &str| {
        json!({"kind": kind, "id": id, "title": title,
        "extra": {"note": extra}})
    };
    let long = |length: usize| "x".repeat(length);
    for change in [
        json!({ "avatarUrl": long(2_049) }),
        json!({ "context": context("", "o-7", "Bicycle", "") }),
        json!({ "context": context(&long(129), "o-7", "Bicycle", "") }),
        json!({ "context": context("order", "", "Bicycle", "") }),
        json!({ "context": context("order", &long(129), "Bicycle", "") }),
        json!({ "context": context("order", "o-7", " ", "") }),
        json!({ "context": context("order", "o-7", &long(201), "") }),
        json!({ "context": context("order", "o-7", "Bicycle", &long(4_097)) }),
    ] {
        let mut params = change;
        params["conversationId"] = json!(group);
        setting
            .refused(
                setting.token(),
                "conversation.update",
                params,
                "params.invalid",
            )
            .await?;
    }
    Ok(())
}

async fn names(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    for body in [
        json!({"name": " "}),
        json!({"name": "\u{200B}"}),
        json!({"name": "x".repeat(201)}),
        json!({"avatarUrl": "x".repeat(2_049)}),
    ] {
        let (status, problem) = setting.http.post("/v1/me", token(&stranger), &body).await?;
        ensure!(
            status == 422 && problem["code"] == "params.invalid",
            problem
        );
    }
    Ok(())
}
