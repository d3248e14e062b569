//! §4.8: the ids that people choose, and the names and titles that they give.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};
use crate::wire::{WireError, operation_key};

checks! {
    "4.8.1" [] "an id that somebody chooses is in its normal form, and of one script" => ids;
    "4.8.2" [] "nobody registers an id that looks like another" => look_alikes;
    "4.8.3" [] "a name has a normal form, and nothing in it that is not seen" => names;
    "4.8.4" [] {administration} "a title has a normal form, and nothing in it that is not seen" => titles;
}

/// What is given, and what becomes of it.
pub(super) const FORMS: [(&str, &str); 3] = [
    ("  Alice \u{a0} Liddell\u{3000}", "Alice Liddell"),
    ("Rome\nParis\u{2028}Oslo", "Rome Paris Oslo"),
    ("Jose\u{301} \u{2764}\u{fe0f}", "Jos\u{e9} \u{2764}\u{fe0f}"),
];
pub(super) const MISLEADING: [&str; 5] = [
    "Al\u{200b}ice",
    "Al\u{ad}ice",
    "Alice\u{202e}",
    "Alice\u{0}",
    "Alice\u{feff}",
];

async fn register(setting: &Setting<'_>, id: &str) -> Result<(u16, Value), WireError> {
    let body =
        json!({"userId": id, "name": "Judge", "password": "a long password", "deviceId": "judge"});
    setting.http.post("/v1/auth/register", "", &body).await
}

async fn ids(setting: &Setting<'_>) -> Outcome {
    setting.stranger().await?;
    let unique = operation_key()?;
    for id in [
        format!("Judge-{unique}"),
        format!("\u{ff4a}udge-{unique}"),
        format!("jud ge-{unique}"),
        format!("jud/ge-{unique}"),
        format!("jud\\ge-{unique}"),
        format!("jud\u{200b}ge-{unique}"),
        format!("jud\u{ad}ge-{unique}"),
        format!("\u{202e}judge-{unique}"),
        format!("judge-\u{44f}-{unique}"),
        format!("judge-\u{1f44d}-{unique}"),
    ] {
        let (status, problem) = register(setting, &id).await?;
        ensure!(
            status == 422 && problem["code"] == "params.invalid",
            json!([id, problem])
        );
    }
    Ok(())
}

async fn look_alikes(setting: &Setting<'_>) -> Outcome {
    setting.stranger().await?;
    let unique = operation_key()?;
    let (status, session) = register(setting, &format!("modern-l-{unique}")).await?;
    ensure!(status == 200, session);
    for id in [format!("rnodern-l-{unique}"), format!("modern-1-{unique}")] {
        let (status, problem) = register(setting, &id).await?;
        ensure!(
            status == 409 && problem["code"] == "user.exists",
            json!([id, problem])
        );
    }
    let (status, other) = register(setting, &format!("modern-2-{unique}")).await?;
    ensure!(status == 200, other);
    Ok(())
}

async fn names(setting: &Setting<'_>) -> Outcome {
    let session = setting.stranger().await?;
    for (given, normal) in FORMS {
        if setting.can("profiles") {
            let body = json!({"name": given});
            let (status, me) = setting.http.post("/v1/me", token(&session), &body).await?;
            ensure!(status == 200 && me["name"] == normal, json!([given, me]));
        }
        let body = json!({"userId": format!("judge-{}", operation_key()?), "name": given,
            "password": "a long password", "deviceId": "judge"});
        let (status, other) = setting.http.post("/v1/auth/register", "", &body).await?;
        ensure!(
            status == 200 && other["name"] == normal,
            json!([given, other])
        );
    }
    for given in MISLEADING {
        let body = json!({"userId": format!("judge-{}", operation_key()?), "name": given,
            "password": "a long password", "deviceId": "judge"});
        let (_, problem) = setting.http.post("/v1/auth/register", "", &body).await?;
        ensure!(problem["code"] == "params.invalid", json!([given, problem]));
    }
    Ok(())
}

async fn titles(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for (given, normal) in FORMS {
        let params = json!({"kind": "group", "title": given, "participantIds": []});
        let outcome = setting
            .done(setting.token(), "conversation.create", params)
            .await?;
        ensure!(outcome["conversation"]["title"] == normal, outcome);
        let params = json!({"conversationId": group, "title": given});
        setting
            .done(setting.token(), "conversation.update", params)
            .await?;
        let view = setting.view(setting.other_token(), &group).await?;
        ensure!(view["title"] == normal, view);
    }
    for given in MISLEADING {
        let params = json!({"conversationId": group, "title": given});
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
