//! What comes first, and what stops what: §2.4, §3.3, §3.8 and §5.2.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::codes;
use crate::setting::{Setting, ensure, number, text, token};
use crate::wire::{Socket, WireError, operation_key, skipped};

checks! {
    "2.4.5" [] {administration} "first it counts whether it exists, then whether one may, then the values" => what_counts_first;
    "3.3.4" [] {presence} "presence comes before or after the events that were missed, not among them" => presence_apart;
    "3.8.5" [] "before a close for a frame or a token comes a problem, or nothing" => nothing_but_a_problem;
    "3.8.6" [] "a submit that cannot be read is answered under its number, and the socket stays" => unreadable_submit;
    "5.2.4" [] "after a failure the rest to the same person is skipped, and others go on" => skipped_to_a_person;
}

async fn what_counts_first(setting: &Setting<'_>) -> Outcome {
    let blank = |id: &str| json!({"conversationId": id, "text": " "});
    let alone = json!({"kind": "group", "title": "Alone", "participantIds": []});
    let alone = setting
        .done(setting.token(), "conversation.create", alone)
        .await?;
    let alone = text(&alone["conversation"]["conversationId"])?;
    let theirs = setting.other_token();
    for nowhere in ["no-such", &alone] {
        setting
            .refused(
                theirs,
                "message.send",
                blank(nowhere),
                "conversation.notFound",
            )
            .await?;
    }
    let group = setting.group().await?;
    let update = json!({"conversationId": group, "title": " "});
    setting
        .refused(
            theirs,
            "conversation.update",
            update,
            "conversation.forbidden",
        )
        .await?;
    let writing = json!({"conversationId": group, "writing": "admins"});
    setting
        .done(setting.token(), "conversation.update", writing)
        .await?;
    setting
        .refused(
            theirs,
            "message.send",
            blank(&group),
            "conversation.forbidden",
        )
        .await
}

/// More events than one frame may hold (§6.1).
const MANY_EVENTS: usize = 130;

async fn presence_apart(setting: &Setting<'_>) -> Outcome {
    let mark = setting.mark(setting.token()).await?;
    let at_once = setting.at_once(50);
    let mut said = 0;
    while said < MANY_EVENTS {
        let mut operations = Vec::new();
        for _ in 0..at_once.min(MANY_EVENTS - said) {
            operations.push(setting.message(&operation_key()?, "missed"));
        }
        said += operations.len();
        let outcomes = setting.submit(Value::Array(operations)).await?;
        if outcomes
            .iter()
            .any(|one| one["problem"]["code"] == "rate.limited")
        {
            return Err(skipped("so many messages are not let through in a minute"));
        }
    }
    let (_his, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let log = json!(mark.log);
    let (mut hers, ready) = setting.connect(&setting.session, mark.seq, &log).await?;
    let head = number(&ready["head"])?;
    let frames = hers.so_far().await?;
    let kinds: Vec<&Value> = frames.iter().map(|frame| &frame["type"]).collect();
    let first = kinds.iter().position(|kind| **kind == "events");
    let last = frames.iter().position(|frame| {
        let events = frame["events"].as_array().and_then(|events| events.last());
        events.is_some_and(|event| event["seq"] == head)
    });
    let (Some(first), Some(last)) = (first, last) else {
        return Err(crate::wire::wire("the events up to head did not come"));
    };
    let apart = kinds
        .get(first..=last)
        .is_some_and(|kinds| kinds.iter().all(|kind| **kind == "events"));
    ensure!(apart, json!(kinds));
    ensure!(kinds.iter().any(|kind| **kind == "presence"), json!(kinds));
    Ok(())
}

/// The frames before the end of a socket, and its code.
async fn last_words(socket: &mut Socket) -> Result<(Vec<Value>, u16), WireError> {
    let mut frames = Vec::new();
    loop {
        match socket.next().await? {
            Ok(frame) => frames.push(frame),
            Err(code) => return Ok((frames, code)),
        }
    }
}

async fn nothing_but_a_problem(setting: &Setting<'_>) -> Outcome {
    let submit = json!({"type": "submit", "submitId": 3, "operations": "none"});
    let bad_token = json!({"type": "hello", "version": 1, "since": 0, "accessToken": "no"});
    for (frame, expected) in [
        ("nonsense".to_owned(), 4400),
        (submit.to_string(), 4400),
        (bad_token.to_string(), 4401),
    ] {
        let mut socket = setting.socket().await?;
        socket.send_text(&frame).await?;
        let (frames, code) = last_words(&mut socket).await?;
        ensure!(code == expected, json!([frame, code]));
        for said in &frames {
            ensure!(said["type"] == "problem", said);
            ensure!(said["problem"]["code"].is_string(), said);
            codes::check(&said["problem"])?;
        }
    }
    Ok(())
}

async fn unreadable_submit(setting: &Setting<'_>) -> Outcome {
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let submit = json!({"type": "submit", "submitId": 17, "operations": [{"method": 7}]});
    socket.send(&submit).await?;
    let problem = socket.next_of("problem").await?;
    ensure!(problem["submitId"] == 17, problem);
    ensure!(problem["problem"]["code"] == "request.malformed", problem);
    let operation = setting.message(&operation_key()?, "on the same socket");
    let submit = json!({"type": "submit", "submitId": 18, "operations": [operation]});
    socket.send(&submit).await?;
    let outcome = socket.next_of("outcome").await?;
    ensure!(outcome["submitId"] == 18, outcome);
    ensure!(outcome["outcomes"][0]["status"] == "applied", outcome);
    Ok(())
}

async fn skipped_to_a_person(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let to = |body: &str| -> Result<Value, WireError> {
        Ok(
            json!({"operationKey": operation_key()?, "method": "message.send",
            "params": {"toUserId": stranger["userId"], "conversationId": null, "text": body}}),
        )
    };
    let operations = [
        to("  ")?,
        to("behind a refused one")?,
        setting.message(&operation_key()?, "elsewhere"),
    ];
    let outcomes = setting.submit(json!(operations)).await?;
    let states: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["status"]).collect();
    ensure!(states == ["failed", "skipped", "applied"], json!(states));
    let (status, there) = setting
        .http
        .get("/v1/conversations", token(&stranger))
        .await?;
    ensure!(status == 200 && there["conversations"] == json!([]), there);
    Ok(())
}
