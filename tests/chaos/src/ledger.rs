//! What a device was promised: each change that its driver acknowledged must have happened in the end, one that was cut
//! off may have, one that was refused must not. It does not look at what became of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::oracle::view::text;
use crate::trouble::Outcome;

/// A value that was acknowledged, and those that may have come after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected<T> {
    sure: T,
    maybe: Vec<T>,
}

impl<T: PartialEq> Expected<T> {
    pub(crate) fn new(sure: T) -> Self {
        let maybe = Vec::new();
        Self { sure, maybe }
    }

    fn set(&mut self, value: T, fate: Fate<'_>) {
        match fate {
            Fate::Kept(_) => *self = Self::new(value),
            Fate::Unknown => self.maybe.push(value),
        }
    }

    /// The one that was acknowledged.
    pub(crate) fn sure(&self) -> &T {
        &self.sure
    }

    pub(crate) fn allows(&self, value: &T) -> bool {
        self.sure == *value || self.maybe.contains(value)
    }

    pub(crate) fn is_surely(&self, value: &T) -> bool {
        self.sure == *value && self.maybe.iter().all(|maybe| maybe == value)
    }
}

/// What a device wants to have changed.
#[derive(Debug, Clone)]
pub(crate) enum Promise {
    Send {
        chat: String,
        text: String,
    },
    /// Of one of those that it sent, by number.
    Edit {
        sent: usize,
        text: String,
    },
    Delete {
        sent: usize,
    },
    Hide {
        chat: String,
        key: String,
    },
    React {
        chat: String,
        key: String,
        is_on: bool,
    },
    Create {
        title: String,
        people: Vec<&'static str>,
    },
    Membership {
        title: String,
        user: &'static str,
        is_in: bool,
    },
    Draft {
        chat: String,
        text: String,
    },
    /// Up to a message of somebody else: what has not arrived is not marked, also behind an own one that has.
    Read {
        chat: String,
        position: u64,
    },
}

impl Promise {
    /// As it is counted.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Send { .. } => "messages",
            Self::Edit { .. } => "edits",
            Self::Delete { .. } => "deletions",
            Self::Hide { .. } => "deletions for oneself",
            Self::React { .. } => "reactions",
            Self::Create { .. } => "groups",
            Self::Membership { .. } => "people added and removed",
            Self::Draft { .. } => "drafts",
            Self::Read { .. } => "read marks",
        }
    }
}

/// What became of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate<'a> {
    /// The driver acknowledged it.
    Kept(&'a Value),
    /// The driver was killed before it said anything.
    Unknown,
}

/// A message that a device handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) chat: String,
    /// What it says, beginning with the name of the device and its number.
    pub(crate) texts: Expected<String>,
    /// The key under which the driver said that it is durable. Without a word it may be there or not.
    pub(crate) promised: Option<String>,
    pub(crate) deleted: Expected<bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) exists: Expected<bool>,
    pub(crate) people: BTreeMap<&'static str, Expected<bool>>,
    /// Who was removed at some time, or may have been: from then on their changes there may be refused.
    pub(crate) removed: BTreeSet<&'static str>,
}

/// A change that came to nothing, and why that could be right.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) chat: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) said: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    /// All that it handed over, in order.
    pub(crate) sent: Vec<Sent>,
    /// What it has reacted to, with the one emoji that is only its own, by key.
    pub(crate) reactions: BTreeMap<String, Expected<bool>>,
    pub(crate) hidden: BTreeMap<String, Expected<bool>>,
    pub(crate) drafts: BTreeMap<String, Expected<String>>,
    /// Up to where it has read at least.
    pub(crate) read: BTreeMap<String, u64>,
    /// Those that it created.
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) refused: Vec<Refusal>,
}

