//! What holds for every screen at every moment, storm or not.

use std::collections::BTreeSet;

use fulmar_engine::SessionState;
use fulmar_engine::query::{
    ConversationItem, Folder, MessageItem, MessageState, Older, ParticipantsSnapshot, participants,
};
use fulmar_protocol::{OperationKey, Position, UserId};

use crate::device::{Device, messages, parse};
use crate::memory::When;
use crate::store::{judge_counts, judge_rest, judge_search};
use crate::watching::{People, Read};

/// Everything that a look depends on: as long as it is the same, another one would see the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookedAt {
    run: u32,
    user: UserId,
    /// What the process had written.
    writes: u64,
    session: SessionState,
    promised: usize,
    unseen: usize,
    shown: usize,
}

impl Device {
    /// Looks at everything, as a screen would, unless nothing has changed since the last time.
    pub(crate) fn look(&mut self) -> Result<(), String> {
        let before = self.looks_at();
        if before.is_none() || before != self.looked_at {
            self.look_anew()?;
            self.looked_at = self.looks_at();
        }
        Ok(())
    }

    /// `None` while there is no process.
    fn looks_at(&self) -> Option<LookedAt> {
        Some(LookedAt {
            run: self.run,
            user: self.user.clone(),
            writes: self.engine.as_ref()?.reader().writes(),
            session: self.session.clone(),
            promised: self.promised.len(),
            unseen: self.unseen.len(),
            shown: self.shown.len(),
        })
    }

    /// Judges what can be judged at any moment.
    fn look_anew(&mut self) -> Result<(), String> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let lists = [self.listed(Folder::Inbox)?, self.listed(Folder::Archive)?];
        if self.session == SessionState::SignedOut && !lists.iter().all(Vec::is_empty) {
            return Err("there are conversations of somebody who signed out".to_owned());
        }
        let mut people = People::new();
        for item in lists.iter().flatten() {
            let id = &item.conversation_id;
            let there = participants(engine.reader(), id).map_err(|error| error.to_string())?;
            self.judge_count(item, &there)?;
            people.insert(id.clone(), there);
        }
        if let SessionState::SignedIn { user_id } = &self.session
            && *user_id != self.user
        {
            return Err(format!("{user_id} is signed in, and not {}", self.user));
        }
        let mut on_screen = BTreeSet::new();
        let mut away = BTreeSet::new();
        let mut all_here = true;
        let mut seen = BTreeSet::new();
        let mut read = Read::new();
        for id in self.known(&lists) {
            let main = self.timeline(&id, None)?;
            match main.conversation {
                // Known by two ids: one from before the server gave it one.
                Some(key) if !seen.insert(key) => continue,
                Some(_) => {}
                // The user is no longer in it.
                None => {
                    away.insert(id.clone());
                }
            }
            let threads = self.threads(&id, &messages(main.items.clone()));
            let mut screens = vec![(None, main)];
            for root in threads {
                screens.push((Some(root), self.timeline(&id, Some(root))?));
            }
            for (thread, snapshot) in screens {
                let gaps = snapshot.items.iter().any(|item| item.message().is_none());
                let whole = !gaps && matches!(snapshot.older, Older::Nothing | Older::Cached);
                let items = messages(snapshot.items.clone());
                judge_screen(&self.writer, &items, whole, &self.forgotten)?;
                all_here &= whole;
                for item in items.iter().filter(|item| Some(item.key) != thread) {
                    if !on_screen.insert(item.key) {
                        return Err(format!("{} is on two screens", item.text()));
                    }
                    if item.state == MessageState::Sent {
                        self.unseen.remove(&item.key);
                    }
                }
                read.insert((id.clone(), thread), snapshot);
            }
            self.shown.insert(id);
        }
        self.watch(lists, people, read)?;
        let promised = &self.promised;
        self.unseen.retain(|key| {
            promised
                .get(key)
                .is_some_and(|promise| !away.contains(&promise.conversation))
        });
        // A confirmed message may lie in history that a reset took off this device.
        match self.unseen.difference(&on_screen).next() {
            Some(key) if all_here => Err(format!(
                "{:?} was promised, is not sent as far as this screen knows, and is not on it",
                self.promised.get(key)
            )),
            _ => Ok(()),
        }
    }

    /// Judges what no screen shows.
    pub(crate) fn judge_within(&mut self, heard_all: bool) -> Result<(), String> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        self.memory
            .judge(engine, self.answers.len(), When::Anytime)?;
        match heard_all {
            true => judge_counts(engine, &self.user),
            false => Ok(()),
        }
    }

    /// Judges what is left when there is nothing to do any more.
    pub(crate) fn judge_rest(&mut self) -> Result<(), String> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        judge_rest(engine)?;
        self.memory
            .judge(engine, self.answers.len(), When::AtRest)?;
        judge_search(engine)
    }

    /// At every moment no more is unread than there is after the read pointer.
    fn judge_count(
        &self,
        item: &ConversationItem,
        people: &ParticipantsSnapshot,
    ) -> Result<(), String> {
        let own = people
            .participants
            .iter()
            .find(|person| person.user_id == self.user);
        let read_to = own.map_or(Position::ZERO, |own| own.read_to);
        let most = item.last_position.0.saturating_sub(read_to.0);
        match item.unread_count <= most && item.unread_mentions <= item.unread_count {
            true => Ok(()),
            false => Err(format!(
                "{} of at most {most} are unread, {} mention",
                item.unread_count, item.unread_mentions
            )),
        }
    }
}

fn is_answered(items: &[MessageItem], root: &MessageItem) -> bool {
    items
        .iter()
        .any(|item| item.position.is_some() && item.thread_root == Some(root.key))
}

/// What holds for every screen at every moment. On a device that has not the whole history a message
/// whose outcome was lost may have its place in the part that is missing; until it is told so, it
/// waits behind later ones that a snapshot confirmed.
/// What is forgotten may come late.
fn judge_screen(
    name: &str,
    items: &[MessageItem],
    whole: bool,
    forgotten: &BTreeSet<OperationKey>,
) -> Result<(), String> {
    let mut last_number = 0;
    let mut last_position: Option<Position> = None;
    let mut unsent = false;
    for item in items {
        if let Some((writer, number)) = parse(item.text())
            && writer == name
            && item.forwarded_from.is_none()
            && (whole || item.position.is_some())
            && !forgotten.contains(&item.key)
            // Where an app lets others pass what failed, they come first.
            && !matches!(item.state, MessageState::Failed { .. })
        {
            if number <= last_number {
                return Err(format!("{} comes after number {last_number}", item.text()));
            }
            last_number = number;
        }
        match item.position {
            Some(position) => {
                if unsent || last_position.is_some_and(|last| last >= position) {
                    return Err(format!("{} is out of order", item.text()));
                }
                last_position = Some(position);
            }
            // A thread begins with its root: who answered it had it, so here its outcome was lost.
            None => unsent = unsent || !is_answered(items, item),
        }
    }
    Ok(())
}
