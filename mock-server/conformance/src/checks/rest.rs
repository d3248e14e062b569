//! §7, §7.4 and §7.7 to §7.9: what is whose, health, push tokens, and REST for everyone else.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::operation_key;

checks! {
    "7.0.1" [] "without a good token there is no answer but token.invalid" => no_token;
    "7.0.2" [] "what is not theirs does not exist, in the same words" => not_theirs;
    "7.0.3" [] "the token may be in the query" => query_token;
    "7.4.2" [] {profiles} "me tells and changes one's profile" => me;
    "7.4.3" [] "conversations are listed, the last active first" => list;
    "7.7.1" [] "health and stats need no token" => health;
    "7.8.1" [] {push} "a device speaks for itself only" => push_tokens;
    "7.9.1" [] {editing rest} "a request with the same operation key changes nothing the second time" => same_request;
    "7.9.2" [] {rest} "a refused operation is answered with its problem" => refused;
    "7.9.3" [] {users} "people are found by id and by name" => people;
    "7.9.4" [] {openapi} "the OpenAPI document is there, without a token" => openapi;
}

async fn no_token(setting: &Setting<'_>) -> Outcome {
    for token in ["", "nonsense"] {
        for path in ["/v1/me", "/v1/conversations", "/v1/snapshot"] {
            let (status, problem) = setting.http.get(path, token).await?;
            ensure!(status == 401 && problem["code"] == "token.invalid", problem);
        }
    }
    Ok(())
}

async fn not_theirs(setting: &Setting<'_>) -> Outcome {
    let params = json!({"kind": "group", "title": "Alone", "participantIds": []});
    let created = setting
        .done(setting.token(), "conversation.create", params)
        .await?;
    let id = text(&created["conversation"]["conversationId"])?;
    let theirs = setting.other_token();
    for path in ["", "/messages"] {
        let path = format!("/v1/conversations/{id}{path}");
        let (status, problem) = setting.http.get(&path, theirs).await?;
        let (_, nowhere) = setting
            .http
            .get("/v1/conversations/no-such", theirs)
            .await?;
        ensure!(status == 404 && problem == nowhere, problem);
    }
    let say = json!({"conversationId": id, "text": "let me in"});
    setting
        .refused(theirs, "message.send", say, "conversation.notFound")
        .await
}

async fn query_token(setting: &Setting<'_>) -> Outcome {
    let path = format!("/v1/me?token={}", setting.token());
    let (status, me) = setting.http.get(&path, "").await?;
    ensure!(
        status == 200 && me["userId"] == setting.backend.user.as_str(),
        me
    );
    Ok(())
}

async fn me(setting: &Setting<'_>) -> Outcome {
    let (status, before) = setting.http.get("/v1/me", setting.token()).await?;
    ensure!(status == 200 && before["deviceId"] == "judge", before);
    ensure!(
        before["name"].is_string() && before["serverTime"].is_i64(),
        before
    );
    for name in [json!("Judged for a moment"), before["name"].clone()] {
        let (status, after) = setting
            .http
            .post("/v1/me", setting.token(), &json!({"name": name}))
            .await?;
        ensure!(status == 200 && after["name"] == name, after);
    }
    Ok(())
}

async fn list(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    for id in [group.as_str(), setting.conversation.as_str()] {
        let say = json!({"conversationId": id, "text": "the last active one"});
        setting.done(setting.token(), "message.send", say).await?;
        let (status, page) = setting
            .http
            .get("/v1/conversations", setting.token())
            .await?;
        ensure!(
            status == 200 && page["conversations"][0]["conversationId"] == id,
            page["conversations"][0]
        );
    }
    Ok(())
}

async fn health(setting: &Setting<'_>) -> Outcome {
    let (status, health) = setting.http.get("/health", "").await?;
    ensure!(status == 200 && health["status"] == "ok", health);
    let (status, stats) = setting.http.get("/stats", "").await?;
    ensure!(status == 200, stats);
    for name in ["connections", "users", "conversations", "messages"] {
        ensure!(stats[name].is_u64(), stats);
    }
    Ok(())
}

async fn push_tokens(setting: &Setting<'_>) -> Outcome {
    let token = json!({"provider": "fcm", "token": "judge-token"});
    let (status, answer) = setting
        .http
        .post("/v1/devices/judge/push-token", setting.token(), &token)
        .await?;
    ensure!(status == 200, answer);
    let foreign = "/v1/devices/somebody-elses/push-token";
    let (status, problem) = setting.http.post(foreign, setting.token(), &token).await?;
    ensure!(
        (400..500).contains(&status) && problem["code"].is_string(),
        problem
    );
    let remove = "/v1/devices/judge/push-token/remove";
    let (status, answer) = setting
        .http
        .post(remove, setting.token(), &Value::Null)
        .await?;
    ensure!(status == 200, answer);
    Ok(())
}

async fn same_request(setting: &Setting<'_>) -> Outcome {
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    let body = json!({"text": "over REST", "operationKey": operation_key()?});
    let (status, first) = setting.http.post(&path, setting.token(), &body).await?;
    ensure!(status == 200 && first["text"] == "over REST", first);
    let (status, again) = setting.http.post(&path, setting.token(), &body).await?;
    ensure!(
        status == 200 && again["position"] == first["position"],
        again
    );
    let message = format!("/v1/messages/{}", text(&first["messageId"])?);
    let (status, read) = setting.http.get(&message, setting.other_token()).await?;
    ensure!(status == 200 && read["text"] == "over REST", read);
    let edit = json!({"text": "edited over REST"});
    let (status, edited) = setting
        .http
        .json("PATCH", &message, setting.token(), &edit)
        .await?;
    ensure!(status == 200, edited);
    let (status, answer) = setting
        .http
        .json("DELETE", &message, setting.token(), &Value::Null)
        .await?;
    ensure!(status == 200, answer);
    Ok(())
}

async fn refused(setting: &Setting<'_>) -> Outcome {
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    let (status, problem) = setting
        .http
        .post(&path, setting.token(), &json!({"text": " "}))
        .await?;
    ensure!(
        status == 422 && problem["code"] == "params.invalid",
        problem
    );
    Ok(())
}

async fn people(setting: &Setting<'_>) -> Outcome {
    let other = setting.backend.other_user.as_str();
    let (status, person) = setting
        .http
        .get(&format!("/v1/users/{other}"), setting.token())
        .await?;
    ensure!(
        status == 200 && person["userId"] == other && person["name"].is_string(),
        person
    );
    let (status, found) = setting
        .http
        .get(&format!("/v1/users?q={other}"), setting.token())
        .await?;
    let all = found["users"].as_array().cloned().unwrap_or_default();
    ensure!(
        status == 200 && all.iter().any(|user| user["userId"] == other),
        found
    );
    Ok(())
}

async fn openapi(setting: &Setting<'_>) -> Outcome {
    let (status, document) = setting.http.get("/v1/openapi.json", "").await?;
    let version = document["openapi"].as_str().unwrap_or_default();
    ensure!(status == 200 && version.starts_with("3."), status);
    ensure!(
        document["paths"]["/v1/operations"]["post"].is_object(),
        "no /v1/operations"
    );
    Ok(())
}
