//! Rows of tables that no other check is about: requests of §7.9, limits of §9, ids of §2.3, routes of §8.1.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Mark, Setting, ensure, number, text, token};
use crate::wire::{WireError, operation_key, skipped};

checks! {
    "2.3.2" [] "an id has 1 to 128 bytes, no control characters, and is neither . nor .." => ids;
    "6.1.2" [] "there are at most 100 events in a frame, and 500 in a sync answer" => portions;
    "7.9.6" [] {administration editing pins reactions rest settings} "each request means its operation" => requests;
    "8.1.1" [] "what is nowhere is route.unknown" => nowhere;
    "9.0.5" [] {push} "a push token has 1 to 4,096 bytes" => push_tokens;
    "9.0.6" [] {search} "the text of a search has at most 256 bytes and 16 words" => searches;
    "9.0.7" [] "a group has at most 1,000 people" => crowds;
}

async fn ids(setting: &Setting<'_>) -> Outcome {
    for id in ["", ".", "..", "a\u{7}b", &"x".repeat(129)] {
        let (status, problem) = setting
            .http
            .login(&setting.backend.user, &setting.backend.password, id)
            .await?;
        ensure!(
            (400..=422).contains(&status) && problem["code"].is_string(),
            json!([id, problem])
        );
    }
    Ok(())
}

/// So many that an answer of the log does not hold them.
const MANY: usize = 510;

async fn portions(setting: &Setting<'_>) -> Outcome {
    let mark = setting.mark(setting.other_token()).await?;
    for _ in 0..MANY.div_ceil(30) {
        let mut operations = Vec::new();
        for _ in 0..30 {
            operations.push(setting.message(&operation_key()?, "one of many"));
        }
        // So much takes longer than some tokens live.
        let session = setting.session_again().await?;
        let outcomes = setting.submit_as(token(&session), json!(operations));
        for outcome in outcomes.await? {
            if outcome["problem"]["code"] == "rate.limited" {
                return Err(skipped("nobody may say so much"));
            }
            ensure!(outcome["status"] == "applied", outcome);
        }
    }
    let other = setting.other_again().await?;
    let mark = Mark {
        token: token(&other).to_owned(),
        ..mark
    };
    let path = format!("/v1/sync?since={}&logId={}", mark.seq, mark.log);
    let (_, reset) = setting.http.get(&path, &mark.token).await?;
    if reset["code"] == "sync.reset" {
        return Err(skipped("the log is shorter than that"));
    }
    let page = setting.since(&mark).await?;
    ensure!(!page.is_empty() && page.len() <= 500, page.len());
    let (mut socket, _) = setting.connect(&other, mark.seq, &json!(mark.log)).await?;
    let mut seen = 0;
    while seen < MANY {
        let frame = socket.next_of("events").await?;
        let events = frame["events"].as_array().map_or(0, Vec::len);
        ensure!((1..=100).contains(&events), events);
        seen += events;
    }
    Ok(())
}

/// One request as the first user, which has to succeed.
async fn ask(
    setting: &Setting<'_>,
    verb: &str,
    path: &str,
    body: Value,
) -> Result<Value, WireError> {
    let (status, answer) = setting
        .http
        .json(verb, path, setting.token(), &body)
        .await?;
    ensure!(status == 200, json!([verb, path, answer]));
    Ok(answer)
}

