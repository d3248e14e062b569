//! What every backend does, whatever its capabilities are: values and bounds, what is refused, pairs and pages.

use serde_json::{Value, json};

use super::names::{FORMS, MISLEADING};
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text, token};
use crate::wire::{WireError, operation_key, wire};

checks! {
    "2.4.6" [] "a conversation of a kind that is not known is refused" => unknown_kind;
    "2.4.7" [] "of a message it counts first whether the conversation or the person exists, then its values" => existence_first;
    "3.7.2" [] "of a submit that is refused as a whole nothing is applied" => refused_whole;
    "4.1.4" [M8] "a direct conversation that a message began is found again" => found_again;
    "4.8.5" [] "the title of a new group has a normal form, and nothing in it that is not seen" => titles;
    "5.1.18" [M9] "what was refused leaves no message and no conversation" => nothing_left;
    "5.3.2" [] "the number of an outcome is that of the log's newest event" => newest_event;
    "7.5.10" [] "before the beginning there is nothing, before what is beyond the end the newest, and no page is of no messages" => edges;
}

async fn unknown_kind(setting: &Setting<'_>) -> Outcome {
    let mark = setting.mark(setting.token()).await?;
    for kind in ["channel", "Group", ""] {
        let params = json!({"kind": kind, "title": "Of what kind?",
            "participantIds": [setting.backend.other_user]});
        setting
            .refused(
                setting.token(),
                "conversation.create",
                params,
                "params.invalid",
            )
            .await?;
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

async fn existence_first(setting: &Setting<'_>) -> Outcome {
    let params = json!({"kind": "group", "title": "Theirs", "participantIds": []});
    let theirs = setting
        .done(setting.other_token(), "conversation.create", params)
        .await?;
    let theirs = text(&theirs["conversation"]["conversationId"])?;
    let long = "x".repeat(setting.limit("textBytes", 8192) + 1);
    for body in [" ", long.as_str()] {
        for nowhere in ["no-such", theirs.as_str()] {
            let params = json!({"conversationId": nowhere, "text": body});
            setting
                .refused(
                    setting.token(),
                    "message.send",
                    params,
                    "conversation.notFound",
                )
                .await?;
        }
        let params = json!({"toUserId": "nobody-at-all", "text": body});
        setting
            .refused(setting.token(), "message.send", params, "user.notFound")
            .await?;
    }
    Ok(())
}

async fn refused_whole(setting: &Setting<'_>) -> Outcome {
    let good = setting.message(&operation_key()?, "never said");
    let broken = json!({"operationKey": "no key", "method": "message.send", "params": {}});
    let mut many = Vec::new();
    for _ in 0..=setting.limit("operationsPerSubmit", 100) {
        many.push(setting.message(&operation_key()?, "."));
    }
    let (mut socket, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let mark = setting.mark(setting.token()).await?;
    let fits = json!(many).to_string().len() + 1_000 < setting.limit("frameBytes", 1 << 20);
    for (operations, code) in [
        (json!([good, broken]), "request.malformed"),
        (json!(many), "request.tooLarge"),
    ] {
        // Otherwise the frame is what is too large.
        if code == "request.tooLarge" && !fits {
            continue;
        }
        let submit = json!({"type": "submit", "submitId": 5, "operations": operations});
        socket.send(&submit).await?;
        let problem = socket.next_of("problem").await?;
        ensure!(problem["submitId"] == 5, problem);
        ensure!(problem["problem"]["code"] == code, problem);
        let body = json!({ "operations": operations });
        let (status, problem) = setting
            .http
            .post("/v1/operations", setting.token(), &body)
            .await?;
        ensure!(status >= 400 && problem["code"] == code, problem);
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    // Nothing of it is remembered either: each key is free for something else.
    for operation in [&good, &many[0]] {
        let mut other = operation.clone();
        other["params"]["text"] = json!("something else");
        let outcomes = setting.submit(json!([other])).await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes[0]);
    }
    Ok(())
}

async fn found_again(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let (mine, theirs) = (setting.token(), token(&stranger));
    let to = |user: &Value, body: &str| json!({"toUserId": user, "text": body});
    let first = to(&stranger["userId"], "the first");
    let begun = setting.done(mine, "message.send", first).await?;
    let id = begun["message"]["conversationId"].clone();
    let user = json!(setting.backend.user);
    for (token, params) in [
        (mine, to(&stranger["userId"], "the second")),
        (theirs, to(&user, "the third")),
    ] {
        let said = setting.done(token, "message.send", params).await?;
        ensure!(said["message"]["conversationId"] == id, json!([id, said]));
    }
    for (token, other) in [(mine, &stranger["userId"]), (theirs, &user)] {
        let params = json!({"kind": "direct", "participantIds": [other]});
        let made = setting.done(token, "conversation.create", params).await?;
        let conversation = &made["conversation"];
        ensure!(
            conversation["conversationId"] == id && conversation["lastPosition"] == 3,
            json!([id, made])
        );
    }
    let (_, all) = setting.http.get("/v1/conversations", theirs).await?;
    let count = all["conversations"].as_array().map(Vec::len);
    ensure!(count == Some(1), all);
    Ok(())
}

async fn titles(setting: &Setting<'_>) -> Outcome {
    let with = |title: &str| json!({"kind": "group", "title": title, "participantIds": []});
    let create = "conversation.create";
    for (given, normal) in FORMS {
        let made = setting.done(setting.token(), create, with(given)).await?;
        ensure!(made["conversation"]["title"] == normal, made);
        let id = text(&made["conversation"]["conversationId"])?;
        let view = setting.view(setting.token(), &id).await?;
        ensure!(view["title"] == normal, view);
    }
    for given in MISLEADING {
        setting
            .refused(setting.token(), create, with(given), "params.invalid")
            .await?;
    }
    Ok(())
}

/// The conversations of the first user, by their ids.
async fn ids(setting: &Setting<'_>) -> Result<Vec<Value>, WireError> {
    let (status, all) = setting
        .http
        .get("/v1/conversations", setting.token())
        .await?;
    ensure!(status == 200, all);
    let all = all["conversations"].as_array().into_iter().flatten();
    Ok(all.map(|one| one["conversationId"].clone()).collect())
}

async fn nothing_left(setting: &Setting<'_>) -> Outcome {
    setting.say("the last of them").await?;
    let mine = setting.token();
    let before = setting.view(mine, &setting.conversation).await?;
    let there = ids(setting).await?;
    let mark = setting.mark(setting.other_token()).await?;
    let long = "x".repeat(setting.limit("textBytes", 8192) + 1);
    let here = &setting.conversation;
    let (send, create) = ("message.send", "conversation.create");
    for (method, params) in [
        (send, json!({"conversationId": here, "text": " "})),
        (send, json!({"conversationId": here, "text": long})),
        (
            send,
            json!({"conversationId": here, "text": "fits", "payload": {"type": "", "data": 1}}),
        ),
        (
            create,
            json!({"kind": "group", "title": "Never", "participantIds": ["nobody-at-all"]}),
        ),
        (
            create,
            json!({"kind": "group", "title": " ", "participantIds": [setting.backend.other_user]}),
        ),
    ] {
        let outcome = setting.one(mine, method, params).await?;
        ensure!(outcome["status"] == "failed", outcome);
    }
    let after = setting.view(mine, here).await?;
    ensure!(before == after, json!([before, after]));
    let now = ids(setting).await?;
    ensure!(there == now, json!([there, now]));
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    let last = number(&after["lastPosition"])?;
    let said = setting.say("the next of them").await?;
    ensure!(said["position"] == last + 1, said);
    Ok(())
}

async fn newest_event(setting: &Setting<'_>) -> Outcome {
    let stranger = setting.stranger().await?;
    let mine = setting.token();
    let group = json!({"kind": "group", "title": "Numbered",
        "participantIds": [setting.backend.other_user]});
    let made = setting.done(mine, "conversation.create", group).await?;
    is_head(setting, &made).await?;
    let id = text(&made["conversation"]["conversationId"])?;
    let theirs = setting.other_token();
    let said = setting.say_in(theirs, &id, "to be read").await?;
    let read = json!({"conversationId": id, "readTo": said["position"]});
    for (method, params) in [
        (
            "message.send",
            json!({"conversationId": id, "text": "numbered"}),
        ),
        (
            "message.send",
            json!({"toUserId": stranger["userId"], "text": "the first"}),
        ),
        ("receipt.update", read.clone()),
        ("receipt.update", read),
        ("conversation.leave", json!({"conversationId": id})),
    ] {
        let outcome = setting.done(mine, method, params).await?;
        is_head(setting, &outcome).await?;
    }
    Ok(())
}

/// The log has come as far as this outcome says.
async fn is_head(setting: &Setting<'_>, outcome: &Value) -> Outcome {
    let head = setting.mark(setting.token()).await?.seq;
    ensure!(outcome["seq"] == head, json!([outcome["seq"], head]));
    Ok(())
}

async fn edges(setting: &Setting<'_>) -> Outcome {
    for number in 0..3 {
        setting.say(&format!("at the end {number}")).await?;
    }
    let path = format!("/v1/conversations/{}/messages", setting.conversation);
    let page = async |query: &str| {
        let (status, page) = setting
            .http
            .get(&format!("{path}?{query}"), setting.token())
            .await?;
        ensure!(status == 200, page);
        let messages = page["messages"].as_array().cloned();
        messages.ok_or_else(|| wire("a page without messages"))
    };
    let newest = page("limit=2").await?;
    ensure!(newest.len() == 2, json!(newest));
    let beyond = number(&newest[1]["position"])? + 1_000;
    let found = page(&format!("before={beyond}&limit=2")).await?;
    ensure!(found == newest, json!(found));
    let found = page(&format!("after={beyond}")).await?;
    ensure!(found.is_empty(), json!(found));
    for before in 0..=1 {
        let found = page(&format!("before={before}")).await?;
        ensure!(found.is_empty(), json!(found));
    }
    let found = page("limit=0").await?;
    ensure!(found == newest[1..], json!(found));
    let found = page("after=0&limit=0").await?;
    ensure!(found.len() == 1 && found[0]["position"] == 1, json!(found));
    Ok(())
}
