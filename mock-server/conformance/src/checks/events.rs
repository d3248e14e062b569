//! §6: events, catching up, snapshots; and the restore of a backup, which comes last.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, number, text};
use crate::wire::{Http, skipped, wire};

checks! {
    "6.1.1" [] "events are dense and in order, and every device gets every event" => dense;
    "6.2.1" [] {administration editing} "each change is an event of its type in the right logs" => types;
    "6.2.2" [] {settings} "settings are told to their owner alone" => own;
    "6.3.1" [] "sync goes on after since, in order" => sync;
    "6.3.2" [] "without the log's id, with another, or beyond its head there is a reset" => reset;
    "6.3.3" [] "a snapshot has everything up to its seq" => snapshot;
    "6.3.5" [] "the log goes on after the seq of a snapshot, with nothing that is in it" => nothing_before;
    "6.3.4" [M19] "after a backup was restored, a log has another name" => restored;
}

async fn dense(setting: &Setting<'_>) -> Outcome {
    let (mut one, ready) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let (mut other, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let head = number(&ready["head"])?;
    for body in ["first", "second", "third"] {
        setting.say(body).await?;
    }
    for socket in [&mut one, &mut other] {
        let events = socket.events(3).await?;
        for (index, event) in events.iter().enumerate() {
            ensure!(event["seq"] == head + 1 + index as u64, event);
            ensure!(event["at"].is_i64(), event);
        }
        let texts: Vec<&Value> = events.iter().map(|event| &event["data"]["text"]).collect();
        ensure!(texts == ["first", "second", "third"], json!(texts));
    }
    Ok(())
}

/// The types of the next events of a socket.
async fn types_of(
    socket: &mut crate::wire::Socket,
    count: usize,
) -> Result<Vec<String>, crate::wire::WireError> {
    let events = socket.events(count).await?;
    events.iter().map(|event| text(&event["type"])).collect()
}

async fn types(setting: &Setting<'_>) -> Outcome {
    let (mut theirs, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    let group = setting.group().await?;
    let say = json!({"conversationId": group, "text": "said"});
    let message = setting.done(setting.token(), "message.send", say).await?;
    let key = &message["message"]["operationKey"];
    let edit = json!({"conversationId": group, "messageKey": key, "text": "edited"});
    setting.done(setting.token(), "message.edit", edit).await?;
    let told = types_of(&mut theirs, 3).await?;
    ensure!(
        told == ["conversation.created", "message.created", "message.updated"],
        json!(told)
    );
    let title = json!({"conversationId": group, "title": "Another"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let mut told = types_of(&mut theirs, 2).await?;
    told.sort();
    ensure!(
        told == ["conversation.updated", "message.created"],
        json!(told)
    );
    let remove = json!({"conversationId": group, "userId": setting.backend.other_user});
    setting
        .done(setting.token(), "participant.remove", remove)
        .await?;
    let told = types_of(&mut theirs, 1).await?;
    ensure!(told == ["conversation.removed"], json!(told));
    Ok(())
}

async fn own(setting: &Setting<'_>) -> Outcome {
    let (mut mine, _) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (mut theirs, _) = setting.connect(&setting.other, 0, &Value::Null).await?;
    for pinned in [true, false] {
        let set = json!({"conversationId": setting.conversation, "pinned": pinned});
        setting
            .done(setting.token(), "settings.update", set)
            .await?;
    }
    let told = types_of(&mut mine, 2).await?;
    ensure!(
        told == ["settings.updated", "settings.updated"],
        json!(told)
    );
    setting.say("after it").await?;
    let told = types_of(&mut theirs, 1).await?;
    ensure!(told == ["message.created"], json!(told));
    Ok(())
}

async fn sync(setting: &Setting<'_>) -> Outcome {
    let (_, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
    let (head, log) = (number(&ready["head"])?, text(&ready["logId"])?);
    for body in ["to be fetched", "and this"] {
        setting.say(body).await?;
    }
    let path = format!("/v1/sync?since={head}&logId={log}");
    let (status, page) = setting.http.get(&path, setting.token()).await?;
    ensure!(status == 200 && page["logId"] == log.as_str(), page);
    ensure!(page["events"][0]["seq"] == head + 1, page);
    ensure!(page["events"][1]["seq"] == head + 2, page);
    ensure!(page["head"].as_u64() >= Some(head + 2), page);
    Ok(())
}

async fn reset(setting: &Setting<'_>) -> Outcome {
    let log = text(&setting.ready["logId"])?;
    for query in [
        "since=0".to_owned(),
        "since=0&logId=another".to_owned(),
        format!("since=9000000&logId={log}"),
    ] {
        let path = format!("/v1/sync?{query}");
        let (status, problem) = setting.http.get(&path, setting.token()).await?;
        ensure!(status == 410 && problem["code"] == "sync.reset", problem);
    }
    Ok(())
}

async fn snapshot(setting: &Setting<'_>) -> Outcome {
    let last = setting.say("in the snapshot").await?;
    let (status, snapshot) = setting.http.get("/v1/snapshot", setting.token()).await?;
    ensure!(
        status == 200 && snapshot["logId"] == setting.ready["logId"],
        snapshot["logId"]
    );
    ensure!(
        snapshot["seq"].as_u64() >= setting.ready["head"].as_u64(),
        snapshot["seq"]
    );
    let all = snapshot["conversations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let here = all
        .iter()
        .find(|one| one["conversationId"] == setting.conversation.as_str());
    let here = here.cloned().unwrap_or_default();
    ensure!(
        here["lastPosition"] == last["position"],
        here["lastPosition"]
    );
    ensure!(
        here["messages"]
            .as_array()
            .is_some_and(|all| all.len() <= 20),
        here["messages"]
    );
    Ok(())
}

async fn nothing_before(setting: &Setting<'_>) -> Outcome {
    setting.say("in the snapshot").await?;
    let mark = setting.mark(setting.token()).await?;
    let events = setting.since(&mark).await?;
    ensure!(events.is_empty(), json!(events));
    setting.say("after the snapshot").await?;
    let events = setting.since(&mark).await?;
    ensure!(
        events.len() == 1 && events[0]["data"]["text"] == "after the snapshot",
        json!(events)
    );
    Ok(())
}

async fn restored(setting: &Setting<'_>) -> Outcome {
    let backend = setting.backend;
    let Some(restore) = &backend.restore else {
        return Err(skipped(
            "it is not said how a backup is restored (--restore)",
        ));
    };
    setting.say("not in the backup").await?;
    let (_, before) = setting.http.get("/v1/snapshot", setting.token()).await?;
    restore().map_err(wire)?;
    // Sessions may have gone with it.
    let http = Http::new(&backend.url, setting.exchange.clone())?;
    let login = http.login(&backend.user, &backend.password, "judge-after");
    let (status, session) = login.await?;
    ensure!(status == 200, session);
    let token = session["accessToken"].as_str().unwrap_or_default();
    let (_, after) = http.get("/v1/snapshot", token).await?;
    ensure!(
        after["seq"].as_u64() < before["seq"].as_u64(),
        "nothing was restored"
    );
    ensure!(after["logId"] != before["logId"], after["logId"]);
    Ok(())
}
