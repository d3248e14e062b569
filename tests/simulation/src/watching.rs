//! Live lists, as an app has them: one is read again only when the engine said that it may have changed, and
//! follows by the changes alone. A list that is another without a word of the engine is stale on a screen.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_engine::query::{
    Change, ConversationItem, MessageItem, OutboxItem, ParticipantsSnapshot, TimelineItem,
    TimelineSnapshot, diff, outbox, participants, pinned_messages,
};
use fulmar_engine::{ConversationKey, Engine, FailurePolicy, Topic};
use fulmar_protocol::{ConversationId, Participant};

use crate::device::{Device, Screen};

/// What the screens of one process show.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    /// What the engine said since somebody looked.
    told: BTreeSet<Topic>,
    inbox: Live<ConversationItem>,
    archive: Live<ConversationItem>,
    outbox: Live<OutboxItem>,
    timelines: BTreeMap<Screen, Live<TimelineItem>>,
    pins: BTreeMap<ConversationId, Live<MessageItem>>,
    people: BTreeMap<ConversationId, Live<Participant>>,
}

/// A list that somebody looks at; `None` before the first time.
#[derive(Debug)]
struct Live<T> {
    about: Option<ConversationKey>,
    items: Option<Vec<T>>,
}

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self {
            about: None,
            items: None,
        }
    }
}

/// What was read of all timelines.
pub(crate) type Read = BTreeMap<Screen, TimelineSnapshot>;

/// Who takes part in what is listed.
pub(crate) type People = BTreeMap<ConversationId, ParticipantsSnapshot>;

impl Watching {
    /// The engine says that something may have changed.
    pub(crate) fn told(&mut self, topic: Topic) {
        self.told.insert(topic);
    }

    /// Every list is what a new watcher would see. What was not read this time is watched no longer.
    fn look(
        &mut self,
        engine: &Engine,
        lists: [Vec<ConversationItem>; 2],
        mut listed_people: People,
        read: Read,
    ) -> Result<(), String> {
        let told = std::mem::take(&mut self.told);
        let listed = told.contains(&Topic::Conversations);
        let [inbox, archive] = lists;
        self.inbox
            .follow(listed, inbox, |item| item.key)
            .map_err(of("inbox"))?;
        self.archive
            .follow(listed, archive, |item| item.key)
            .map_err(of("archive"))?;
        let waiting =
            outbox(engine.reader(), FailurePolicy::default()).map_err(|error| error.to_string())?;
        self.outbox
            .follow(listed, waiting, |item| item.operation)
            .map_err(of("outbox"))?;
        let mut before = std::mem::take(self);
        for (screen, snapshot) in read {
            let mut timeline = before.timelines.remove(&screen).unwrap_or_default();
            let heard = timeline.heard(&told, snapshot.conversation);
            timeline
                .follow(heard, snapshot.items, TimelineItem::key)
                .map_err(of("timeline"))?;
            if screen.1.is_none() {
                let id = &screen.0;
                let fresh =
                    pinned_messages(engine.reader(), id).map_err(|error| error.to_string())?;
                let mut pins = before.pins.remove(id).unwrap_or_default();
                let heard = pins.heard(&told, fresh.conversation);
                pins.follow(heard, fresh.messages, |item| item.key)
                    .map_err(of("list of pins"))?;
                self.pins.insert(id.clone(), pins);
                let fresh = match listed_people.remove(id) {
                    Some(people) => people,
                    None => participants(engine.reader(), id).map_err(|error| error.to_string())?,
                };
                let mut people = before.people.remove(id).unwrap_or_default();
                let heard = people.heard(&told, fresh.conversation);
                people
                    .follow(heard, fresh.participants, |person| person.user_id.clone())
                    .map_err(of("list of people"))?;
                self.people.insert(id.clone(), people);
            }
            self.timelines.insert(screen, timeline);
        }
        self.inbox = before.inbox;
        self.archive = before.archive;
        self.outbox = before.outbox;
        Ok(())
    }
}

fn of(list: &str) -> impl Fn(String) -> String {
    move |what| format!("a live {list} {what}")
}

impl<T: Clone + PartialEq + std::fmt::Debug> Live<T> {
    /// Whether the watcher was woken: a list of no conversation that is known waits for anything at all.
    fn heard(&mut self, told: &BTreeSet<Topic>, about: Option<ConversationKey>) -> bool {
        let before = std::mem::replace(&mut self.about, about);
        match before {
            Some(key) => told.contains(&Topic::Timeline(key)),
            None => !told.is_empty(),
        }
    }

    /// What it shows becomes what there is, by changes that fit.
    fn follow<K: Ord>(
        &mut self,
        heard: bool,
        fresh: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> Result<(), String> {
        let Some(shown) = &mut self.items else {
            self.items = Some(fresh);
            return Ok(());
        };
        if *shown == fresh {
            return Ok(());
        }
        if !heard {
            return Err(format!(
                "was not told that it changed\n  from {shown:?}\n  to   {fresh:?}"
            ));
        }
        for change in diff(shown, &fresh, key) {
            step(shown, change)?;
        }
        match *shown == fresh {
            true => Ok(()),
            false => Err("does not come to what there is".to_owned()),
        }
    }
}

/// One change, whose places have to be there.
fn step<T>(list: &mut Vec<T>, change: Change<T>) -> Result<(), String> {
    let count = list.len();
    let (place, most) = match &change {
        Change::Reset { .. } => (0, 1),
        Change::Insert { index, .. } => (*index, count + 1),
        Change::Update { index, .. } | Change::Remove { index } => (*index, count),
        Change::Move { from, to } => (*from.max(to), count),
    };
    if place >= most {
        return Err(format!("has a change at {place} of {count}"));
    }
    match change {
        Change::Reset { items } => *list = items,
        Change::Insert { index, item } => list.insert(index, item),
        Change::Update { index, item } => list[index] = item,
        Change::Move { from, to } => {
            let item = list.remove(from);
            list.insert(to, item);
        }
        Change::Remove { index } => {
            list.remove(index);
        }
    }
    Ok(())
}

impl Device {
    /// Every live list follows.
    pub(crate) fn watch(
        &mut self,
        lists: [Vec<ConversationItem>; 2],
        people: People,
        read: Read,
    ) -> Result<(), String> {
        match &self.engine {
            Some(engine) => self.watching.look(engine, lists, people, read),
            None => Ok(()),
        }
    }
}
