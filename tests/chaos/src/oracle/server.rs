//! Reads the server by HTTP, without the SDK, as one of its users.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::view::{Chat, Message, Participant, View, broken, list, number, reaction, text};
use crate::trouble::{Outcome, Trouble, machine};

/// A user who reads, in a session of its own.
#[derive(Debug)]
pub(crate) struct Reader {
    http: reqwest::Client,
    url: String,
    user: String,
    /// The session's device, one for each reader.
    device: String,
    token: Option<String>,
}

/// All that a user may know.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) view: View,
    /// What is in each conversation with those that the user has hidden, whose texts are not told.
    pub(crate) history: BTreeMap<String, Vec<Message>>,
    /// The keys of those that the user has hidden.
    pub(crate) hidden: BTreeSet<String>,
}

impl Reader {
    pub(crate) fn new(url: String, user: &str, device: String) -> Outcome<Self> {
        Ok(Self {
            http: reqwest::Client::builder().build().map_err(machine)?,
            url,
            user: user.to_owned(),
            device,
            token: None,
        })
    }

    pub(crate) async fn account(&mut self) -> Outcome<Account> {
        let mut account = Account::default();
        let answer = self.get("/v1/conversations").await?;
        for conversation in list(&answer, "conversations") {
            let title = text(conversation, "title")?;
            let id = text(conversation, "conversationId")?;
            let people = people(conversation)?;
            let all = self.messages(&id).await?;
            let (mut history, mut shown) = (Vec::new(), Vec::new());
            for value in &all {
                let message = self.message(value, &people)?;
                if value["hidden"] == json!(true) {
                    account.hidden.insert(message.key.clone());
                } else {
                    shown.push(message.clone());
                }
                history.push(message);
            }
            let chat = Chat {
                // What is 0 may be left out.
                unread: conversation["unreadCount"].as_u64().unwrap_or_default(),
                people,
                messages: shown,
            };
            account.history.insert(title.clone(), history);
            if account.view.insert(title.clone(), chat).is_some() {
                return broken(format!("{title} is there twice"));
            }
        }
        Ok(account)
    }

    async fn messages(&mut self, conversation: &str) -> Outcome<Vec<Value>> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let after = messages
                .last()
                .map_or(Ok(0), |last| number(last, "position"))?;
            let path = format!("/v1/conversations/{conversation}/messages?after={after}");
            let page = self.get(&path).await?;
            let before = messages.len();
            messages.extend(list(&page, "messages").cloned());
            if messages.len() == before {
                return Ok(messages);
            }
        }
    }

    fn message(&self, value: &Value, people: &BTreeMap<String, Participant>) -> Outcome<Message> {
        let (sender, position) = (text(value, "senderId")?, number(value, "position")?);
        let of_others = || people.iter().filter(|(user, _)| **user != self.user);
        let count = |pointer: fn(&Participant) -> u64| {
            of_others()
                .filter(|(_, person)| pointer(person) >= position)
                .count() as u64
        };
        let receipts = (
            count(|person| person.delivered),
            count(|person| person.read),
        );
        let reactions = list(value, "reactions").map(|each| reaction(each, "userIds"));
        Ok(Message {
            key: text(value, "operationKey")?,
            receipts: (sender == self.user).then_some(receipts),
            sender,
            text: text(value, "text")?,
            position,
            is_edited: value.get("editedAt").is_some_and(|at| !at.is_null()),
            is_deleted: value
                .get("deleted")
                .is_some_and(|deleted| !deleted.is_null()),
            reactions: reactions.collect::<Outcome<_>>()?,
        })
    }

    async fn get(&mut self, path: &str) -> Outcome<Value> {
        loop {
            let token = match self.token.take() {
                Some(token) => token,
                None => self.sign_in().await?,
            };
            let request = self.http.get(format!("{}{path}", self.url));
            let answer = request.bearer_auth(&token).send().await.map_err(machine)?;
            if answer.status() == reqwest::StatusCode::UNAUTHORIZED {
                continue;
            }
            self.token = Some(token);
            return body(answer).await;
        }
    }

    async fn sign_in(&self) -> Outcome<String> {
        let password = format!("{}-password", self.user);
        let who = json!({ "userId": self.user, "password": password, "deviceId": self.device });
        let request = self.http.post(format!("{}/v1/auth/login", self.url));
        let request = request.header("content-type", "application/json");
        let answer = request.body(who.to_string()).send().await;
        text(&body(answer.map_err(machine)?).await?, "accessToken")
    }
}

fn people(conversation: &Value) -> Outcome<BTreeMap<String, Participant>> {
    let each = list(conversation, "participants").map(|each| {
        // What is 0 may be left out.
        let pointer = |name: &str| each[name].as_u64().unwrap_or_default();
        let person = Participant {
            delivered: pointer("deliveredTo"),
            read: pointer("readTo"),
        };
        Ok((text(each, "userId")?, person))
    });
    each.collect()
}

async fn body(answer: reqwest::Response) -> Outcome<Value> {
    let (status, text) = (answer.status(), answer.text().await.map_err(machine)?);
    if !status.is_success() {
        return Err(Trouble::Refused(format!("to the oracle: {status}: {text}")));
    }
    serde_json::from_str(&text).map_err(|error| Trouble::Refused(format!("{error}: {text}")))
}
