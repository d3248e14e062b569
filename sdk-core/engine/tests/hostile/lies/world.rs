//! A world in which every field of the protocol has something in it, and what happens there.

use fulmar_engine::Mono;
use fulmar_protocol::{Content, Conversation, Event, Message, OperationKey, Position, Revision};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::server::{EPOCH, Server, user};

/// Every type of event (PROTOCOL.md §6.2).
pub(crate) const EVENTS: [&str; 12] = [
    "message.created",
    "message.updated",
    "receipt.updated",
    "settings.updated",
    "conversation.created",
    "conversation.updated",
    "conversation.removed",
    "participants.added",
    "participant.removed",
    "participant.updated",
    "user.updated",
    "blocks.updated",
];

/// Changes something as JSON.
fn change<T: Serialize + DeserializeOwned>(what: &mut T, change: impl FnOnce(&mut Value)) {
    let mut value = json!(what);
    change(&mut value);
    *what = serde_json::from_value(value).unwrap();
}

/// A group that is the example of PROTOCOL.md §4.1.
fn group(id: &str) -> Conversation {
    let example = include_str!("../../../../../protocol/vectors/accept/body.conversations.json");
    let example: Value = serde_json::from_str(example).unwrap();
    let mut group = example["conversations"][0].clone();
    group["conversationId"] = json!(id);
    group["operationKey"] = json!(Value::Null);
    group["messages"] = json!([]);
    group["pinnedMessages"] = json!([]);
    group["lastPosition"] = json!(0);
    group["revision"] = json!(0);
    group["unreadCount"] = json!(0);
    let people = ["alice", "bob", "erin"]
        .map(|name| json!({"userId": name, "name": name, "role": "member"}));
    group["participants"] = json!(people);
    serde_json::from_value(group).unwrap()
}

/// What Bob says, with all that a message may carry.
fn content(text: &str, reply_to: Option<OperationKey>) -> Content {
    let content = json!({
        "text": text,
        "mentions": ["bob", "carol"],
        "replyTo": reply_to,
        "payload": {"type": "location", "data": {"lat": 52.5, "tags": ["a", "b"]}},
        "attachments": [
            {"fileId": "f-1", "kind": "image", "name": "harbour.jpg", "mimeType": "image/jpeg", "size": 48213,
             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "width": 1600,
             "height": 1200, "durationMs": 4200, "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
             "thumbnail": "R0lGODlhAQABAAAAACw="},
        ],
    });
    serde_json::from_value(content).unwrap()
}

/// What was there before Alice came, so many messages of Bob among it.
pub(crate) fn furnish(bench: &mut Bench, messages: u32) {
    let now = bench.now.mono;
    let mut last = None;
    for number in 0..messages {
        let key = bench.key();
        let content = content(&format!("before {number}"), last);
        bench.server.write("bob", key, content, now);
        last = Some(key);
    }
    bench.server.others.push(group("c-2"));
    change(&mut bench.server.profile, |profile| {
        *profile = json!({"context": {"kind": "order", "id": "o-7", "title": "Bicycle", "extra": {"a": [1]}}});
    });
}

/// The first message is edited, pinned and reacted to.
fn update(server: &mut Server, number: u32, now: Mono) -> Value {
    server.revision += 1;
    let revision = Revision(server.revision);
    let at = Server::time(now);
    let message: &mut Message = &mut server.messages[0];
    change(message, |message| {
        message["revision"] = json!(revision);
        message["text"] = json!(format!("edited {number}"));
        message["editedAt"] = json!(at);
        message["pinned"] = json!({"at": EPOCH, "by": "bob"});
        message["reactions"] = json!([
            {"emoji": "👍", "userIds": ["bob", "carol"]},
            {"emoji": "🎉", "userIds": ["bob"]},
        ]);
    });
    json!(message)
}

fn carol(number: u32) -> String {
    format!("carol-{number}")
}

