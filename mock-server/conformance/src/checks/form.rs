//! §2, §8 and §9: form, what is not known, failures, limits.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{FRAME_BYTES, Setting, ensure};
use crate::wire::{operation_key, wire};

checks! {
    "2.1.1" [] "what other readers of JSON could not read is refused" => unreadable_values;
    "2.1.2" [] "a list is no object, and fields that are not known have to be read as well" => objects;
    "2.2.1" [] "times are milliseconds since 1970" => times;
    "2.3.1" [] "null is the same as absent" => nulls;
    "2.4.1" [M1] "unknown fields are ignored" => unknown_fields;
    "2.4.2" [M2] "frames of unknown types are ignored" => unknown_frames;
    "2.4.3" [] "unknown methods are answered, and stop nothing" => unknown_methods;
    "2.4.4" [] {administration} "an operation with a value that is not known is refused" => unknown_values;
    "2.5.1" [] "an unknown version is told, and closes with 4400" => unknown_version;
    "2.5.2" [] "of a hello of another version nothing else is looked at" => unreadable_version;
    "8.0.1" [] "errors are problem documents with code, title and status" => problems;
    "8.0.2" [] "what is no JSON is request.malformed" => malformed;
    "9.0.1" [] "a submit with too many operations is refused as a whole" => too_many;
    "9.0.2" [] "a body beyond frameBytes is request.tooLarge" => too_large;
}

async fn unreadable_values(setting: &Setting<'_>) -> Outcome {
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    for data in ["1e999", "NaN", "\"\\ud800\"", &deep] {
        let body = format!(
            "{{\"operations\": [{{\"operationKey\": \"{}\", \"method\": \"message.send\", \"params\": \
             {{\"conversationId\": \"{}\", \"text\": \"x\", \"payload\": {{\"type\": \"t\", \"data\": {data}}}}}}}]}}",
            operation_key()?,
            setting.conversation
        );
        let answer = setting
            .http
            .ask(
                "POST",
                "/v1/operations",
                setting.token(),
                &[],
                body.into_bytes(),
            )
            .await?;
        ensure!(
            answer.status == 400 && answer.body["code"] == "request.malformed",
            json!([data, answer.body])
        );
    }
    Ok(())
}

async fn objects(setting: &Setting<'_>) -> Outcome {
    let post = async |path: &str, body: String| {
        let token = setting.token();
        let asked = setting
            .http
            .ask("POST", path, token, &[], body.into_bytes());
        asked.await
    };
    let key = operation_key()?;
    let id = &setting.conversation;
    let (user, password) = (&setting.backend.user, &setting.backend.password);
    for (path, body) in [
        (
            "/v1/auth/login",
            json!([user, password, "judge"]).to_string(),
        ),
        (
            "/v1/operations",
            json!({"operations": [[key, "message.send", {"conversationId": id, "text": "x"}]]})
                .to_string(),
        ),
        (
            "/v1/operations",
            r#"{"operations": [], "later": 1e999}"#.to_owned(),
        ),
        (
            "/v1/operations",
            r#"{"operations": [], "later": "\ud800"}"#.to_owned(),
        ),
    ] {
        let answer = post(path, body).await?;
        ensure!(
            answer.status == 400 && answer.body["code"] == "request.malformed",
            json!([path, answer.body])
        );
    }
    let leave = json!({"operationKey": key, "method": "conversation.leave", "params": [id]});
    let outcomes = setting.submit(json!([leave])).await?;
    ensure!(
        outcomes[0]["problem"]["code"] == "params.invalid",
        outcomes[0]
    );
    let mut socket = setting.socket().await?;
    socket.send(&json!(["hello", 1, setting.token()])).await?;
    let code = socket.closed().await?;
    ensure!(code == 4400, code);
    Ok(())
}

async fn times(setting: &Setting<'_>) -> Outcome {
    let told = setting.ready["serverTime"].as_i64().unwrap_or_default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(wire)?;
    let now = i64::try_from(since.as_millis()).map_err(wire)?;
    const DAY_MS: i64 = 86_400_000;
    ensure!(
        (told - now).abs() < DAY_MS,
        format!("serverTime {told}, here it is {now}")
    );
    Ok(())
}

async fn nulls(setting: &Setting<'_>) -> Outcome {
    let params = json!({"conversationId": setting.conversation, "text": "with nulls",
        "replyTo": null, "threadRoot": null, "payload": null, "forwardOf": null, "mentions": null,
        "attachments": null});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    ensure!(outcome["message"]["replyTo"].is_null(), outcome);
    Ok(())
}

async fn unknown_fields(setting: &Setting<'_>) -> Outcome {
    let mut socket = setting.socket().await?;
    let hello = json!({"type": "hello", "version": 1, "since": 0, "later": {"x": 1},
        "accessToken": setting.session["accessToken"]});
    socket.send(&hello).await?;
    socket.next_of("ready").await?;
    let mut operation = setting.message(&operation_key()?, "from a later version");
    operation["later"] = json!([1]);
    operation["params"]["later"] = json!({"deep": null});
    let submit = json!({"type": "submit", "submitId": 1, "operations": [operation], "later": "x"});
    socket.send(&submit).await?;
    let outcome = socket.next_of("outcome").await?;
    ensure!(outcome["outcomes"][0]["status"] == "applied", outcome);
    Ok(())
}

