//! §4.2 and §5.1 to §5.3: positions, keys, submits, outcomes.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text};
use crate::wire::operation_key;

checks! {
    "4.2.2" [] "positions are dense and in the order of the submit" => positions;
    "4.2.3" [] "no two messages have the same key, also of different senders" => keys_are_one;
    "5.1.1" [M10] {editing} "the same key again is answered with the first outcome and changes nothing" => same_key;
    "5.1.2" [] "the same key for something else is a conflict" => key_conflict;
    "5.1.3" [] "a refused operation is not remembered" => refused_again;
    "5.1.4" [M9] {administration} "an operation is applied completely or not at all" => atomic;
    "5.1.5" [M12] "the key of a message is remembered as long as the message" => old_key;
    "5.1.6" [] "a null is an absent field, also under a key that was used" => nulls;
    "5.2.2" [] "an operation without a readable key makes its submit unreadable, params only themselves" => unreadable;
    "5.2.1" [] "after a failure the conversation's rest is skipped, and others go on" => skipped;
    "5.3.1" [] "an outcome per operation, in their order, with the log's newest event" => outcomes;
    "5.3.3" [M17] "the answer to a submit names the log, over a socket and over HTTP" => log_of_outcomes;
}

async fn positions(setting: &Setting<'_>) -> Outcome {
    let mut operations = Vec::new();
    for number in 0..5 {
        operations.push(setting.message(&operation_key()?, &format!("in order {number}")));
    }
    let outcomes = setting.submit(Value::Array(operations)).await?;
    let first = number(&outcomes[0]["message"]["position"])?;
    for (index, outcome) in outcomes.iter().enumerate() {
        ensure!(
            outcome["message"]["position"] == first + index as u64,
            outcome
        );
    }
    Ok(())
}

async fn keys_are_one(setting: &Setting<'_>) -> Outcome {
    let operation = setting.message(&operation_key()?, "the first with this key");
    setting.submit(json!([operation])).await?;
    let outcomes = setting
        .submit_as(setting.other_token(), json!([operation]))
        .await?;
    let code = &outcomes[0]["problem"]["code"];
    ensure!(*code == "operation.conflict", outcomes[0]);
    Ok(())
}

async fn same_key(setting: &Setting<'_>) -> Outcome {
    let operation = setting.message(&operation_key()?, "only once");
    let first = setting.submit(json!([operation])).await?;
    let again = setting.submit(json!([operation, operation])).await?;
    ensure!(first[0] == again[0] && again[0] == again[1], again[0]);
    let view = setting.view(setting.token(), &setting.conversation).await?;
    ensure!(
        view["lastPosition"] == first[0]["message"]["position"],
        view["lastPosition"]
    );
    // The message is told as it is now.
    let edit = json!({
        "conversationId": first[0]["message"]["conversationId"],
        "messageKey": first[0]["operationKey"],
        "text": "better",
    });
    setting.done(setting.token(), "message.edit", edit).await?;
    let edited = setting.submit(json!([operation])).await?;
    ensure!(edited[0]["status"] == "applied", edited[0]);
    ensure!(edited[0]["message"]["text"] == "better", edited[0]);
    Ok(())
}

async fn key_conflict(setting: &Setting<'_>) -> Outcome {
    let key = operation_key()?;
    setting
        .submit(json!([setting.message(&key, "one thing")]))
        .await?;
    let outcomes = setting
        .submit(json!([setting.message(&key, "another")]))
        .await?;
    ensure!(
        outcomes[0]["problem"]["code"] == "operation.conflict",
        outcomes[0]
    );
    Ok(())
}

async fn nulls(setting: &Setting<'_>) -> Outcome {
    let operation = setting.message(&operation_key()?, "said once");
    let first = setting.submit(json!([operation])).await?;
    let mut written = operation;
    for field in ["replyTo", "threadRoot", "payload"] {
        written["params"][field] = Value::Null;
    }
    let again = setting.submit(json!([written])).await?;
    ensure!(first[0] == again[0], again[0]);
    Ok(())
}

async fn refused_again(setting: &Setting<'_>) -> Outcome {
    let key = operation_key()?;
    let outcomes = setting.submit(json!([setting.message(&key, "  ")])).await?;
    ensure!(outcomes[0]["status"] == "failed", outcomes[0]);
    let outcomes = setting
        .submit(json!([setting.message(&key, "better")]))
        .await?;
    ensure!(outcomes[0]["status"] == "applied", outcomes[0]);
    Ok(())
}

