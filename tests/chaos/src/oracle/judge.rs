//! Whether the server keeps what devices were promised, all of it read over HTTP as each of its users sees it.

use std::collections::{BTreeMap, BTreeSet};

use super::server::{Account, Reader};
use super::view::{Message, broken};
use crate::ledger::{Expected, Ledger, Refusal, Sent};
use crate::settings::TITLES;
use crate::trouble::Outcome;

/// A device, and what it was promised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// By this each of its texts begins.
    pub(crate) name: &'a str,
    pub(crate) user: &'static str,
    /// The one with which it alone reacts.
    pub(crate) emoji: &'static str,
    pub(crate) ledger: &'a Ledger,
}

/// What all users may know.
#[derive(Debug, Default)]
pub(crate) struct Truth(pub(crate) BTreeMap<&'static str, Account>);

impl Truth {
    pub(crate) async fn read(url: &str, users: &[&'static str]) -> Outcome<Self> {
        let mut truth = Self::default();
        for user in users {
            let mut reader = Reader::new(url.to_owned(), user, "oracle".to_owned())?;
            truth.0.insert(user, reader.account().await?);
        }
        Ok(truth)
    }

    pub(crate) fn judge(&self, devices: &[Record<'_>]) -> Outcome {
        self.judge_groups(devices)?;
        let titles = self.0.values().flat_map(|account| account.history.keys());
        let titles: BTreeSet<&String> = titles.collect();
        let mut all: BTreeMap<String, Message> = BTreeMap::new();
        for title in titles {
            let history = self.history(title)?;
            for device in devices {
                judge_sent(title, *device, devices, &history)?;
            }
            for message in history {
                if let Some(other) = all.insert(message.key.clone(), message) {
                    return broken(format!("the key of another one: {other:?}"));
                }
            }
        }
        for device in devices {
            self.judge_changes(*device, devices, &all)?;
            for refusal in &device.ledger.refused {
                self.judge_refusal(*device, devices, refusal, &all)?;
            }
        }
        Ok(())
    }

    /// What is in a conversation, with the texts of those that only some have hidden.
    fn history(&self, title: &str) -> Outcome<Vec<Message>> {
        let mut merged: Option<Vec<Message>> = None;
        for account in self.0.values() {
            let Some(history) = account.history.get(title) else {
                continue;
            };
            let merged = merged.get_or_insert_with(|| history.clone());
            if merged.len() != history.len() {
                return broken(format!("{title} is of another length to another user"));
            }
            for (known, message) in merged.iter_mut().zip(history) {
                if known.key != message.key {
                    return broken(format!("{message:?} is {known:?} to another user"));
                }
                if !account.hidden.contains(&message.key) {
                    known.clone_from(message);
                }
            }
        }
        let merged = merged.unwrap_or_default();
        for (message, place) in merged.iter().zip(1..) {
            if message.position != place {
                return broken(format!("not at position {place}: {message:?}"));
            }
        }
        Ok(merged)
    }

    /// There are the conversations that were created, no others, with the people who were added to them.
    fn judge_groups(&self, devices: &[Record<'_>]) -> Outcome {
        let created = || devices.iter().flat_map(|device| &device.ledger.groups);
        for (user, account) in &self.0 {
            for title in account.view.keys() {
                let is_known = TITLES.contains(&title.as_str())
                    || created().any(|(known, group)| known == title && group.exists.allows(&true));
                if !is_known {
                    return broken(format!("{user} is in {title}, which nobody created"));
                }
            }
        }
        for device in devices {
            for (title, group) in &device.ledger.groups {
                let account = &self.0[device.user];
                let Some(chat) = account.view.get(title) else {
                    if group.exists.allows(&false) {
                        continue;
                    }
                    return broken(format!("lost: {title}"));
                };
                for (user, is_in) in &group.people {
                    if !is_in.allows(&chat.people.contains_key(*user)) {
                        return broken(format!("{user} in {title}: {is_in:?}, not {chat:?}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What it reacted, hid and read is so.
    fn judge_changes(
        &self,
        device: Record<'_>,
        devices: &[Record<'_>],
        all: &BTreeMap<String, Message>,
    ) -> Outcome {
        let (name, user, ledger) = (device.name, device.user, device.ledger);
        let account = &self.0[user];
        let chats = account.history.iter();
        let chat_of: BTreeMap<&str, &str> = chats
            .flat_map(|(title, history)| {
                history.iter().map(|one| (one.key.as_str(), title.as_str()))
            })
            .collect();
        let is_judged = |key: &str| {
            let chat = chat_of.get(key);
            chat.is_some_and(|chat| !was_removed(devices, chat, user))
        };
        for message in all.values().filter(|message| is_judged(&message.key)) {
            let no = Expected::new(false);
            let expected = ledger.reactions.get(&message.key).unwrap_or(&no);
            let has = message.reactions.iter().any(|(emoji, users)| {
                *emoji == device.emoji && users.iter().any(|each| each == user)
            });
            if !message.is_deleted && !expected.allows(&has) {
                return broken(format!("{name}'s reaction: {expected:?}, not {message:?}"));
            }
            let of_user = devices.iter().filter(|device| device.user == user);
            let mut hides = of_user.filter_map(|one| one.ledger.hidden.get(&message.key));
            let is_hidden = account.hidden.contains(&message.key);
            let surely = ledger.hidden.get(&message.key);
            if surely.is_some_and(|hides| hides.is_surely(&true)) && !is_hidden {
                return broken(format!("{name} has hidden {message:?}"));
            }
            if is_hidden && !hides.any(|hides| hides.allows(&true)) {
                return broken(format!("{user} has not hidden {message:?}"));
            }
        }
        for (chat, position) in &ledger.read {
            let person = account
                .view
                .get(chat)
                .and_then(|chat| chat.people.get(user));
            if !was_removed(devices, chat, user)
                && person.is_none_or(|person| person.read < *position)
            {
                return broken(format!(
                    "{name} has read {chat} to {position}, not {person:?}"
                ));
            }
        }
        Ok(())
    }

    /// A change comes to nothing only where its user was removed, or its message is gone.
    fn judge_refusal(
        &self,
        device: Record<'_>,
        devices: &[Record<'_>],
        refusal: &Refusal,
        all: &BTreeMap<String, Message>,
    ) -> Outcome {
        let chat = refusal.chat.as_deref();
        let is_out = chat.is_some_and(|chat| was_removed(devices, chat, device.user));
        let key = refusal.message.as_deref();
        let is_gone = key.is_some_and(|key| {
            self.0[device.user].hidden.contains(key)
                || all.get(key).is_some_and(|message| message.is_deleted)
        });
        if is_out || is_gone {
            return Ok(());
        }
        broken(format!(
            "{}: refused without a reason: {}, {refusal:?}",
            device.name, refusal.said
        ))
    }
}

/// Whether somebody may have been removed from a conversation at some time.
fn was_removed(devices: &[Record<'_>], chat: &str, user: &str) -> bool {
    let groups = devices.iter().filter_map(|one| one.ledger.groups.get(chat));
    groups.into_iter().any(|group| group.removed.contains(user))
}

/// What is found of a device is what it sent, in order, without the ones that nobody promised, or some of them.
fn judge_sent(
    chat: &str,
    device: Record<'_>,
    devices: &[Record<'_>],
    history: &[Message],
) -> Outcome {
    let name = device.name;
    let begin = format!("{name} ");
    // From then on changes are refused.
    let was_removed = was_removed(devices, chat, device.user);
    let sent: Vec<&Sent> = device
        .ledger
        .sent
        .iter()
        .filter(|sent| sent.chat == chat)
        .collect();
    let keys: BTreeSet<&String> = sent
        .iter()
        .filter_map(|sent| sent.promised.as_ref())
        .collect();
    let found = history
        .iter()
        .filter(|message| keys.contains(&message.key) || message.text.starts_with(&begin));
    let mut found = found.peekable();
    for each in sent {
        let next = found.peek().filter(|next| match &each.promised {
            Some(key) => next.key == *key,
            None => each.texts.allows(&next.text) && !keys.contains(&next.key),
        });
        match next {
            Some(next) => {
                let is_hidden_from_all = next.text.is_empty() && !next.is_deleted;
                let is_as_expected = each.deleted.allows(&next.is_deleted)
                    && (next.is_deleted || is_hidden_from_all || each.texts.allows(&next.text));
                if !is_as_expected && !was_removed {
                    return broken(format!("{name}: {each:?} became {next:?}"));
                }
                found.next();
            }
            // One that was deleted before it had left the device never comes.
            None if each.promised.is_none() || each.deleted.allows(&true) || was_removed => {}
            None => {
                let place = format!("{name} has {:?} in its place", found.peek());
                return broken(format!("lost, doubled or out of order: {each:?}: {place}"));
            }
        }
    }
    match found.next() {
        Some(next) => broken(format!(
            "{name}: doubled, out of order or never sent: {next:?}"
        )),
        None => Ok(()),
    }
}

/// A device keeps what its user has begun to write.
pub(crate) fn judge_drafts(
    device: &str,
    ledger: &Ledger,
    drafts: &BTreeMap<String, String>,
    is_out: impl Fn(&str) -> bool,
) -> Outcome {
    let none = Expected::new(String::new());
    for (chat, draft) in drafts.iter().filter(|(chat, _)| !is_out(chat)) {
        let expected = ledger.drafts.get(chat).unwrap_or(&none);
        if !expected.allows(draft) {
            return broken(format!(
                "{device} has the draft {draft:?} in {chat}, not {expected:?}"
            ));
        }
    }
    Ok(())
}

/// The conversations that somebody may have been removed from.
pub(crate) fn removed(devices: &[Record<'_>], user: &str) -> BTreeSet<String> {
    let groups = devices.iter().flat_map(|device| &device.ledger.groups);
    let removed = groups.filter(|(_, group)| group.removed.contains(user));
    removed.map(|(title, _)| title.clone()).collect()
}

#[cfg(test)]
mod tests;