async fn unknown_frames(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    socket
        .send(&json!({"type": "no.such.frame", "x": 1}))
        .await?;
    socket.send(&json!({"type": "ping", "id": 1})).await?;
    socket.next_of("pong").await.map(|_| ())
}

async fn unknown_methods(setting: &Setting<'_>) -> Outcome {
    let unknown = json!({"operationKey": operation_key()?, "method": "no.such", "params": {}});
    let known = setting.message(&operation_key()?, "known");
    let outcomes = setting.submit(json!([unknown, known])).await?;
    ensure!(
        outcomes[0]["problem"]["code"] == "method.unknown",
        outcomes[0]
    );
    ensure!(outcomes[1]["status"] == "applied", outcomes[1]);
    Ok(())
}

async fn unknown_values(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let role = json!({"conversationId": group, "userId": setting.backend.other_user,
        "role": "owner"});
    let writing = json!({"conversationId": group, "writing": "moderators"});
    let kind = json!({"kind": "channel", "title": "T",
        "participantIds": [setting.backend.other_user]});
    for (method, params) in [
        ("participant.update", role),
        ("conversation.update", writing),
        ("conversation.create", kind),
    ] {
        setting
            .refused(setting.token(), method, params, "params.invalid")
            .await?;
    }
    Ok(())
}

async fn unknown_version(setting: &Setting<'_>) -> Outcome {
    let hello = json!({"type": "hello", "version": 99, "since": 0,
        "accessToken": setting.session["accessToken"]});
    told_of_its_version(setting, &hello).await
}

async fn unreadable_version(setting: &Setting<'_>) -> Outcome {
    for hello in [
        json!({"type": "hello", "version": 2}),
        json!({"type": "hello", "version": 2, "since": "yesterday", "accessToken": 7}),
    ] {
        told_of_its_version(setting, &hello).await?;
    }
    Ok(())
}

async fn told_of_its_version(setting: &Setting<'_>, hello: &Value) -> Outcome {
    let mut socket = setting.socket().await?;
    socket.send(hello).await?;
    let problem = socket.next_of("problem").await?;
    ensure!(problem["problem"]["code"] == "version.unsupported", problem);
    let code = socket.closed().await?;
    ensure!(code == 4400, code);
    Ok(())
}

async fn problems(setting: &Setting<'_>) -> Outcome {
    for (path, status, code) in [
        ("/v1/conversations/no-such", 404, "conversation.notFound"),
        ("/v1/no/such/route", 404, "route.unknown"),
        ("/v1/sync", 410, "sync.reset"),
    ] {
        let answer = setting
            .http
            .ask("GET", path, setting.token(), &[], Vec::new())
            .await?;
        ensure!(answer.status == status, answer.status);
        ensure!(answer.body["code"] == code, answer.body);
        ensure!(answer.body["title"].is_string(), answer.body);
        ensure!(answer.body["status"] == status, answer.body);
        let kind = answer.header("content-type");
        ensure!(kind.starts_with("application/problem+json"), kind);
    }
    Ok(())
}

async fn malformed(setting: &Setting<'_>) -> Outcome {
    for body in ["{", "[]", "\u{0}", "{\"operations\": 7}"] {
        let body = body.as_bytes().to_vec();
        let answer = setting
            .http
            .ask("POST", "/v1/operations", setting.token(), &[], body)
            .await?;
        ensure!(answer.status == 400, answer.body);
        ensure!(answer.body["code"] == "request.malformed", answer.body);
    }
    Ok(())
}

async fn too_many(setting: &Setting<'_>) -> Outcome {
    let before = setting.view(setting.token(), &setting.conversation).await?;
    let mut operations = Vec::new();
    for _ in 0..=setting.count_limit("operationsPerSubmit", 100)? {
        operations.push(setting.message(&operation_key()?, "one too many"));
    }
    let body = json!({ "operations": operations });
    let (status, problem) = setting
        .http
        .post("/v1/operations", setting.token(), &body)
        .await?;
    ensure!(
        status == 413 && problem["code"] == "request.tooLarge",
        problem
    );
    let after = setting.view(setting.token(), &setting.conversation).await?;
    ensure!(
        before["lastPosition"] == after["lastPosition"],
        after["lastPosition"]
    );
    Ok(())
}

async fn too_large(setting: &Setting<'_>) -> Outcome {
    let padding = "x".repeat(setting.byte_limit("frameBytes", FRAME_BYTES)? + 1);
    let body = json!({"operations": [], "padding": padding});
    let (status, problem) = setting
        .http
        .post("/v1/operations", setting.token(), &body)
        .await?;
    ensure!(
        status == 413 && problem["code"] == "request.tooLarge",
        problem
    );
    Ok(())
}