impl Ledger {
    pub(crate) fn record(&mut self, promise: &Promise, fate: Fate<'_>) -> Outcome {
        match promise.clone() {
            Promise::Send { chat, text: said } => self.sent.push(Sent {
                chat,
                texts: Expected::new(said),
                promised: match fate {
                    Fate::Kept(answer) => Some(text(answer, "key")?),
                    Fate::Unknown => None,
                },
                deleted: Expected::new(false),
            }),
            Promise::Edit { sent, text } => self.sent[sent].texts.set(text, fate),
            Promise::Delete { sent } => self.sent[sent].deleted.set(true, fate),
            Promise::Hide { key, .. } => not_yet(&mut self.hidden, key).set(true, fate),
            Promise::React { key, is_on, .. } => not_yet(&mut self.reactions, key).set(is_on, fate),
            Promise::Create { title, people } => {
                let mut exists = Expected::new(false);
                exists.set(true, fate);
                let people = people.into_iter().map(|user| (user, Expected::new(true)));
                let group = Group {
                    exists,
                    people: people.collect(),
                    removed: BTreeSet::new(),
                };
                self.groups.insert(title, group);
            }
            Promise::Membership { title, user, is_in } => {
                if let Some(group) = self.groups.get_mut(&title) {
                    let person = group.people.entry(user);
                    person.or_insert(Expected::new(false)).set(is_in, fate);
                    if !is_in {
                        group.removed.insert(user);
                    }
                }
            }
            Promise::Draft { chat, text } => {
                let draft = self.drafts.entry(chat);
                draft
                    .or_insert(Expected::new(String::new()))
                    .set(text, fate);
            }
            Promise::Read { chat, position } => {
                if let Fate::Kept(_) = fate {
                    let read = self.read.entry(chat).or_default();
                    *read = position.max(*read);
                }
            }
        }
        Ok(())
    }

    /// What it is that the driver refused.
    pub(crate) fn refusal(&self, promise: &Promise, said: String) -> Refusal {
        let sent = |number: &usize| &self.sent[*number];
        let (chat, message) = match promise {
            Promise::Send { chat, .. }
            | Promise::Draft { chat, .. }
            | Promise::Read { chat, .. } => (chat, None),
            Promise::Edit { sent: number, .. } | Promise::Delete { sent: number } => {
                (&sent(number).chat, sent(number).promised.clone())
            }
            Promise::Hide { chat, key } | Promise::React { chat, key, .. } => {
                (chat, Some(key.clone()))
            }
            Promise::Create { title, .. } | Promise::Membership { title, .. } => (title, None),
        };
        Refusal {
            chat: Some(chat.clone()),
            message,
            said,
        }
    }

    /// Those of a conversation that it may still change: nobody knows yet that they are gone.
    pub(crate) fn own(&self, chat: &str) -> Vec<usize> {
        let sent = self.sent.iter().enumerate();
        let own = sent.filter(|(_, sent)| {
            sent.chat == chat && sent.promised.is_some() && sent.deleted.is_surely(&false)
        });
        own.map(|(number, _)| number).collect()
    }
}

fn not_yet(all: &mut BTreeMap<String, Expected<bool>>, key: String) -> &mut Expected<bool> {
    all.entry(key).or_insert(Expected::new(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_value_that_was_acknowledged_counts_and_what_was_cut_off_after_it_may() {
        let answer = json!({});
        let mut expected = Expected::new(1);
        expected.set(2, Fate::Unknown);
        assert!(expected.allows(&1) && expected.allows(&2) && !expected.is_surely(&1));
        expected.set(3, Fate::Kept(&answer));
        expected.set(4, Fate::Unknown);
        assert!(!expected.allows(&2) && expected.allows(&3) && expected.allows(&4));
    }

    #[test]
    fn a_message_that_may_be_deleted_is_changed_no_more() {
        let mut ledger = Ledger::default();
        let send = |text: &str| Promise::Send {
            chat: "Market".to_owned(),
            text: text.to_owned(),
        };
        let answer = json!({ "key": "k" });
        ledger.record(&send("a 1"), Fate::Kept(&answer)).unwrap();
        ledger.record(&send("a 2"), Fate::Unknown).unwrap();
        assert_eq!(ledger.own("Market"), [0]);
        assert!(ledger.own("Harbour").is_empty());
        ledger
            .record(&Promise::Delete { sent: 0 }, Fate::Unknown)
            .unwrap();
        assert!(ledger.own("Market").is_empty());
    }

    #[test]
    fn who_may_have_been_removed_is_remembered_also_when_they_come_back() {
        let mut ledger = Ledger::default();
        let answer = json!({});
        let title = "a group 1".to_owned();
        let people = vec!["bob"];
        let create = Promise::Create {
            title: title.clone(),
            people,
        };
        ledger.record(&create, Fate::Kept(&answer)).unwrap();
        for (is_in, fate) in [(false, Fate::Unknown), (true, Fate::Kept(&answer))] {
            let title = title.clone();
            let person = Promise::Membership {
                title,
                user: "bob",
                is_in,
            };
            ledger.record(&person, fate).unwrap();
        }
        let group = &ledger.groups[&title];
        assert!(group.people["bob"].is_surely(&true) && group.removed.contains("bob"));
    }
}
