//! §7.1 and §7.2: accounts, sessions, tokens.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};

checks! {
    "7.1.1" [] "unknown users and wrong passwords look alike" => credentials;
    "7.1.2" [] "a user who exists is user.exists, and passwords have at least 8 bytes" => register;
    "7.1.3" [] {sessions} "sessions are listed and ended" => sessions;
    "7.1.4" [] "after a logout the token is no good" => logout;
    "7.1.5" [] {sessions} "sessions are listed the newest first" => newest_session;
    "7.2.1" [M22] "a refresh can be repeated: it has one successor" => refresh_again;
    "7.2.2" [] "an older refresh token was stolen, and ends the session" => stolen;
    "7.2.3" [] "a refresh token that was never given is refused, and ends nothing" => made_up;
}

async fn credentials(setting: &Setting<'_>) -> Outcome {
    let wrong = setting
        .http
        .login(&setting.backend.user, "wrong", "x")
        .await?;
    let unknown = setting.http.login("no-such-user", "wrong", "x").await?;
    ensure!(wrong == unknown, json!([wrong.1, unknown.1]));
    ensure!(
        wrong.0 == 401 && wrong.1["code"] == "credentials.invalid",
        wrong.1
    );
    Ok(())
}

async fn register(setting: &Setting<'_>) -> Outcome {
    setting.stranger().await?;
    for (user, password, code) in [
        (
            setting.backend.user.as_str(),
            "a long password",
            "user.exists",
        ),
        ("judge-with-a-short-password", "short", "params.invalid"),
    ] {
        let body =
            json!({"userId": user, "name": "Judge", "password": password, "deviceId": "judge"});
        let (_, problem) = setting.http.post("/v1/auth/register", "", &body).await?;
        ensure!(problem["code"] == code, problem);
    }
    Ok(())
}

async fn sessions(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-session").await?;
    let (status, list) = setting.http.get("/v1/sessions", token(&session)).await?;
    ensure!(status == 200, list);
    let all = list["sessions"].as_array().cloned().unwrap_or_default();
    let own = all
        .iter()
        .find(|one| one["current"] == true)
        .cloned()
        .unwrap_or_default();
    ensure!(own["deviceId"] == "judge-session", list);
    let path = format!("/v1/sessions/{}/end", text(&own["sessionId"])?);
    let (status, problem) = setting
        .http
        .post(&path, setting.other_token(), &Value::Null)
        .await?;
    ensure!(
        status == 404 && problem["code"] == "session.notFound",
        problem
    );
    let (status, answer) = setting
        .http
        .post(&path, setting.token(), &Value::Null)
        .await?;
    ensure!(status == 200, answer);
    let (status, problem) = setting.http.get("/v1/me", token(&session)).await?;
    ensure!(status == 401, problem);
    Ok(())
}

async fn logout(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-logout").await?;
    let body = json!({"refreshToken": session["refreshToken"]});
    let (status, answer) = setting
        .http
        .post("/v1/auth/logout", token(&session), &body)
        .await?;
    ensure!(status == 200, answer);
    let (status, problem) = setting.http.get("/v1/me", token(&session)).await?;
    ensure!(status == 401 && problem["code"] == "token.invalid", problem);
    let (status, problem) = setting.http.post("/v1/auth/refresh", "", &body).await?;
    ensure!(
        status == 401 && problem["code"] == "session.revoked",
        problem
    );
    Ok(())
}

fn with(session: &Value) -> Value {
    json!({"refreshToken": session["refreshToken"]})
}

async fn refresh_again(setting: &Setting<'_>) -> Outcome {
    let first = setting.login("judge-refresh").await?;
    let path = "/v1/auth/refresh";
    let (status, second) = setting.http.post(path, "", &with(&first)).await?;
    ensure!(status == 200, second);
    ensure!(
        second["refreshToken"] != first["refreshToken"],
        "the same refresh token"
    );
    let (status, again) = setting.http.post(path, "", &with(&first)).await?;
    ensure!(status == 200, again);
    ensure!(
        again["refreshToken"] == second["refreshToken"],
        "another successor"
    );
    let (status, me) = setting.http.get("/v1/me", token(&again)).await?;
    ensure!(status == 200, me);
    Ok(())
}

async fn stolen(setting: &Setting<'_>) -> Outcome {
    let first = setting.login("judge-thief").await?;
    let path = "/v1/auth/refresh";
    let (_, second) = setting.http.post(path, "", &with(&first)).await?;
    let (_, third) = setting.http.post(path, "", &with(&second)).await?;
    let (status, problem) = setting.http.post(path, "", &with(&first)).await?;
    ensure!(
        status == 401 && problem["code"] == "session.revoked",
        problem
    );
    let (status, problem) = setting.http.post(path, "", &with(&third)).await?;
    ensure!(status == 401, problem);
    Ok(())
}

async fn newest_session(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let name = text(&stranger["userId"])?;
    for device in ["second", "third"] {
        let login = setting.http.login(&name, "a long password", device);
        let (status, session) = login.await?;
        ensure!(status == 200, session);
    }
    let (_, list) = setting.http.get("/v1/sessions", token(&stranger)).await?;
    let all = list["sessions"].as_array().cloned().unwrap_or_default();
    let devices: Vec<&Value> = all.iter().map(|one| &one["deviceId"]).collect();
    ensure!(devices == ["third", "second", "judge"], list);
    Ok(())
}

async fn made_up(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-robbed").await?;
    let real = text(&session["refreshToken"])?;
    // With everything but its last characters it names the same session.
    let kept = real.len().saturating_sub(8);
    let made_up = format!("{}{}", real.get(..kept).unwrap_or_default(), "00000000");
    let path = "/v1/auth/refresh";
    for token in [made_up.as_str(), "nonsense", ""] {
        let body = json!({ "refreshToken": token });
        let (status, problem) = setting.http.post(path, "", &body).await?;
        ensure!(
            status == 401 && problem["code"] == "session.revoked",
            problem
        );
        let (status, answer) = setting.http.post("/v1/auth/logout", "", &body).await?;
        ensure!(status == 200, answer);
    }
    let (status, fresh) = setting.http.post(path, "", &with(&session)).await?;
    ensure!(status == 200, fresh);
    Ok(())
}