async fn requests(setting: &Setting<'_>) -> Outcome {
    let other = setting.backend.other_user.as_str();
    let new = json!({"kind": "group", "title": "By request", "participantIds": [other]});
    let group = ask(setting, "POST", "/v1/conversations", new).await?;
    let id = text(&group["conversationId"])?;
    let at = format!("/v1/conversations/{id}");
    ask(setting, "PATCH", &at, json!({"title": "Renamed"})).await?;
    let said = ask(
        setting,
        "POST",
        &format!("{at}/messages"),
        json!({"text": "said"}),
    )
    .await?;
    let message = format!("/v1/messages/{}", text(&said["messageId"])?);
    let read = json!({"readTo": said["position"]});
    ask(setting, "POST", &format!("{at}/receipts"), read).await?;
    ask(
        setting,
        "PATCH",
        &format!("{at}/settings"),
        json!({"archived": true}),
    )
    .await?;
    ask(
        setting,
        "PUT",
        &format!("{message}/reactions/%F0%9F%91%8D"),
        Value::Null,
    )
    .await?;
    let pinned = json!({"pinned": true});
    ask(setting, "PUT", &format!("{message}/pin"), pinned).await?;
    ask(setting, "PATCH", &message, json!({"text": "said again"})).await?;
    let told = setting
        .told(setting.token(), &id, &said["operationKey"])
        .await?;
    ensure!(told["text"] == "said again", told);
    ensure!(told["pinned"]["at"].is_i64(), told);
    ensure!(told["reactions"][0]["emoji"] == "\u{1f44d}", told);
    ask(
        setting,
        "DELETE",
        &format!("{message}/reactions/%F0%9F%91%8D"),
        Value::Null,
    )
    .await?;
    ask(setting, "DELETE", &message, Value::Null).await?;
    let told = setting
        .told(setting.token(), &id, &said["operationKey"])
        .await?;
    ensure!(told["deleted"]["at"].is_i64(), told);
    let person = json!({"text": "to a person"});
    let direct = ask(
        setting,
        "POST",
        &format!("/v1/users/{other}/messages"),
        person,
    )
    .await?;
    ensure!(
        direct["conversationId"] == setting.conversation.as_str(),
        direct
    );
    let hidden = format!("/v1/messages/{}/hide", text(&direct["messageId"])?);
    ask(setting, "POST", &hidden, Value::Null).await?;
    let told = setting
        .told(
            setting.token(),
            &setting.conversation,
            &direct["operationKey"],
        )
        .await?;
    ensure!(told["hidden"] == true, told);
    people(setting, &at, &id, other).await
}

/// Who is in the group, and in which role.
async fn people(setting: &Setting<'_>, at: &str, id: &str, other: &str) -> Outcome {
    let view = setting.view(setting.token(), id).await?;
    ensure!(view["title"] == "Renamed", view["title"]);
    ensure!(view["settings"]["archived"] == true, view["settings"]);
    ensure!(view["unreadCount"] == 0, view["unreadCount"]);
    let person = format!("{at}/participants/{other}");
    ask(setting, "PATCH", &person, json!({"role": "moderator"})).await?;
    ensure!(role(setting, id, other).await? == "moderator", "the role");
    ask(setting, "DELETE", &person, Value::Null).await?;
    ensure!(role(setting, id, other).await?.is_null(), "still there");
    let back = json!({"userIds": [other]});
    ask(setting, "POST", &format!("{at}/participants"), back).await?;
    ensure!(role(setting, id, other).await? == "member", "not there");
    ask(setting, "POST", &format!("{at}/leave"), json!({})).await?;
    let (status, problem) = setting.http.get(at, setting.token()).await?;
    ensure!(status == 404, problem);
    Ok(())
}

async fn role(setting: &Setting<'_>, id: &str, user: &str) -> Result<Value, WireError> {
    let view = setting.view(setting.token(), id).await?;
    let people = view["participants"].as_array().cloned().unwrap_or_default();
    let person = people.into_iter().find(|person| person["userId"] == user);
    Ok(person.map_or(Value::Null, |person| person["role"].clone()))
}

async fn nowhere(setting: &Setting<'_>) -> Outcome {
    for path in ["/v1/nowhere", "/v1/conversations/x/y/z", "/nowhere"] {
        let (status, problem) = setting.http.get(path, setting.token()).await?;
        ensure!(
            status == 404 && problem["code"] == "route.unknown",
            json!([path, problem])
        );
    }
    Ok(())
}

async fn push_tokens(setting: &Setting<'_>) -> Outcome {
    for (token, expected) in [
        ("x".repeat(4_096), 200),
        ("x".repeat(4_097), 422),
        (String::new(), 422),
    ] {
        let body = json!({"provider": "fcm", "token": token});
        let (status, answer) = setting
            .http
            .post("/v1/devices/judge/push-token", setting.token(), &body)
            .await?;
        ensure!(status == expected, json!([token.len(), answer]));
    }
    Ok(())
}

async fn searches(setting: &Setting<'_>) -> Outcome {
    for (query, expected) in [
        ("x".repeat(256), 200),
        ("x".repeat(257), 422),
        ("a+".repeat(16), 200),
        ("a+".repeat(17), 422),
    ] {
        let path = format!("/v1/search?q={query}");
        let (status, answer) = setting.http.get(&path, setting.token()).await?;
        ensure!(status == expected, json!([query.len(), answer]));
    }
    Ok(())
}

async fn crowds(setting: &Setting<'_>) -> Outcome {
    let before = number(&setting.ready["head"])?;
    let people: Vec<String> = (0..1_000)
        .map(|one| format!("judge-{before}-{one}"))
        .collect();
    let params = json!({"kind": "group", "title": "Crowd", "participantIds": people});
    setting
        .refused(
            setting.token(),
            "conversation.create",
            params,
            "params.invalid",
        )
        .await
}
