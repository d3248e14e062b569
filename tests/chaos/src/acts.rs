//! What somebody does with an app, drawn from a seed and from what their device knows: they send, edit, delete, react,
//! create groups, add and remove people, begin to write, read, scroll and search. It asks nobody and judges nothing.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::ledger::{Ledger, Promise};
use crate::oracle::Message;
use crate::settings::PEOPLE;

/// So many bytes at most are in a text beside its number.
const LONGEST_TEXT: usize = 3000;
/// So many groups at most a device creates.
const GROUPS: usize = 3;

/// A request to a driver, and what its answer is good for.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) request: Value,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Change(Promise),
    /// Messages of a conversation are shown.
    Look {
        chat: String,
    },
    /// All that is found has the word.
    Search {
        word: String,
    },
    /// The list is shown, with conversations that others have created.
    List,
}

/// What a device knows when somebody takes it in hand.
#[derive(Debug)]
pub(crate) struct Knows<'a> {
    pub(crate) name: &'a str,
    pub(crate) user: &'static str,
    pub(crate) emoji: &'static str,
    /// Conversations by title, with the ids by which this device speaks of them.
    pub(crate) chats: &'a BTreeMap<String, String>,
    /// What was last shown of each.
    pub(crate) shown: &'a BTreeMap<String, Vec<Message>>,
    pub(crate) ledger: &'a Ledger,
    /// How many acts there were before.
    pub(crate) number: u64,
}

/// The word by which a message is found, and no other.
pub(crate) fn word(name: &str, number: u64) -> String {
    format!("{}n{number}z", name.replace('-', ""))
}