/// Something happens, and the log tells of it. Returns its event.
pub(crate) fn happen(bench: &mut Bench, kind: &str, number: u32) -> Event {
    let (key, now) = (bench.key(), bench.now.mono);
    let server = &mut bench.server;
    let data = match kind {
        "message.created" => {
            let reply_to = Some(server.messages[0].operation_key);
            let content = content(&format!("news {number}"), reply_to);
            // It comes with its event.
            server.write("bob", key, content, now);
            return server.events.last().unwrap().clone();
        }
        "message.updated" => update(server, number, now),
        "receipt.updated" => {
            let all = Position(server.messages.len() as u64);
            (server.read_to, server.delivered_to) = (all, all);
            json!({"conversationId": "c-1", "userId": "alice", "deliveredTo": all, "readTo": all,
                   "unreadCount": 0, "unreadMentions": 0})
        }
        "settings.updated" => {
            let settings = json!({"pinned": true, "markedUnread": number % 2 == 1, "archived": false,
                                  "mutedUntil": EPOCH + 600_000 + i64::from(number)});
            change(&mut server.settings, |value| *value = settings.clone());
            json!({"conversationId": "c-1", "settings": settings})
        }
        "conversation.created" => {
            let created = group(&format!("c-1{number}"));
            server.others.push(created.clone());
            json!(created)
        }
        "conversation.removed" => {
            // What goes has to be there first.
            let gone = group(&format!("c-1{number}"));
            server
                .others
                .retain(|other| other.conversation_id != gone.conversation_id);
            json!({"conversationId": gone.conversation_id})
        }
        "conversation.updated" => {
            let profile = json!({"title": format!("Rome {number}"), "avatarUrl": "https://example.com/rome.png",
                                 "writing": "everyone", "context": {"kind": "trip", "id": "t-1", "title": "Rome"}});
            change(&mut server.others[0], |other| {
                for (name, value) in profile.as_object().unwrap() {
                    other[name] = value.clone();
                }
            });
            let mut data = profile;
            data["conversationId"] = json!("c-2");
            data
        }
        _ => people(server, kind, number),
    };
    let seq = server.head().next();
    let at = Server::time(now);
    let kind = kind.to_owned();
    server.events.push(Event {
        seq,
        at,
        kind,
        data,
    });
    server.events.last().unwrap().clone()
}

/// What happens to people.
fn people(server: &mut Server, kind: &str, number: u32) -> Value {
    let name = carol(number);
    match kind {
        "participants.added" => {
            let both = [name.clone(), format!("dave-{number}")];
            let both = both.map(|name| {
                json!({"userId": name, "name": name, "role": "member",
                                              "avatarUrl": "https://example.com/c.png",
                                              "deliveredTo": 0, "readTo": 0})
            });
            change(&mut server.others[0], |other| {
                other["participants"]
                    .as_array_mut()
                    .unwrap()
                    .extend(both.iter().cloned());
            });
            json!({"conversationId": "c-2", "participants": both})
        }
        "participant.removed" => {
            change(&mut server.others[0], |other| {
                let people = other["participants"].as_array_mut().unwrap();
                people.retain(|person| person["userId"] != json!(name));
            });
            json!({"conversationId": "c-2", "userId": name})
        }
        "participant.updated" => {
            let role = if number.is_multiple_of(2) {
                "moderator"
            } else {
                "admin"
            };
            change(&mut server.others[0], |other| {
                other["participants"][1]["role"] = json!(role);
            });
            json!({"conversationId": "c-2", "userId": "bob", "role": role})
        }
        "user.updated" => {
            let name = format!("Erin {number}");
            for other in &mut server.others {
                change(other, |other| {
                    other["participants"][2]["name"] = json!(name);
                    other["participants"][2]["avatarUrl"] = json!("https://example.com/e.png");
                });
            }
            json!({"userId": "erin", "name": name, "avatarUrl": "https://example.com/e.png"})
        }
        "blocks.updated" => {
            server.blocked = vec![user(&carol(number)), user("dave")];
            json!({"userIds": server.blocked})
        }
        other => panic!("{other} is not played here"),
    }
}

/// What has to happen before that can.
pub(crate) fn before(kind: &str) -> Option<&'static str> {
    match kind {
        "conversation.removed" => Some("conversation.created"),
        "participant.removed" => Some("participants.added"),
        _ => None,
    }
}
