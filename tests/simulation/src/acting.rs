//! What people do with their apps: every kind of operation, on whatever the screen shows. A method that nobody
//! does fails a test.

mod account;
mod conversations;
mod floods;
mod pushes;

use fulmar_engine::query::{ConversationItem, MessageItem};
use fulmar_engine::{Command, CommandId, Input, MessageContent, NewConversation};
use fulmar_protocol::{
    Anchor, HistoryPage, MessageDelete, MessageEdit, MessageHide, MessagePin, MessageSend, Method,
    OperationKey, Payload, Position, ReactionAdd, ReactionRemove, UserId,
};

use crate::device::{Promise, Waiting};
use crate::network::DeviceIndex;
use crate::population::{ORACLE, user};
use crate::world::{Step, World};

const EMOJI: [&str; 3] = ["👍", "🎉", "🙈"];

impl World {
    /// One thing that a person does, and sometimes nothing.
    pub(crate) fn act(&mut self, index: DeviceIndex) -> Step {
        self.sign_in(index)?;
        if self.devices[index].engine.is_none() {
            return Ok(());
        }
        self.give_up_failed(index)?;
        if self.rng.u32(0..60) == 0 {
            return self.sign_out(index);
        }
        if self.act_on_account(index)? {
            return Ok(());
        }
        let list = self.devices[index].list()?;
        let begun = self.devices[index].begun;
        let more = begun < self.population.conversations && self.rng.u32(0..6) == 0;
        if begun == 0 || list.is_empty() || more {
            return self.create(index);
        }
        let chosen = list[self.rng.usize(0..list.len())].clone();
        if self.flood(index, &chosen)? {
            return Ok(());
        }
        match self.rng.u32(0..100) {
            0..45 => self.write(index, &chosen),
            45..58 => self.read(index, &chosen),
            58..60 => self.give_up(index, &chosen),
            60..82 => self.change_message(index, &chosen),
            82..90 => self.change_settings(index, &chosen),
            90..93 => self.look_back(index, &chosen),
            93..95 => self.pushed(index),
            95..97 => self.open_file(index, &chosen),
            _ => self.change_group(index, &chosen),
        }
    }

    /// Messages that were refused hold their lane until somebody gives them up.
    pub(crate) fn give_up_failed(&mut self, index: DeviceIndex) -> Step {
        self.give_up_creations(index)?;
        if self.devices[index].engine.is_none() {
            return Ok(());
        }
        for key in self.devices[index].failed()? {
            let device = &mut self.devices[index];
            if device.engine.is_none() {
                return Ok(());
            }
            device.forget(key);
            let command = device.command(Waiting::Other);
            let body = Command::Discard {
                operation_key: key,
                delete_key: None,
            };
            self.command(index, command, body)?;
        }
        Ok(())
    }

    /// Somebody does not want to send a message any more, whether it went out already or not.
    fn give_up(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let shown = self.devices[index].screen(&chosen.conversation_id)?;
        let unsent = shown
            .iter()
            .filter(|item| item.position.is_none())
            .map(|item| item.key);
        let promised = &self.devices[index].promised;
        let Some((key, promise)) = unsent
            .rev()
            .find_map(|key| Some((key, promised.get(&key)?.clone())))
        else {
            return Ok(());
        };
        let delete_key = match self.rng.bool() {
            true => Some(self.operation_key()),
            false => None,
        };
        let device = &mut self.devices[index];
        device.forget(key);
        let command = device.command(Waiting::GivenUp {
            key,
            promise,
            alone: delete_key.is_none(),
        });
        let body = Command::Discard {
            operation_key: key,
            delete_key,
        };
        self.command(index, command, body)
    }

    pub(crate) fn command(
        &mut self,
        index: DeviceIndex,
        command: CommandId,
        body: Command,
    ) -> Step {
        if self.verbose {
            self.tell(&format!(
                "  {}: {command:?} {body:?}",
                self.devices[index].name
            ));
        }
        self.handle(index, vec![Input::Command { command, body }])
    }

