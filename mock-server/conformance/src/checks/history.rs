//! §7.5 and §7.6: history and search.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};
use crate::wire::operation_key;

checks! {
    "7.5.1" [] "history is paged in both directions without holes" => pages;
    "7.5.2" [] {around} "a page around a place has both sides of it" => around;
    "7.5.3" [] "no page is larger than pageSize" => page_size;
    "7.5.4" [] {editing versions} "all that a message ever said, oldest first" => versions;
    "7.5.6" [] "a parameter that cannot be read is params.invalid" => unreadable;
    "7.6.1" [] {search} "search finds every word, in the user's conversations alone" => search;
    "7.6.2" [] {editing search} "what was deleted is not found, and a text without a word is params.invalid" => not_found;
    "7.6.3" [] {search} "case, accents, apostrophes and skin tones do not matter, the order of letters does" => other_spellings;
    "7.6.4" [] {administration editing search} "what one has hidden is not found, and notices are not" => hidden_not_found;
    "7.6.5" [] {search} "pages of a search go on where the last one ended" => cursors;
}

async fn page(setting: &Setting<'_>, query: &str) -> Result<Value, crate::wire::WireError> {
    let path = format!(
        "/v1/conversations/{}/messages?{query}",
        setting.conversation
    );
    let (status, page) = setting.http.get(&path, setting.token()).await?;
    ensure!(status == 200, page);
    Ok(page)
}

fn positions(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().cloned().unwrap_or_default();
    let positions = messages
        .iter()
        .filter_map(|message| message["position"].as_u64());
    positions.collect()
}

async fn pages(setting: &Setting<'_>) -> Outcome {
    for number in 0..6 {
        setting.say(&format!("a page {number}")).await?;
    }
    let newest = positions(&page(setting, "limit=3").await?);
    ensure!(
        newest.len() == 3 && newest[2] == newest[0] + 2,
        json!(newest)
    );
    let before = positions(&page(setting, &format!("before={}&limit=2", newest[0])).await?);
    ensure!(
        before.len() == 2 && before[0] + 2 == newest[0] && before[1] + 1 == newest[0],
        json!(before)
    );
    let after = positions(&page(setting, &format!("after={}", newest[1])).await?);
    ensure!(after == [newest[2]], json!(after));
    Ok(())
}

async fn around(setting: &Setting<'_>) -> Outcome {
    for number in 0..5 {
        setting.say(&format!("around {number}")).await?;
    }
    let newest = positions(&page(setting, "limit=5").await?);
    ensure!(newest.len() == 5, json!(newest));
    let middle = newest[2];
    let found = page(setting, &format!("around={middle}&limit=3")).await?;
    let places = positions(&found);
    ensure!(found["anchor"] == middle && places.contains(&middle), found);
    ensure!(
        places.contains(&middle.saturating_sub(1)) || places.contains(&(middle + 1)),
        found
    );
    let path = format!(
        "/v1/conversations/{}/messages?aroundMessage=0190b5f0-0000-7000-8000-00000000dead",
        setting.conversation
    );
    let (status, problem) = setting.http.get(&path, setting.token()).await?;
    ensure!(
        status == 404 && problem["code"] == "message.notFound",
        problem
    );
    Ok(())
}

async fn page_size(setting: &Setting<'_>) -> Outcome {
    let size = setting.count_limit("pageSize", 50)?;
    let mut operations = Vec::new();
    for _ in 0..setting.at_once(size + 1) {
        operations.push(setting.message(&operation_key()?, "many"));
    }
    setting.submit(Value::Array(operations)).await?;
    let found = positions(&page(setting, "limit=100000").await?);
    ensure!(found.len() == size, found.len());
    Ok(())
}

async fn versions(setting: &Setting<'_>) -> Outcome {
    let message = setting.say("first").await?;
    let params = json!({"conversationId": setting.conversation, "messageKey": message["operationKey"], "text": "second"});
    setting
        .done(setting.token(), "message.edit", params)
        .await?;
    let path = format!("/v1/messages/{}/versions", text(&message["messageId"])?);
    let (status, answer) = setting.http.get(&path, setting.other_token()).await?;
    let all = answer["versions"].as_array().cloned().unwrap_or_default();
    let texts: Vec<&Value> = all.iter().map(|version| &version["text"]).collect();
    ensure!(status == 200 && texts == ["first", "second"], answer);
    Ok(())
}

async fn search(setting: &Setting<'_>) -> Outcome {
    // A word that nobody else has said.
    let word = format!("w{}", operation_key()?.replace('-', ""));
    setting.say(&format!("Hárbour {word} six")).await?;
    for query in [format!("{word}+six"), format!("harbour+{}", &word[..20])] {
        let path = format!("/v1/search?q={query}");
        let (status, found) = setting.http.get(&path, setting.other_token()).await?;
        ensure!(status == 200, found);
        ensure!(found["messages"].as_array().map(Vec::len) == Some(1), found);
    }
    let stranger = setting.stranger().await?;
    let path = format!("/v1/search?q={word}");
    let (_, found) = setting
        .http
        .get(&path, crate::setting::token(&stranger))
        .await?;
    ensure!(found["messages"].as_array().map(Vec::len) == Some(0), found);
    Ok(())
}

