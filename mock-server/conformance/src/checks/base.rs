//! What every backend does, whatever its capabilities are: creations, leaving, and what is told of them.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{WireError, operation_key, wire};

checks! {
    "2.2.2" [] "every time is one in milliseconds" => times;
    "4.1.3" [] "a new conversation says who is in it, in which role, and what it is about" => shape;
    "4.3.5" [] "a notice is not unread" => notices;
    "4.4.10" [] "the member who is longest in a group follows its last admin" => follower;
    "5.4.8" [] "a text is told as it was sent, and counted in bytes" => as_it_is;
    "5.5.2" [] "a pointer that is not ahead changes nothing, and is told to nobody" => not_ahead;
    "5.11.7" [] "who leaves a group, those who stay, and the notice" => leaving;
    "5.11.8" [] "nobody leaves a direct conversation" => direct;
    "6.2.11" [] "everybody in a new conversation is told of it, before its first message" => begins;
    "7.2.4" [] "an access token runs out" => runs_out;
    "7.4.9" [] "me says whose token it is" => me;
    "9.0.8" [] "title, picture and context of a new conversation have bounds" => bounds;
}

/// The years in which a time of now lies, in milliseconds.
fn is_time(value: &Value) -> bool {
    value
        .as_i64()
        .is_some_and(|time| (1_000_000_000_000..10_000_000_000_000).contains(&time))
}

async fn times(setting: &Setting<'_>) -> Outcome {
    let mark = setting.mark(setting.token()).await?;
    let params = json!({"kind": "group", "title": "Of now", "participantIds": []});
    let outcome = setting
        .done(setting.token(), "conversation.create", params)
        .await?;
    ensure!(is_time(&outcome["appliedAt"]), outcome);
    ensure!(is_time(&outcome["conversation"]["createdAt"]), outcome);
    let message = setting.say("now").await?;
    ensure!(is_time(&message["sentAt"]), message);
    for event in setting.since(&mark).await? {
        ensure!(is_time(&event["at"]), event);
    }
    let lives = setting.session["expiresInMs"].as_u64();
    ensure!(lives >= Some(1_000), setting.session["expiresInMs"]);
    Ok(())
}

async fn shape(setting: &Setting<'_>) -> Outcome {
    let (user, other) = (&setting.backend.user, &setting.backend.other_user);
    let about =
        json!({"kind": "order", "id": "o-7", "title": "Bicycle", "extra": {"a": [1, null]}});
    let key = operation_key()?;
    let params = json!({"kind": "group", "title": "Judged", "participantIds": [other], "context": about,
        "avatarUrl": "https://example.com/a.png"});
    let operation = json!({"operationKey": key, "method": "conversation.create", "params": params});
    let made = setting.submit(json!([operation])).await?;
    let group = &made[0]["conversation"];
    ensure!(group["operationKey"] == key, group);
    ensure!(group["context"] == about, group);
    let writing = &group["writing"];
    ensure!(writing.is_null() || writing == "everyone", group);
    ensure!(group["avatarUrl"] == "https://example.com/a.png", group);
    for (who, role) in [(user, "admin"), (other, "member")] {
        let person = person(group, who)?;
        ensure!(person["role"] == role, person);
        ensure!(
            person["name"].as_str().is_some_and(|name| !name.is_empty()),
            person
        );
    }
    let stranger = setting.stranger().await?;
    let params =
        json!({"kind": "direct", "participantIds": [stranger["userId"]], "context": about});
    let made = setting
        .done(setting.token(), "conversation.create", params)
        .await?;
    let direct = &made["conversation"];
    ensure!(direct["context"] == about, direct);
    for who in [
        user.as_str(),
        stranger["userId"].as_str().unwrap_or_default(),
    ] {
        ensure!(person(direct, who)?["role"] == "member", direct);
    }
    Ok(())
}

fn person(conversation: &Value, who: &str) -> Result<Value, WireError> {
    let people = conversation["participants"].as_array();
    let found = people.and_then(|people| people.iter().find(|one| one["userId"] == who));
    found
        .cloned()
        .ok_or_else(|| wire(format!("{who} is not in {conversation}")))
}

async fn notices(setting: &Setting<'_>) -> Outcome {
    let (group, _) = after_one_left(setting).await?;
    let view = setting.view(setting.other_token(), &group).await?;
    ensure!(view["unreadCount"] == 0, view["unreadCount"]);
    Ok(())
}

/// A group of three that the first user has left, and the key of that.
async fn after_one_left(setting: &Setting<'_>) -> Result<(String, String), WireError> {
    let stranger = setting.stranger().await?;
    let params = json!({"kind": "group", "title": "Left",
        "participantIds": [setting.backend.other_user, stranger["userId"]]});
    let made = setting
        .done(setting.token(), "conversation.create", params)
        .await?;
    let group = text(&made["conversation"]["conversationId"])?;
    let key = operation_key()?;
    let leave = json!({"operationKey": key, "method": "conversation.leave",
        "params": {"conversationId": group}});
    let left = setting.submit(json!([leave])).await?;
    ensure!(left[0]["status"] == "applied", left[0]);
    Ok((group, key))
}

async fn follower(setting: &Setting<'_>) -> Outcome {
    let (group, _) = after_one_left(setting).await?;
    let view = setting.view(setting.other_token(), &group).await?;
    let admins: Vec<Value> = view["participants"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["role"] == "admin")
        .map(|one| one["userId"].clone())
        .collect();
    ensure!(
        admins == [setting.backend.other_user.as_str()],
        json!(admins)
    );
    Ok(())
}