impl Knows<'_> {
    pub(crate) fn draw(&self, rng: &mut Rng) -> Act {
        let (title, id) = self.chat(rng);
        let looks = |how: &str| Act {
            request: json!({ "do": how, "conversation": id }),
            what: What::Look {
                chat: title.to_owned(),
            },
        };
        let act = match rng.u8(..24) {
            0 | 1 => self.edit(rng, title, id),
            2 => self.delete(rng, title, id),
            3 | 4 => self.react(rng, title, id),
            5 => self.hide(rng, title, id),
            6 => Some(self.begin_to_write(title, id)),
            7 | 8 => self.read(title, id),
            9 | 10 => Some(looks("page")),
            11 => Some(looks("seen")),
            12 => Some(looks("older")),
            13 => self.search(rng),
            14 => Some(Act {
                request: json!({ "do": "list" }),
                what: What::List,
            }),
            15 => self.create(rng),
            16 => self.person(rng),
            _ => None,
        };
        act.unwrap_or_else(|| self.send(rng, title, id))
    }

    fn chat(&self, rng: &mut Rng) -> (&str, &str) {
        let number = rng.usize(..self.chats.len().max(1));
        let chat = self.chats.iter().nth(number);
        chat.map_or(("", ""), |(title, id)| (title, id))
    }

    fn send(&self, rng: &mut Rng, chat: &str, id: &str) -> Act {
        let filling = if rng.u8(..10) == 0 {
            rng.usize(..LONGEST_TEXT)
        } else {
            rng.usize(..20)
        };
        let (name, number) = (self.name, self.number);
        let text = format!(
            "{name} {number} {} {}",
            word(name, number),
            ".".repeat(filling)
        );
        let text = text.trim_end().to_owned();
        let chat = chat.to_owned();
        change(
            json!({ "do": "send", "conversation": id, "text": text }),
            Promise::Send { chat, text },
        )
    }

    /// An own one, which begins as it did before.
    fn edit(&self, rng: &mut Rng, chat: &str, id: &str) -> Option<Act> {
        let (sent, key) = self.own(rng, chat)?;
        let before = self.ledger.sent[sent].texts.sure();
        let begin: Vec<&str> = before.split(' ').take(3).collect();
        let text = format!("{} edited in {}", begin.join(" "), self.number);
        Some(change(
            json!({ "do": "edit", "conversation": id, "message": key, "text": text }),
            Promise::Edit { sent, text },
        ))
    }

    fn delete(&self, rng: &mut Rng, chat: &str, id: &str) -> Option<Act> {
        let (sent, key) = self.own(rng, chat)?;
        Some(change(
            json!({ "do": "delete", "conversation": id, "message": key }),
            Promise::Delete { sent },
        ))
    }

    fn react(&self, rng: &mut Rng, chat: &str, id: &str) -> Option<Act> {
        let key = self.any(rng, chat, |message| !message.is_deleted)?;
        let is_on = rng.u8(..4) > 0;
        let how = if is_on { "react" } else { "unreact" };
        let chat = chat.to_owned();
        Some(change(
            json!({ "do": how, "conversation": id, "message": key, "emoji": self.emoji }),
            Promise::React { chat, key, is_on },
        ))
    }

    /// One of somebody else: what was promised last must be on the screen after a restart.
    fn hide(&self, rng: &mut Rng, chat: &str, id: &str) -> Option<Act> {
        let key = self.any(rng, chat, |message| message.sender != self.user)?;
        let chat = chat.to_owned();
        Some(change(
            json!({ "do": "hide", "conversation": id, "message": key }),
            Promise::Hide { chat, key },
        ))
    }

    fn begin_to_write(&self, chat: &str, id: &str) -> Act {
        let text = format!("draft {}", self.number);
        let chat = chat.to_owned();
        change(
            json!({ "do": "draft", "conversation": id, "text": text }),
            Promise::Draft { chat, text },
        )
    }

    fn read(&self, chat: &str, id: &str) -> Option<Act> {
        let shown = self.shown.get(chat)?.iter();
        let of_others = shown.filter(|message| message.sender != self.user);
        let position = of_others.map(|message| message.position).max()?;
        let chat = chat.to_owned();
        Some(change(
            json!({ "do": "markRead", "conversation": id, "position": position }),
            Promise::Read { chat, position },
        ))
    }

    fn search(&self, rng: &mut Rng) -> Option<Act> {
        let word = word(self.name, rng.u64(..self.number.max(1)));
        Some(Act {
            request: json!({ "do": "search", "text": word }),
            what: What::Search { word },
        })
    }

    fn create(&self, rng: &mut Rng) -> Option<Act> {
        if self.ledger.groups.len() >= GROUPS {
            return None;
        }
        let title = format!("{} group {}", self.name, self.number);
        let others = PEOPLE.into_iter().filter(|person| *person != self.user);
        let people: Vec<&str> = others.filter(|_| rng.u8(..3) > 0).collect();
        Some(change(
            json!({ "do": "group", "title": title, "participants": people }),
            Promise::Create { title, people },
        ))
    }

    /// Only who created a group changes who is in it.
    fn person(&self, rng: &mut Rng) -> Option<Act> {
        let (title, group) = rng.choice(&self.ledger.groups)?;
        let id = self.chats.get(title)?;
        let others = PEOPLE.into_iter().filter(|person| *person != self.user);
        let user = rng.choice(others.collect::<Vec<_>>())?;
        let is_in = !group
            .people
            .get(user)
            .is_some_and(|is_in| is_in.is_surely(&true));
        let how = if is_in { "add" } else { "remove" };
        let title = title.clone();
        Some(change(
            json!({ "do": how, "conversation": id, "user": user }),
            Promise::Membership { title, user, is_in },
        ))
    }

    fn own(&self, rng: &mut Rng, chat: &str) -> Option<(usize, String)> {
        let sent = rng.choice(self.ledger.own(chat))?;
        Some((sent, self.ledger.sent[sent].promised.clone()?))
    }

    fn any(&self, rng: &mut Rng, chat: &str, fits: impl Fn(&Message) -> bool) -> Option<String> {
        let shown = self.shown.get(chat)?.iter();
        let fitting: Vec<&Message> = shown.filter(|message| fits(message)).collect();
        rng.choice(fitting).map(|message| message.key.clone())
    }
}

fn change(request: Value, promise: Promise) -> Act {
    let what = What::Change(promise);
    Act { request, what }
}
