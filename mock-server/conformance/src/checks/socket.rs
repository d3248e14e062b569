//! §3: the WebSocket.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{FRAME_BYTES, Setting, ensure, number, token};
use crate::wire::{Socket, operation_key};

checks! {
    "3.1.1" [] "the token may be in the header" => token_in_header;
    "3.1.2" [] "the token may be in the query" => token_in_query;
    "3.1.3" [] "the token of the hello wins" => hello_wins;
    "3.2.1" [M4] "anything before hello closes with 4400" => before_hello;
    "3.2.2" [] "a second hello closes with 4400" => hello_twice;
    "3.2.3" [] "a hello without since begins anew" => hello_without_since;
    "3.2.4" [] "frames of unknown types are ignored before hello, too" => unknown_before_hello;
    "3.3.1" [M11] "hello is answered with ready, and keys are kept for at least 30 days" => ready;
    "3.3.2" [] "events after since come first, then new ones" => resume;
    "3.3.3" [] "a log that cannot be followed is a sync.reset" => reset;
    "3.5.1" [M5] "a ping is answered with a pong of the same id and the log's head" => pong;
    "3.5.2" [M6] "the events up to head come before the pong that names it" => events_before_pong;
    "3.5.3" [] "a ping has a number from 0 to 2^53 − 1" => ping_numbers;
    "3.6.1" [] "a fresh token of the same session keeps the socket" => authenticate;
    "3.6.2" [] "a bad fresh token closes with 4401" => authenticate_badly;
    "3.6.3" [] "a token of another session, or of another user, closes with 4401" => authenticate_as_another;
    "3.7.1" [] "a submit that is refused as a whole is answered with its submitId" => refused_submit;
    "3.8.1" [] "a bad token closes with 4401" => bad_token;
    "3.8.2" [] "what is no frame closes with 4400" => no_frame;
    "3.8.3" [] "a session that ends closes with 4403" => session_ends;
    "3.8.4" [] "a frame beyond frameBytes closes with 1009" => too_large;
}

async fn greeted(mut socket: Socket, hello: &Value) -> Outcome {
    socket.send(hello).await?;
    socket.next_of("ready").await.map(|_| ())
}

async fn token_in_header(setting: &Setting<'_>) -> Outcome {
    let token = Some(setting.token());
    let socket = Socket::open(setting.backend, &setting.exchange, token, None).await?;
    greeted(socket, &json!({"type": "hello", "version": 1, "since": 0})).await
}

async fn token_in_query(setting: &Setting<'_>) -> Outcome {
    let token = Some(setting.token());
    let socket = Socket::open(setting.backend, &setting.exchange, None, token).await?;
    greeted(socket, &json!({"type": "hello", "version": 1, "since": 0})).await
}

async fn hello_wins(setting: &Setting<'_>) -> Outcome {
    let socket = Socket::open(setting.backend, &setting.exchange, Some("no token"), None).await?;
    let hello = json!({"type": "hello", "version": 1, "since": 0,
        "accessToken": setting.session["accessToken"]});
    greeted(socket, &hello).await
}

async fn before_hello(setting: &Setting<'_>) -> Outcome {
    let mut socket = setting.socket().await?;
    socket.send(&json!({"type": "ping", "id": 1})).await?;
    let code = socket.closed().await?;
    ensure!(code == 4400, code);
    Ok(())
}

async fn hello_twice(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let hello = json!({"type": "hello", "version": 1, "since": 0,
        "accessToken": setting.session["accessToken"]});
    socket.send(&hello).await?;
    let code = socket.closed().await?;
    ensure!(code == 4400, code);
    Ok(())
}

async fn hello_without_since(setting: &Setting<'_>) -> Outcome {
    let mut socket = setting.socket().await?;
    let hello = json!({"type": "hello", "version": 1,
        "accessToken": setting.session["accessToken"]});
    socket.send(&hello).await?;
    socket.next_of("ready").await?;
    socket.next_of("sync.reset").await?;
    Ok(())
}

async fn unknown_before_hello(setting: &Setting<'_>) -> Outcome {
    let mut socket = setting.socket().await?;
    socket
        .send(&json!({"type": "of.tomorrow", "since": "x"}))
        .await?;
    let hello = json!({"type": "hello", "version": 1, "since": 0,
        "accessToken": setting.session["accessToken"]});
    greeted(socket, &hello).await
}

async fn ready(setting: &Setting<'_>) -> Outcome {
    let ready = &setting.ready;
    ensure!(ready["userId"] == setting.backend.user.as_str(), ready);
    ensure!(ready["deviceId"] == "judge", ready);
    ensure!(ready["logId"].is_string() && ready["head"].is_u64(), ready);
    ensure!(
        ready["heartbeatMs"].is_u64() && ready["serverTime"].is_i64(),
        ready
    );
    let retention = ready["operationKeyRetentionMs"].as_u64();
    ensure!(retention >= Some(30 * 24 * 3_600_000), ready);
    ensure!(ready["capabilities"].is_array(), ready);
    Ok(())
}

async fn resume(setting: &Setting<'_>) -> Outcome {
    let (_, ready) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let head = number(&ready["head"])?;
    for body in ["first", "second", "third"] {
        setting.say(body).await?;
    }
    let (mut socket, again) = setting
        .connect(&setting.other, head, &ready["logId"])
        .await?;
    ensure!(again["logId"] == ready["logId"], again);
    setting.say("fourth").await?;
    let events = socket.events(4).await?;
    let texts: Vec<&Value> = events.iter().map(|event| &event["data"]["text"]).collect();
    ensure!(
        texts == ["first", "second", "third", "fourth"],
        json!(texts)
    );
    Ok(())
}

