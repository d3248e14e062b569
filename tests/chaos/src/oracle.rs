//! What must be so in the end, whatever happened. It reads the server by HTTP, without the SDK, and compares. It never
//! asks why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::trouble::{Outcome, Trouble, machine};

/// What a message is, to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) position: u64,
}

/// What a device handed over, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) text: String,
    /// The key under which the driver said that it is durable. Without a word it may be there or not.
    pub(crate) promised: Option<String>,
}

/// What the server has, by conversation, as one of its people reads it.
pub(crate) async fn messages(url: &str, user: &str, conversation: &str) -> Outcome<Vec<Message>> {
    let http = reqwest::Client::builder().build().map_err(machine)?;
    let mut token = sign_in(&http, url, user).await?;
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |last| last.position);
        let page = format!("{url}/v1/conversations/{conversation}/messages?after={after}");
        let answer = http.get(page).bearer_auth(&token).send().await;
        let answer = answer.map_err(machine)?;
        if answer.status() == reqwest::StatusCode::UNAUTHORIZED {
            token = sign_in(&http, url, user).await?;
            continue;
        }
        let answer = body(answer).await?;
        let page = answer["messages"].as_array().cloned().unwrap_or_default();
        if page.is_empty() {
            return Ok(messages);
        }
        for each in &page {
            messages.push(message(each, "operationKey", "senderId")?);
        }
    }
}

async fn sign_in(http: &reqwest::Client, url: &str, user: &str) -> Outcome<String> {
    let who =
        json!({ "userId": user, "password": format!("{user}-password"), "deviceId": "oracle" });
    let request = http.post(format!("{url}/v1/auth/login"));
    let request = request.header("content-type", "application/json");
    let answer = request.body(who.to_string()).send().await;
    let answer = body(answer.map_err(machine)?).await?;
    let token = answer["accessToken"].as_str();
    token
        .map(str::to_owned)
        .ok_or_else(|| Trouble::Refused(format!("the oracle may not sign in: {answer}")))
}

async fn body(answer: reqwest::Response) -> Outcome<Value> {
    let text = answer.text().await.map_err(machine)?;
    serde_json::from_str(&text).map_err(|error| Trouble::Refused(format!("{error}: {text}")))
}

fn message(value: &Value, key: &str, sender: &str) -> Outcome<Message> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let read = || {
        Some(Message {
            key: text(key)?,
            sender: text(sender)?,
            text: text("text")?,
            position: value["position"].as_u64()?,
        })
    };
    read().ok_or_else(|| Trouble::Refused(format!("no message: {value}")))
}

/// What a driver shows.
pub(crate) fn shown(answer: &Value) -> Outcome<Vec<Message>> {
    let messages = answer["messages"].as_array().into_iter().flatten();
    messages
        .map(|each| message(each, "key", "sender"))
        .collect()
}

/// Whether a server keeps what devices were promised: each message once, in order, under no other name.
pub(crate) fn judge(server: &[Message], devices: &BTreeMap<String, Vec<Sent>>) -> Outcome {
    let mut keys = BTreeSet::new();
    for (index, message) in server.iter().enumerate() {
        if message.position != index as u64 + 1 {
            return broken(format!("not at position {}: {message:?}", index + 1));
        }
        if !keys.insert(&message.key) {
            return broken(format!("the key of another one: {message:?}"));
        }
    }
    for (device, sent) in devices {
        // `device` is the name by which each of its texts begins.
        let begin = format!("{device} ");
        let found: Vec<&Message> = server
            .iter()
            .filter(|message| message.text.starts_with(&begin))
            .collect();
        judge_one(device, sent, &found)?;
    }
    Ok(())
}

/// What is found of a device is what it sent, in order, without the ones that nobody promised, or some of them.
fn judge_one(device: &str, sent: &[Sent], found: &[&Message]) -> Outcome {
    let mut found = found.iter().peekable();
    for each in sent {
        match (found.peek(), &each.promised) {
            (Some(next), promised) if next.text == each.text => {
                if promised.as_ref().is_some_and(|key| *key != next.key) {
                    return broken(format!("{device}: not under {promised:?}: {next:?}"));
                }
                found.next();
            }
            (_, None) => {}
            (next, Some(_)) => {
                let place = format!("{device} has {next:?} in its place");
                return broken(format!("lost, doubled or out of order: {each:?}: {place}"));
            }
        }
    }
    match found.next() {
        Some(next) => broken(format!(
            "{device}: doubled, out of order or never sent: {next:?}"
        )),
        None => Ok(()),
    }
}