async fn not_found(setting: &Setting<'_>) -> Outcome {
    let word = format!("w{}", operation_key()?.replace('-', ""));
    let message = setting.say(&word).await?;
    let params =
        json!({"conversationId": setting.conversation, "messageKey": message["operationKey"]});
    setting
        .done(setting.token(), "message.delete", params)
        .await?;
    let path = format!("/v1/search?q={word}");
    let (_, found) = setting.http.get(&path, setting.token()).await?;
    ensure!(found["messages"].as_array().map(Vec::len) == Some(0), found);
    let (status, problem) = setting
        .http
        .get("/v1/search?q=%20-%20", setting.token())
        .await?;
    ensure!(
        status == 422 && problem["code"] == "params.invalid",
        problem
    );
    Ok(())
}

async fn other_spellings(setting: &Setting<'_>) -> Outcome {
    let word = format!("w{}", operation_key()?.replace('-', ""));
    setting.say(&format!("{word} Straße don’t 👍🏽 東京")).await?;
    for (query, count) in [
        ("STRASSE", 1),
        ("dont", 1),
        ("don%27t", 1),
        // A thumb without a tone, and the letters of Tokyo in both orders.
        ("%F0%9F%91%8D", 1),
        ("%E6%9D%B1%E4%BA%AC", 1),
        ("%E4%BA%AC%E6%9D%B1", 0),
        ("trasse", 0),
    ] {
        let path = format!("/v1/search?q={word}+{query}");
        let (status, found) = setting.http.get(&path, setting.token()).await?;
        ensure!(status == 200, found);
        let messages = found["messages"].as_array().map(Vec::len);
        ensure!(messages == Some(count), format!("{query}: {found}"));
    }
    Ok(())
}

async fn hidden_not_found(setting: &Setting<'_>) -> Outcome {
    let word = format!("w{}", operation_key()?.replace('-', ""));
    let message = setting.say(&word).await?;
    let group = setting.group().await?;
    let title = json!({"conversationId": group, "title": word});
    setting
        .done(setting.token(), "conversation.update", title)
        .await?;
    let hide =
        json!({"conversationId": setting.conversation, "messageKey": message["operationKey"]});
    setting
        .done(setting.other_token(), "message.hide", hide)
        .await?;
    let path = format!("/v1/search?q={word}");
    for (token, expected) in [(setting.token(), 1), (setting.other_token(), 0)] {
        let (status, found) = setting.http.get(&path, token).await?;
        let count = found["messages"].as_array().map(Vec::len);
        ensure!(status == 200 && count == Some(expected), found);
    }
    Ok(())
}

async fn cursors(setting: &Setting<'_>) -> Outcome {
    let word = format!("w{}", operation_key()?.replace('-', ""));
    let size = setting.count_limit("pageSize", 50)?;
    let mut left = size + 1;
    while left > 0 {
        let many = setting.at_once(left);
        let mut operations = Vec::new();
        for _ in 0..many {
            operations.push(setting.message(&operation_key()?, &word));
        }
        setting.submit(Value::Array(operations)).await?;
        left -= many;
    }
    let mut found: Vec<Value> = Vec::new();
    let mut path = format!("/v1/search?q={word}");
    loop {
        let (status, page) = setting.http.get(&path, setting.token()).await?;
        let messages = page["messages"].as_array().cloned().unwrap_or_default();
        ensure!(status == 200 && messages.len() <= size, page);
        ensure!(found.len() <= 2 * size, "pages without an end");
        found.extend(messages.iter().map(|message| message["position"].clone()));
        let Some(cursor) = page["cursor"].as_str() else {
            break;
        };
        ensure!(!messages.is_empty(), page);
        path = format!("/v1/search?q={word}&cursor={cursor}");
    }
    found.sort_by_key(Value::as_u64);
    found.dedup();
    ensure!(found.len() == size + 1, found.len());
    Ok(())
}

async fn unreadable(setting: &Setting<'_>) -> Outcome {
    for query in [
        "limit=many",
        "before=-1",
        "after=1.5",
        "before=9007199254740992",
    ] {
        let path = format!(
            "/v1/conversations/{}/messages?{query}",
            setting.conversation
        );
        let (status, problem) = setting.http.get(&path, setting.token()).await?;
        ensure!(
            status == 422 && problem["code"] == "params.invalid",
            format!("{query}: {problem}")
        );
    }
    Ok(())
}
