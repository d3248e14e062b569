//! The judge: compares what every screen shows with what the server has, when the storm is over.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_backend::{Backend, HttpRequest};
use fulmar_engine::query::{Window, timeline};
use fulmar_protocol::{
    Conversation, ConversationId, ConversationPage, Message, MessagePage, OperationKey, Position,
    Session, Timestamp, UserId,
};
use serde::de::DeserializeOwned;

use crate::device::{Device, parse};

/// What the server has, read over its public API, as each user sees it.
pub(crate) struct Truth {
    views: BTreeMap<UserId, Vec<Conversation>>,
    messages: BTreeMap<ConversationId, Vec<Message>>,
}

impl Truth {
    pub(crate) fn read(
        backend: &mut Backend,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Self, String> {
        let mut truth = Self {
            views: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        for user in users {
            let body = serde_json::json!({
                "userId": user, "password": format!("{user}-password"), "deviceId": "oracle",
            });
            let login: Session = ask(backend, now, "POST", "/v1/auth/login", "", None, &body)?;
            let token = login.access_token.expose().to_owned();
            let none = serde_json::Value::Null;
            let page: ConversationPage = ask(
                backend,
                now,
                "GET",
                "/v1/conversations",
                "",
                Some(&token),
                &none,
            )?;
            for view in &page.conversations {
                let id = &view.conversation_id;
                if truth.messages.contains_key(id) {
                    continue;
                }
                let path = format!("/v1/conversations/{id}/messages");
                let mut all: Vec<Message> = Vec::new();
                loop {
                    let after = all.last().map_or(0, |message| message.position.0);
                    let query = format!("after={after}");
                    let page: MessagePage =
                        ask(backend, now, "GET", &path, &query, Some(&token), &none)?;
                    if page.messages.is_empty() {
                        break;
                    }
                    all.extend(page.messages);
                }
                truth.messages.insert(id.clone(), all);
            }
            truth.views.insert(user.clone(), page.conversations);
        }
        Ok(truth)
    }

    /// Nothing lost, nothing doubled, nothing out of order, whatever any device believes.
    pub(crate) fn judge_server(&self, devices: &[Device]) -> Result<(), String> {
        let mut keys: BTreeMap<OperationKey, &Message> = BTreeMap::new();
        let mut texts = BTreeSet::new();
        for (id, messages) in &self.messages {
            let mut last: BTreeMap<&str, u32> = BTreeMap::new();
            for (index, message) in messages.iter().enumerate() {
                if message.position != Position(index as u64 + 1) {
                    return Err(format!("the positions of {id} are not dense"));
                }
                if keys.insert(message.operation_key, message).is_some()
                    || !texts.insert(&message.text)
                {
                    return Err(format!("{} is there twice", message.text));
                }
                let Some((writer, number)) = parse(&message.text) else {
                    continue;
                };
                let before = last.insert(writer, number).unwrap_or(0);
                if number <= before {
                    return Err(format!("{} overtook {writer}/{before}", message.text));
                }
            }
        }
        for device in devices {
            for (key, text) in &device.promised {
                match keys.get(key) {
                    Some(message) if message.text == *text => {}
                    Some(message) => return Err(format!("{text} became {}", message.text)),
                    None => return Err(format!("{text} is lost")),
                }
            }
        }
        let mut pairs = BTreeSet::new();
        for view in self.views.values().flatten() {
            if let [one, other] = view.participants.as_slice()
                && view.title.is_none()
            {
                let mut pair = [&one.user_id, &other.user_id];
                pair.sort();
                pairs.insert((pair, &view.conversation_id));
            }
        }
        let people: BTreeSet<_> = pairs.iter().map(|(pair, _)| pair).collect();
        if people.len() != pairs.len() {
            return Err("a pair has two direct conversations".to_owned());
        }
        Ok(())
    }

    /// Every screen shows what the server has, and counts what the server counts.
    pub(crate) fn judge_device(&self, device: &Device) -> Result<(), String> {
        let engine = device.engine.as_ref().ok_or("the process is dead")?;
        let views = self.views.get(&device.user).ok_or("no such user")?;
        let list = device.list()?;
        let ids: BTreeSet<_> = list.iter().map(|item| &item.conversation_id).collect();
        let there: BTreeSet<_> = views.iter().map(|view| &view.conversation_id).collect();
        if ids != there || list.len() != views.len() {
            return Err(format!("the list has {ids:?}, the server {there:?}"));
        }
        for (item, pair) in list.iter().zip(list.iter().skip(1)) {
            if item.activity_at < pair.activity_at {
                return Err("the list is not by activity".to_owned());
            }
        }
        for item in &list {
            let view = views
                .iter()
                .find(|view| view.conversation_id == item.conversation_id)
                .ok_or("no view")?;
            let all = self
                .messages
                .get(&item.conversation_id)
                .ok_or("no messages")?;
            let snapshot = timeline(
                engine.reader(),
                &item.conversation_id,
                Window::From(Position(1)),
            )
            .map_err(|error| error.to_string())?;
            let newest = &all[all.len() - snapshot.items.len().min(all.len())..];
            let same = snapshot.items.len() <= all.len()
                && snapshot.items.iter().zip(newest).all(|(shown, truth)| {
                    shown.key == truth.operation_key
                        && shown.text == truth.text
                        && shown.position == Some(truth.position)
                        && shown.sender == truth.sender_id
                });
            // After a reset only the newest 20 are surely here; the rest is fetched when asked for.
            if !same || snapshot.items.len() < all.len().min(20) {
                let shown: Vec<_> = snapshot
                    .items
                    .iter()
                    .map(|item| (item.position.map(|position| position.0), &item.text))
                    .collect();
                let truth: Vec<_> = all
                    .iter()
                    .map(|message| (message.position.0, &message.text))
                    .collect();
                return Err(format!(
                    "{} shows {shown:?}\n  and has {truth:?}",
                    item.conversation_id
                ));
            }
            let unread = unread(all, view, &device.user);
            if item.unread_count != unread || view.unread_count != unread {
                return Err(format!(
                    "{} counts {} unread, the server {}, by hand {unread}",
                    item.conversation_id, item.unread_count, view.unread_count
                ));
            }
            let preview = item.preview.as_ref().map(|preview| preview.text.as_str());
            if preview != all.last().map(|message| message.text.as_str()) {
                return Err(format!(
                    "{} has the preview {preview:?}",
                    item.conversation_id
                ));
            }
        }
        Ok(())
    }
}

/// Counted by hand: messages of others after the read pointer.
fn unread(all: &[Message], view: &Conversation, user: &UserId) -> u64 {
    let read_to = view
        .participants
        .iter()
        .find(|participant| participant.user_id == *user)
        .map_or(Position::ZERO, |participant| participant.read_to);
    all.iter()
        .filter(|message| message.position > read_to && message.sender_id != *user)
        .count() as u64
}

fn ask<T: DeserializeOwned>(
    backend: &mut Backend,
    now: Timestamp,
    method: &str,
    path: &str,
    query: &str,
    bearer: Option<&str>,
    body: &serde_json::Value,
) -> Result<T, String> {
    let body = match body {
        serde_json::Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let request = HttpRequest {
        method,
        path,
        query,
        bearer,
        body: &body,
    };
    let (response, _) = backend.http(&request, now);
    serde_json::from_str(&response.body).map_err(|error| format!("{path}: {error}"))
}
