//! §5.9: reactions, and what one is by §4.8.

use serde_json::{Value, json};

use super::content::{about, told};
use super::{Outcome, checks};
use crate::setting::{Setting, ensure};

checks! {
    "5.9.1" [] {reactions} "reactions are set once and taken back once" => reactions;
    "5.9.2" [] {reactions} "a reaction is told in normal form and is one in every spelling" => spellings;
    "5.9.3" [] {reactions} "what is not exactly one emoji is refused" => no_emoji;
}

async fn reactions(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("worth a reaction").await?;
    let mut params = about(setting, &message);
    params["emoji"] = json!("👍");
    for (method, expected) in [
        (
            "reaction.add",
            json!([{"emoji": "👍", "userIds": [setting.backend.other_user]}]),
        ),
        ("reaction.remove", json!([])),
    ] {
        for _ in 0..2 {
            setting
                .done(setting.other_token(), method, params.clone())
                .await?;
        }
        let now = told(setting, setting.token(), &message["operationKey"]).await?;
        let found = match &now["reactions"] {
            Value::Null => json!([]),
            found => found.clone(),
        };
        ensure!(found == expected, now);
    }
    params["emoji"] = json!("two words");
    setting
        .refused(setting.token(), "reaction.add", params, "params.invalid")
        .await
}

async fn spellings(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("worth a heart").await?;
    let params = |emoji: &str| {
        let mut params = about(setting, &message);
        params["emoji"] = json!(emoji);
        params
    };
    let (bare, normal) = ("\u{2764}", "\u{2764}\u{FE0F}");
    let (one, other) = (setting.token(), setting.other_token());
    for (token, method, emoji, expected) in [
        (one, "reaction.add", bare, 1),
        (one, "reaction.add", normal, 1),
        (other, "reaction.add", normal, 2),
        (other, "reaction.remove", bare, 1),
    ] {
        setting.done(token, method, params(emoji)).await?;
        let now = told(setting, one, &message["operationKey"]).await?;
        let hearts = now["reactions"].as_array().map(Vec::as_slice);
        let [heart] = hearts.unwrap_or_default() else {
            return Err(crate::wire::wire(now));
        };
        let people = heart["userIds"].as_array().map(Vec::len);
        ensure!(heart["emoji"] == normal && people == Some(expected), now);
    }
    Ok(())
}

async fn no_emoji(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("worth more than words").await?;
    for odd in ["", "/", "..", "ok", "\u{200B}", "👍👍"] {
        let mut params = about(setting, &message);
        params["emoji"] = json!(odd);
        setting
            .refused(setting.token(), "reaction.add", params, "params.invalid")
            .await?;
    }
    Ok(())
}