    fn create(&mut self, index: DeviceIndex) -> Step {
        let (key, other) = (self.operation_key(), self.somebody());
        let first = self.devices[index].begun == 0;
        // The first device makes a group of all; everyone makes direct conversations, also at once, and more groups.
        let conversation = match index {
            0 if first => self.group("All", |_| true),
            _ if !first && self.rng.bool() => {
                let title = format!("group {}", self.rng.u32(0..1000));
                self.group(&title, |world| world.rng.bool())
            }
            _ if other == self.devices[index].user => {
                self.devices[index].begun += 1;
                return Ok(());
            }
            _ => NewConversation::Direct { with: other },
        };
        let device = &mut self.devices[index];
        device.begun += 1;
        let command = device.command(Waiting::Other);
        let body = Command::Create {
            operation_key: key,
            conversation,
        };
        self.command(index, command, body)
    }

    /// A group of some of the others, and of the oracle.
    fn group(
        &mut self,
        title: &str,
        mut takes_part: impl FnMut(&mut Self) -> bool,
    ) -> NewConversation {
        let all: Vec<UserId> = self.population.users().cloned().collect();
        let mut participants = vec![user(ORACLE)];
        for user in all {
            if takes_part(self) {
                participants.push(user);
            }
        }
        NewConversation::Group {
            title: title.to_owned(),
            avatar_url: None,
            context: None,
            participants,
        }
    }

    /// One of the people with devices.
    pub(crate) fn somebody(&mut self) -> UserId {
        let people = &self.population.people;
        let (somebody, _) = &people[self.rng.usize(0..people.len())];
        somebody.clone()
    }

    fn write(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let key = self.operation_key();
        let id = chosen.conversation_id.clone();
        let shown = self.devices[index].screen(&id)?;
        let picked = self.pick(&shown).cloned();
        let other = picked.as_ref().map(|item| item.key);
        let thread_root = match picked {
            Some(item) if self.rng.u32(0..4) == 0 => self.thread_of(&item),
            _ => None,
        };
        let forwards = self.rng.u32(0..8) == 0;
        let mentions = match self.rng.u32(0..4) {
            0 => vec![self.somebody()],
            _ => Vec::new(),
        };
        let attachments = match self.rng.u32(0..5) {
            0 => vec![self.new_file(index)?],
            _ => Vec::new(),
        };
        let device = &mut self.devices[index];
        let (message, text) = match other {
            Some(source) if forwards => (
                MessageSend {
                    forward_of: Some(source),
                    ..MessageSend::text(id.clone(), "")
                },
                None,
            ),
            _ => {
                let text = device.next_text();
                let message = MessageSend {
                    mentions,
                    reply_to: other,
                    thread_root,
                    attachments,
                    payload: card(&text),
                    ..MessageSend::text(id.clone(), text.clone())
                };
                (message, Some(text))
            }
        };
        let promise = Promise {
            sender: device.user.clone(),
            conversation: id,
            thread: message.thread_root,
            text,
        };
        let command = device.command(Waiting::Sent { key, promise });
        let body = Command::Send {
            operation_key: key,
            message,
        };
        self.command(index, command, body)
    }

    /// The thread that a message is in, or begins.
    fn thread_of(&self, item: &MessageItem) -> Option<OperationKey> {
        match item.content {
            MessageContent::System { .. } => None,
            _ => Some(item.thread_root.unwrap_or(item.key)),
        }
    }

    /// Somebody scrolls, or jumps.
    fn look_back(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let conversation = chosen.conversation_id.clone();
        let shown = self.devices[index].screen(&conversation)?;
        let picked = self.pick(&shown).cloned();
        let thread = picked
            .as_ref()
            .filter(|_| self.rng.u32(0..3) == 0)
            .and_then(|item| self.thread_of(item));
        let place = Position(self.rng.u64(0..=chosen.last_position.0 + 1));
        let page = match (self.rng.u32(0..5), picked) {
            (0, _) => HistoryPage::Before(place),
            (1, _) => HistoryPage::After(place),
            (2, Some(item)) => HistoryPage::Around(Anchor::Message(item.key)),
            (3, Some(item)) => HistoryPage::Around(Anchor::Time(item.at)),
            _ => HistoryPage::Around(Anchor::At(place)),
        };
        let body = Command::LoadHistory {
            conversation,
            thread,
            page,
        };
        let command = self.devices[index].command(Waiting::Other);
        self.command(index, command, body)
    }