/// Whether a device shows what the server has.
pub(crate) fn compare(device: &str, shown: &[Message], server: &[Message]) -> Outcome {
    if shown == server {
        return Ok(());
    }
    let differs = shown.iter().zip(server).find(|(own, theirs)| own != theirs);
    broken(format!(
        "{device} shows {} messages, the server has {}; the first that differ: {differs:?}",
        shown.len(),
        server.len()
    ))
}

fn broken<T>(what: String) -> Outcome<T> {
    Err(Trouble::Broken(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promised_messages_in_order_are_fine_with_and_without_the_others() {
        let sent = [("a 1", true), ("a 2", false), ("a 3", true)];
        assert!(judged(&["a 1", "a 3"], &sent).is_ok());
        assert!(judged(&["a 1", "b 1", "a 2", "a 3"], &sent).is_ok());
    }

    #[test]
    fn a_lost_a_doubled_a_swapped_and_an_unknown_message_are_seen() {
        let sent = [("a 1", true), ("a 2", false), ("a 3", true)];
        for server in [
            &["a 1"][..],
            &["a 1", "a 1", "a 3"],
            &["a 1", "a 3", "a 3"],
            &["a 3", "a 1"],
            &["a 1", "a 3", "a 2"],
            &["a 1", "a 3", "a 4"],
            &["a 1", "a 2", "a 2", "a 3"],
        ] {
            let judged = judged(server, &sent);
            assert!(matches!(judged, Err(Trouble::Broken(_))), "{server:?}");
        }
    }

    #[test]
    fn devices_whose_names_begin_alike_are_told_apart() {
        assert!(judged(&["a2 1", "a 1"], &[("a 1", true)]).is_ok());
    }

    #[test]
    fn a_hole_and_a_key_that_comes_twice_are_seen() {
        let mut server = on_server(&["a 1", "a 2"]);
        server[1].position = 3;
        assert!(judge(&server, &BTreeMap::new()).is_err());
        let mut server = on_server(&["a 1", "a 2"]);
        server[1].key = "key of a 1".to_owned();
        assert!(judge(&server, &BTreeMap::new()).is_err());
    }

    #[test]
    fn a_device_that_shows_something_else_is_seen() {
        let server = on_server(&["a 1", "a 2"]);
        assert!(compare("b", &server, &server).is_ok());
        assert!(compare("b", &server[..1], &server).is_err());
        assert!(compare("b", &on_server(&["a 1", "a 3"]), &server).is_err());
    }

    #[test]
    fn a_message_under_another_key_than_the_promised_one_is_seen() {
        let sent = |key: &str| Sent {
            text: "a 1".to_owned(),
            promised: Some(key.to_owned()),
        };
        let judged = |key| {
            let devices = BTreeMap::from([("a".to_owned(), vec![sent(key)])]);
            judge(&on_server(&["a 1"]), &devices)
        };
        assert!(judged("key of a 1").is_ok());
        assert!(judged("another").is_err());
    }

    fn judged(server: &[&str], sent: &[(&str, bool)]) -> Outcome {
        let sent = sent.iter().map(|(text, is_promised)| Sent {
            text: (*text).to_owned(),
            promised: is_promised.then(|| format!("key of {text}")),
        });
        let devices = BTreeMap::from([("a".to_owned(), sent.collect())]);
        judge(&on_server(server), &devices)
    }

    fn on_server(texts: &[&str]) -> Vec<Message> {
        let texts = texts.iter().zip(1..);
        let messages = texts.map(|(text, position)| Message {
            key: format!("key of {text}"),
            sender: "someone".to_owned(),
            text: (*text).to_owned(),
            position,
        });
        messages.collect()
    }
}