async fn atomic(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let group = setting.group().await?;
    let before = setting.view(setting.token(), &group).await?;
    let people = json!([stranger["userId"], "nobody-at-all"]);
    let params = json!({"conversationId": group, "userIds": people});
    setting
        .refused(setting.token(), "participant.add", params, "user.notFound")
        .await?;
    let after = setting.view(setting.token(), &group).await?;
    ensure!(
        after["participants"] == before["participants"],
        after["participants"]
    );
    ensure!(
        after["lastPosition"] == before["lastPosition"],
        after["lastPosition"]
    );
    Ok(())
}

async fn old_key(setting: &Setting<'_>) -> Outcome {
    let operation = setting.message(&operation_key()?, "long ago");
    let first = setting.submit(json!([operation])).await?;
    for _ in 0..3 {
        let mut more = Vec::new();
        for _ in 0..setting.at_once(50) {
            more.push(setting.message(&operation_key()?, "since then"));
        }
        setting.submit(Value::Array(more)).await?;
    }
    let again = setting.submit(json!([operation])).await?;
    ensure!(
        again[0]["message"]["position"] == first[0]["message"]["position"],
        again[0]
    );
    Ok(())
}

async fn skipped(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let blank = setting.message(&operation_key()?, "  ");
    let behind = setting.message(&operation_key()?, "behind a refused one");
    let elsewhere = json!({"operationKey": operation_key()?, "method": "message.send",
        "params": {"conversationId": group, "text": "elsewhere"}});
    let outcomes = setting.submit(json!([blank, behind, elsewhere])).await?;
    let states: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["status"]).collect();
    ensure!(states == ["failed", "skipped", "applied"], json!(states));
    // A skipped operation is not remembered: its key may come again.
    let outcomes = setting.submit(json!([behind])).await?;
    ensure!(outcomes[0]["status"] == "applied", outcomes[0]);
    Ok(())
}

async fn unreadable(setting: &Setting<'_>) -> Outcome {
    let good = setting.message(&operation_key()?, "beside what cannot be read");
    for broken in [
        json!({"method": "message.send", "params": good["params"]}),
        json!({"operationKey": "no key", "method": "message.send", "params": good["params"]}),
        json!({"operationKey": operation_key()?, "params": good["params"]}),
    ] {
        let body = json!({"operations": [good, broken]});
        let (status, problem) = setting
            .http
            .post("/v1/operations", setting.token(), &body)
            .await?;
        ensure!(
            status == 400 && problem["code"] == "request.malformed",
            problem
        );
    }
    let odd = json!({"operationKey": operation_key()?, "method": "conversation.create",
        "params": {"kind": "group", "title": 7, "participantIds": "nobody"}});
    let outcomes = setting.submit(json!([odd, good])).await?;
    ensure!(
        outcomes[0]["problem"]["code"] == "params.invalid",
        outcomes[0]
    );
    ensure!(outcomes[1]["status"] == "applied", outcomes[1]);
    Ok(())
}

async fn outcomes(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let keys = [operation_key()?, operation_key()?];
    let operations = [
        setting.message(&keys[0], "one"),
        setting.message(&keys[1], "two"),
    ];
    socket
        .send(&json!({"type": "submit", "submitId": 7, "operations": operations}))
        .await?;
    let outcome = socket.next_of("outcome").await?;
    ensure!(outcome["submitId"] == 7, outcome);
    let mut last = 0;
    for (index, key) in keys.iter().enumerate() {
        let one = &outcome["outcomes"][index];
        ensure!(
            one["operationKey"] == key.as_str() && one["appliedAt"].is_i64(),
            one
        );
        let seq = number(&one["seq"])?;
        ensure!(seq > last, one);
        last = seq;
    }
    let (_, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
    ensure!(ready["head"].as_u64() >= Some(last), ready["head"]);
    Ok(())
}

async fn log_of_outcomes(setting: &Setting<'_>) -> Outcome {
    let (mut socket, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let log = text(&ready["logId"])?;
    for operations in [
        json!([setting.message(&operation_key()?, "one")]),
        json!([]),
    ] {
        socket
            .send(&json!({"type": "submit", "submitId": 8, "operations": operations}))
            .await?;
        let outcome = socket.next_of("outcome").await?;
        ensure!(outcome["logId"] == log.as_str(), outcome);
    }
    let body = json!({"operations": [setting.message(&operation_key()?, " ")]});
    let (status, answer) = setting
        .http
        .post("/v1/operations", setting.token(), &body)
        .await?;
    ensure!(status == 200 && answer["logId"] == log.as_str(), answer);
    let (_, snapshot) = setting.http.get("/v1/snapshot", setting.token()).await?;
    ensure!(snapshot["logId"] == log.as_str(), snapshot["logId"]);
    Ok(())
}