async fn reset(setting: &Setting<'_>) -> Outcome {
    let (log, beyond) = (
        &setting.ready["logId"],
        number(&setting.ready["head"])?.saturating_add(1_000_000),
    );
    for (since, log) in [
        (0, Value::Null),
        (0, json!("another-log")),
        (beyond, log.clone()),
    ] {
        let (mut socket, ready) = setting.connect(&setting.session, since, &log).await?;
        let reset = socket.next_of("sync.reset").await?;
        ensure!(
            reset["logId"] == ready["logId"] && reset["head"].is_u64(),
            reset
        );
    }
    Ok(())
}

async fn pong(setting: &Setting<'_>) -> Outcome {
    let (mut socket, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
    for id in [77, 3] {
        socket.send(&json!({"type": "ping", "id": id})).await?;
        let pong = socket.next_of("pong").await?;
        ensure!(pong["id"] == id, pong);
        ensure!(pong["head"].as_u64() >= ready["head"].as_u64(), pong);
    }
    Ok(())
}

async fn events_before_pong(setting: &Setting<'_>) -> Outcome {
    let (mut socket, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let mut seen = number(&ready["head"])?;
    for id in 0..3 {
        let operation = setting.message(&operation_key()?, "before the pong");
        let submit = json!({"type": "submit", "submitId": id, "operations": [operation]});
        socket.send(&submit).await?;
        socket.send(&json!({"type": "ping", "id": id})).await?;
        loop {
            let Ok(frame) = socket.next().await? else {
                ensure!(false, "the socket was closed");
                return Ok(());
            };
            if frame["type"] == "events" {
                let last = frame["events"].as_array().and_then(|events| events.last());
                seen = last.and_then(|event| event["seq"].as_u64()).unwrap_or(seen);
            }
            if frame["type"] == "pong" {
                ensure!(
                    frame["head"].as_u64() <= Some(seen),
                    format!("{frame}, and events up to {seen}")
                );
                break;
            }
        }
    }
    Ok(())
}

async fn authenticate(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-again").await?;
    let (mut socket, _) = setting.connect(&session, 0, &Value::Null).await?;
    let body = json!({"refreshToken": session["refreshToken"]});
    let (status, fresh) = setting.http.post("/v1/auth/refresh", "", &body).await?;
    ensure!(status == 200, fresh);
    let frame = json!({"type": "authenticate", "accessToken": fresh["accessToken"]});
    socket.send(&frame).await?;
    socket.send(&json!({"type": "ping", "id": 1})).await?;
    socket.next_of("pong").await.map(|_| ())
}

async fn ping_numbers(setting: &Setting<'_>) -> Outcome {
    const LARGEST: u64 = (1 << 53) - 1;
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    for id in [0, LARGEST] {
        socket.send(&json!({"type": "ping", "id": id})).await?;
        let pong = socket.next_of("pong").await?;
        ensure!(pong["id"] == id, pong);
    }
    for id in [json!(LARGEST + 1), json!(-1), json!("1"), Value::Null] {
        let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
        socket.send(&json!({"type": "ping", "id": id})).await?;
        let code = socket.closed().await?;
        ensure!(code == 4400, json!([id, code]));
    }
    Ok(())
}

async fn authenticate_badly(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    socket
        .send(&json!({"type": "authenticate", "accessToken": "no token"}))
        .await?;
    let code = socket.closed().await?;
    ensure!(code == 4401, code);
    Ok(())
}

async fn authenticate_as_another(setting: &Setting<'_>) -> Outcome {
    let another = setting.login("judge-elsewhere").await?;
    for session in [&another, &setting.other] {
        let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
        socket
            .send(&json!({"type": "authenticate", "accessToken": session["accessToken"]}))
            .await?;
        let code = socket.closed().await?;
        ensure!(code == 4401, code);
    }
    Ok(())
}

async fn refused_submit(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let mut operations = Vec::new();
    for _ in 0..=setting.count_limit("operationsPerSubmit", 100)? {
        operations.push(setting.message(&operation_key()?, "too many"));
    }
    socket
        .send(&json!({"type": "submit", "submitId": 41, "operations": operations}))
        .await?;
    let problem = socket.next_of("problem").await?;
    ensure!(problem["submitId"] == 41, problem);
    ensure!(problem["problem"]["code"] == "request.tooLarge", problem);
    Ok(())
}

async fn bad_token(setting: &Setting<'_>) -> Outcome {
    let mut socket = setting.socket().await?;
    let hello = json!({"type": "hello", "version": 1, "since": 0, "accessToken": "no"});
    socket.send(&hello).await?;
    let code = socket.closed().await?;
    ensure!(code == 4401, code);
    Ok(())
}

async fn no_frame(setting: &Setting<'_>) -> Outcome {
    for text in ["nonsense", "[]", "{\"type\": 7}"] {
        let mut socket = setting.socket().await?;
        socket.send_text(text).await?;
        let code = socket.closed().await?;
        ensure!(code == 4400, code);
    }
    Ok(())
}

async fn session_ends(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-leaving").await?;
    let (mut socket, _) = setting.connect(&session, 0, &Value::Null).await?;
    let body = json!({"refreshToken": session["refreshToken"]});
    let (status, answer) = setting
        .http
        .post("/v1/auth/logout", token(&session), &body)
        .await?;
    ensure!(status == 200, answer);
    let code = socket.closed().await?;
    ensure!(code == 4403, code);
    Ok(())
}

async fn too_large(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let padding = "x".repeat(setting.byte_limit("frameBytes", FRAME_BYTES)? + 1);
    let frame = json!({"type": "ping", "id": 1, "padding": padding});
    let (code, is_cut) = socket.refused(&frame).await?;
    // A server that closes before it has read all of a frame may cut the socket off, and its close frame with it.
    ensure!(code == 1009 || (is_cut && code == 1006), code);
    Ok(())
}