    fn read(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let body = Command::MarkRead {
            operation_key: self.operation_key(),
            conversation: chosen.conversation_id.clone(),
            up_to: Position(self.rng.u64(0..=chosen.last_position.0)),
        };
        let command = self.devices[index].command(Waiting::Other);
        self.command(index, command, body)
    }

    fn change_message(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let conversation_id = chosen.conversation_id.clone();
        let shown = self.devices[index].screen(&conversation_id)?;
        let Some(mut item) = self.pick(&shown).cloned() else {
            return Ok(());
        };
        let mut emoji = EMOJI[self.rng.usize(0..EMOJI.len())].to_owned();
        let change = self.rng.u32(0..12);
        // Hardly any message has a reaction of this user with this emoji: one that has is looked for.
        if (3..5).contains(&change)
            && let Some((reacted, own)) = reaction_of(&shown, &self.devices[index].user)
        {
            (item, emoji) = (reacted.clone(), own.to_owned());
        }
        let message_key = item.key;
        let method = match change {
            10.. => Method::MessagePin(MessagePin {
                conversation_id,
                message_key,
                pinned: self.rng.u32(0..3) > 0,
            }),
            0..3 => Method::ReactionAdd(ReactionAdd {
                conversation_id,
                message_key,
                emoji,
            }),
            3..5 => Method::ReactionRemove(ReactionRemove {
                conversation_id,
                message_key,
                emoji,
            }),
            5..8 => {
                // The number of the edit goes behind what was written: `alice.1/17~2`.
                let written = item.text().split('~').next().unwrap_or_default();
                let mentions = match &item.content {
                    MessageContent::Text { mentions, .. } => mentions.clone(),
                    _ => Vec::new(),
                };
                Method::MessageEdit(MessageEdit {
                    conversation_id,
                    message_key,
                    text: format!("{written}~{}", self.rng.u32(0..1000)),
                    mentions,
                })
            }
            8 => {
                self.devices[index].forget(message_key);
                Method::MessageDelete(MessageDelete {
                    conversation_id,
                    message_key,
                })
            }
            _ => {
                // It goes from every screen of this user, seen or not.
                let user = self.devices[index].user.clone();
                for device in &mut self.devices {
                    if device.user == user {
                        device.forget(message_key);
                    }
                }
                Method::MessageHide(MessageHide {
                    conversation_id,
                    message_key,
                })
            }
        };
        self.change(index, method)
    }

    fn change(&mut self, index: DeviceIndex, method: Method) -> Step {
        let body = Command::Change {
            operation_key: self.operation_key(),
            method,
        };
        let command = self.devices[index].command(Waiting::Other);
        self.command(index, command, body)
    }

    fn pick<'a>(&mut self, shown: &'a [MessageItem]) -> Option<&'a MessageItem> {
        match shown {
            [] => None,
            shown => shown.get(self.rng.usize(0..shown.len())),
        }
    }

    pub(crate) fn operation_key(&mut self) -> OperationKey {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        OperationKey::from_parts(self.server_now(), random)
    }
}

/// The newest message with a reaction of a user, and the emoji of it.
fn reaction_of<'a>(shown: &'a [MessageItem], user: &UserId) -> Option<(&'a MessageItem, &'a str)> {
    shown.iter().rev().find_map(|item| {
        let own = item
            .reactions
            .iter()
            .find(|it| it.user_ids.contains(user))?;
        Some((item, own.emoji.as_str()))
    })
}

/// What an app defined comes along with some messages. It says what the text does, so it is the same in each run.
fn card(text: &str) -> Option<Payload> {
    let sum: u32 = text.bytes().map(u32::from).sum();
    sum.is_multiple_of(4).then(|| Payload {
        kind: "card".to_owned(),
        data: serde_json::json!({ "of": text }),
    })
}