async fn as_it_is(setting: &Setting<'_>) -> Outcome {
    for said in [
        "  with space around it \n",
        "e\u{301}\u{a0}\u{200d}x",
        "\u{feff}kept",
    ] {
        let message = setting.say(said).await?;
        ensure!(message["text"] == said, message);
    }
    let most = setting.text_limit()?;
    let letters = "\u{e9}".repeat(most / 2 + 1);
    let params = json!({"conversationId": setting.conversation, "text": letters});
    setting
        .refused(setting.token(), "message.send", params, "params.invalid")
        .await
}

async fn leaving(setting: &Setting<'_>) -> Outcome {
    let (mine, theirs) = (
        setting.mark(setting.token()).await?,
        setting.mark(setting.other_token()).await?,
    );
    let (group, key) = after_one_left(setting).await?;
    let types = |events: &[Value]| -> Vec<String> {
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        events.iter().map(kind).collect()
    };
    let told = setting.since(&mine).await?;
    ensure!(
        types(&told) == ["conversation.created", "conversation.removed"],
        json!(told)
    );
    ensure!(told[1]["data"]["conversationId"] == group, told[1]);
    let told = setting.since(&theirs).await?;
    let mut before: Vec<String> = types(&told);
    let last = before.pop();
    before.sort();
    ensure!(
        before
            == [
                "conversation.created",
                "participant.removed",
                "participant.updated"
            ]
            && last.as_deref() == Some("message.created"),
        json!(told)
    );
    let notice = &told[told.len() - 1]["data"];
    ensure!(notice["notice"]["type"] == "participantLeft", notice);
    ensure!(
        notice["senderId"] == setting.backend.user.as_str() && notice["operationKey"] == key,
        notice
    );
    let (status, gone) = setting
        .http
        .get(&format!("/v1/conversations/{group}"), setting.token())
        .await?;
    ensure!(status == 404, gone);
    Ok(())
}

async fn direct(setting: &Setting<'_>) -> Outcome {
    let params = json!({"conversationId": setting.conversation});
    setting
        .refused(
            setting.token(),
            "conversation.leave",
            params,
            "conversation.forbidden",
        )
        .await
}

async fn begins(setting: &Setting<'_>) -> Outcome {
    let theirs = setting.mark(setting.other_token()).await?;
    let group = setting.group().await?;
    let told = setting.since(&theirs).await?;
    ensure!(
        told.len() == 1
            && told[0]["type"] == "conversation.created"
            && told[0]["data"]["conversationId"] == group,
        json!(told)
    );
    let stranger = setting.stranger().await?;
    let (mine, theirs) = (
        setting.mark(setting.token()).await?,
        setting.mark(token(&stranger)).await?,
    );
    let params = json!({"toUserId": stranger["userId"], "text": "the first"});
    setting
        .done(setting.token(), "message.send", params)
        .await?;
    for mark in [mine, theirs] {
        let told = setting.since(&mark).await?;
        ensure!(
            told.len() == 2
                && told[0]["type"] == "conversation.created"
                && told[1]["type"] == "message.created",
            json!(told)
        );
    }
    Ok(())
}

async fn not_ahead(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("read once").await?;
    let read = json!({"conversationId": setting.conversation, "readTo": message["position"]});
    setting
        .done(setting.other_token(), "receipt.update", read.clone())
        .await?;
    let mark = setting.mark(setting.token()).await?;
    for pointers in [
        read,
        json!({"conversationId": setting.conversation, "deliveredTo": 1}),
        json!({"conversationId": setting.conversation}),
    ] {
        setting
            .done(setting.other_token(), "receipt.update", pointers)
            .await?;
    }
    let told = setting.since(&mark).await?;
    ensure!(told.is_empty(), json!(told));
    Ok(())
}

async fn me(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-on-another-device").await?;
    let (status, me) = setting.http.get("/v1/me", token(&session)).await?;
    ensure!(
        status == 200
            && me["userId"] == setting.backend.user.as_str()
            && me["deviceId"] == "judge-on-another-device",
        me
    );
    ensure!(me["name"] == session["name"], json!([me, session["name"]]));
    Ok(())
}

/// The longest that a check waits for a token to run out, in milliseconds.
const PATIENCE_MS: u64 = 5_000;

async fn runs_out(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("judge-waits").await?;
    let lives = session["expiresInMs"].as_u64().unwrap_or(u64::MAX);
    if lives > PATIENCE_MS {
        return Err(crate::wire::skipped(format!(
            "a token lives for {lives} ms; with {PATIENCE_MS} it is seen to end"
        )));
    }
    let (mut socket, _) = setting.connect(&session, 0, &Value::Null).await?;
    socket.wait_up_to(std::time::Duration::from_millis(2 * PATIENCE_MS));
    let code = socket.closed().await?;
    ensure!(code == 4401, code);
    let (status, problem) = setting.http.get("/v1/me", token(&session)).await?;
    ensure!(status == 401 && problem["code"] == "token.expired", problem);
    Ok(())
}

async fn bounds(setting: &Setting<'_>) -> Outcome {
    let about =
        |id: &str, extra: &str| json!({"kind": "order", "id": id, "title": "t", "extra": extra});
    for (name, value) in [
        ("title", json!("x".repeat(201))),
        ("avatarUrl", json!("x".repeat(2_049))),
        ("context", about(&"x".repeat(129), "")),
        ("context", about("", "")),
        ("context", about("7", &"x".repeat(4_096))),
        ("context", json!({"kind": "order", "id": "7"})),
    ] {
        let mut params = json!({"kind": "group", "title": "t", "participantIds": []});
        params[name] = value;
        setting
            .refused(
                setting.token(),
                "conversation.create",
                params,
                "params.invalid",
            )
            .await?;
    }
    Ok(())
}
