//! §4.6: threads.

use serde_json::{Value, json};

use super::content::told;
use super::{Outcome, checks};
use crate::setting::{Setting, ensure};
use crate::wire::WireError;

checks! {
    "4.6.1" [] {threads} "places in a thread are dense, and its root counts them" => threads;
    "4.6.2" [] {threads} "a message in a thread is a change of its root, under the same number" => revision_of_the_root;
    "4.6.3" [] {administration threads} "there is no thread under a message of a thread, nor under a notice" => no_thread_under;
    "4.6.4" [] {threads} "a root that is no message of the conversation is message.notFound" => unknown_root;
    "4.6.5" [] {threads} "a page of a thread has its messages alone, by their places in it" => pages;
}

async fn threads(setting: &Setting<'_>) -> Outcome {
    let root = setting.say("the root").await?;
    for place in 1..=3_u64 {
        let params = json!({"conversationId": setting.conversation, "text": format!("under it {place}"),
            "threadRoot": root["operationKey"]});
        let outcome = setting
            .done(setting.token(), "message.send", params)
            .await?;
        ensure!(outcome["message"]["threadPosition"] == place, outcome);
        ensure!(
            outcome["message"]["threadRoot"] == root["operationKey"],
            outcome
        );
    }
    let now = told(setting, setting.other_token(), &root["operationKey"]).await?;
    ensure!(now["thread"]["count"] == 3, now);
    Ok(())
}

fn under(setting: &Setting<'_>, root: &Value, body: &str) -> Value {
    json!({"conversationId": setting.conversation, "text": body, "threadRoot": root})
}

async fn say_under(setting: &Setting<'_>, root: &Value, body: &str) -> Result<Value, WireError> {
    let params = under(setting, root, body);
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    Ok(outcome["message"].clone())
}

async fn revision_of_the_root(setting: &Setting<'_>) -> Outcome {
    let root = setting.say("a root that changes").await?;
    let mut last = root["revision"].as_u64().unwrap_or_default();
    for body in ["one", "two"] {
        let reply = say_under(setting, &root["operationKey"], body).await?;
        let now = told(setting, setting.other_token(), &root["operationKey"]).await?;
        let revision = now["revision"].as_u64().unwrap_or_default();
        ensure!(revision > last && now["revision"] == reply["revision"], now);
        last = revision;
    }
    Ok(())
}

async fn no_thread_under(setting: &Setting<'_>) -> Outcome {
    let root = setting.say("the root").await?;
    let reply = say_under(setting, &root["operationKey"], "in the thread").await?;
    let params = under(setting, &reply["operationKey"], "under it");
    setting
        .refused(setting.token(), "message.send", params, "params.invalid")
        .await?;
    let group = setting.group().await?;
    let title = json!({"conversationId": group, "title": "Renamed"});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let notice = setting.last_message(setting.token(), &group).await?;
    let params = json!({"conversationId": group, "text": "under a notice",
        "threadRoot": notice["operationKey"]});
    setting
        .refused(setting.token(), "message.send", params, "params.invalid")
        .await
}

async fn unknown_root(setting: &Setting<'_>) -> Outcome {
    let group = setting.group().await?;
    let elsewhere = setting.say_in(setting.token(), &group, "elsewhere").await?;
    let nowhere = json!("0190b5f0-0000-7000-8000-00000000dead");
    for root in [&elsewhere["operationKey"], &nowhere] {
        let params = under(setting, root, "under nothing");
        setting
            .refused(setting.token(), "message.send", params, "message.notFound")
            .await?;
    }
    Ok(())
}

async fn pages(setting: &Setting<'_>) -> Outcome {
    let root = setting.say("the root of a page").await?;
    let key = root["operationKey"].as_str().unwrap_or_default().to_owned();
    for body in ["one", "two", "three"] {
        say_under(setting, &root["operationKey"], body).await?;
        setting.say("beside it").await?;
    }
    let id = &setting.conversation;
    for (query, expected) in [
        ("", vec!["one", "two", "three"]),
        ("&before=3", vec!["one", "two"]),
        ("&after=1&limit=1", vec!["two"]),
    ] {
        let path = format!("/v1/conversations/{id}/messages?thread={key}{query}");
        let (status, page) = setting.http.get(&path, setting.other_token()).await?;
        let all = page["messages"].as_array().cloned().unwrap_or_default();
        let texts: Vec<&Value> = all.iter().map(|message| &message["text"]).collect();
        ensure!(status == 200 && texts == expected, page);
    }
    Ok(())
}
