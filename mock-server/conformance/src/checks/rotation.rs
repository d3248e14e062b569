//! §7.1 and §7.2: refresh tokens one after the other, and the ends of sessions.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{Socket, WireError};

checks! {
    "7.1.6" [] {sessions} "with a session that somebody ends its sockets close, and no others" => ended;
    "7.2.5" [M22] "every refresh can be repeated, and more than once" => every_refresh;
    "7.2.6" [] "a refresh token three back ends the session, its sockets and its access tokens" => three_back;
}

async fn refresh(setting: &Setting<'_>, session: &Value) -> Result<(u16, Value), WireError> {
    let body = json!({"refreshToken": session["refreshToken"]});
    setting.http.post("/v1/auth/refresh", "", &body).await
}

/// The next session, which has to be given.
async fn next(setting: &Setting<'_>, session: &Value) -> Result<Value, WireError> {
    let (status, next) = refresh(setting, session).await?;
    ensure!(status == 200, next);
    Ok(next)
}

/// Neither its access token nor its refresh token is good any more.
async fn is_over(setting: &Setting<'_>, session: &Value) -> Outcome {
    let (status, problem) = setting.http.get("/v1/me", token(session)).await?;
    ensure!(status == 401 && problem["code"] == "token.invalid", problem);
    let (status, problem) = refresh(setting, session).await?;
    ensure!(
        status == 401 && problem["code"] == "session.revoked",
        problem
    );
    Ok(())
}

async fn closes(socket: &mut Socket) -> Outcome {
    let code = socket.closed().await?;
    ensure!(code == 4403, code);
    Ok(())
}

async fn every_refresh(setting: &Setting<'_>) -> Outcome {
    let mut session = setting.login("judge-rotates").await?;
    for _ in 0..4 {
        let fresh = next(setting, &session).await?;
        ensure!(
            fresh["refreshToken"] != session["refreshToken"],
            "the same refresh token"
        );
        for _ in 0..3 {
            let again = next(setting, &session).await?;
            ensure!(
                again["refreshToken"] == fresh["refreshToken"],
                "another successor"
            );
            let (status, me) = setting.http.get("/v1/me", token(&again)).await?;
            ensure!(status == 200, me);
        }
        session = fresh;
    }
    Ok(())
}

async fn three_back(setting: &Setting<'_>) -> Outcome {
    let first = setting.login("judge-robbed-late").await?;
    let mut newest = first.clone();
    for _ in 0..3 {
        newest = next(setting, &newest).await?;
    }
    let (mut socket, _) = setting.connect(&newest, 0, &Value::Null).await?;
    let (status, problem) = refresh(setting, &first).await?;
    ensure!(
        status == 401 && problem["code"] == "session.revoked",
        problem
    );
    is_over(setting, &newest).await?;
    closes(&mut socket).await
}

async fn ended(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-to-be-ended").await?;
    let (_, list) = setting.http.get("/v1/sessions", token(&session)).await?;
    let mut all = list["sessions"].as_array().into_iter().flatten();
    let own = all.find(|one| one["current"] == true);
    let own = own.ok_or_else(|| crate::wire::wire("no session is the current one"))?;
    let (mut one, _) = setting.connect(&session, 0, &Value::Null).await?;
    let (mut two, _) = setting.connect(&session, 0, &Value::Null).await?;
    let (mut elsewhere, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let path = format!("/v1/sessions/{}/end", text(&own["sessionId"])?);
    let (status, answer) = setting
        .http
        .post(&path, setting.token(), &Value::Null)
        .await?;
    ensure!(status == 200, answer);
    closes(&mut one).await?;
    closes(&mut two).await?;
    elsewhere.so_far().await?;
    is_over(setting, &session).await
}
