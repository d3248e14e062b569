//! A device: an engine on a database in memory, and an app that looks at the screen.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_engine::query::{
    ConversationFilter, ConversationItem, MessageState, Older, Place, TimelineItem, Window, apply,
    conversations, diff, participants, timeline,
};
use fulmar_engine::{
    CommandId, Config, Engine, FailureReason, Mono, Now, SessionState, SocketId, Store,
};
use fulmar_protocol::{Code, ConversationId, DeviceId, OperationKey, Position, Timestamp, UserId};
use rusqlite::Connection;

use crate::network::FarSocket;

/// What the app waits for an answer to.
#[derive(Debug, Clone)]
pub(crate) enum Waiting {
    SignIn,
    Sent { key: OperationKey, promise: Promise },
    Other,
}

/// What a message was, whose `send` was answered.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    /// Where it was sent.
    pub(crate) conversation: ConversationId,
    /// What it says, before any edit; of a forwarded one only the server knows.
    pub(crate) text: Option<String>,
}

pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) user: UserId,
    /// `None` while the process is dead.
    pub(crate) engine: Option<Engine>,
    /// What is left of the store while the process is dead.
    pub(crate) disk: Option<Connection>,
    /// What a power cut would leave, in worlds with power cuts.
    pub(crate) image: Option<Vec<u8>>,
    pub(crate) run: u32,
    pub(crate) clock_skew: i64,
    pub(crate) sockets: BTreeMap<SocketId, Option<FarSocket>>,
    pub(crate) session: SessionState,
    pub(crate) signing_in: bool,
    pub(crate) waiting: BTreeMap<CommandId, Waiting>,
    pub(crate) last_command: u64,
    /// How many messages the app has written.
    pub(crate) written: u32,
    /// Messages whose `send` was answered, and that nobody gave up: they must never be lost.
    pub(crate) promised: BTreeMap<OperationKey, Promise>,
    /// Of those, the ones not yet seen as sent on this screen.
    unseen: BTreeSet<OperationKey>,
    /// What the screen showed last, per conversation.
    shown: BTreeMap<ConversationId, Vec<TimelineItem>>,
    pub(crate) created: bool,
}

impl Device {
    pub(crate) fn new(name: &str, user: UserId, disk: Connection) -> Self {
        Self {
            name: name.to_owned(),
            user,
            engine: None,
            disk: Some(disk),
            image: None,
            run: 0,
            clock_skew: 0,
            sockets: BTreeMap::new(),
            session: SessionState::SignedOut,
            signing_in: false,
            waiting: BTreeMap::new(),
            last_command: 0,
            written: 0,
            promised: BTreeMap::new(),
            unseen: BTreeSet::new(),
            shown: BTreeMap::new(),
            created: false,
        }
    }

    pub(crate) fn now(&self, time: u64, entropy: u64) -> Now {
        Now {
            wall: Timestamp(crate::world::EPOCH + time as i64 + self.clock_skew),
            mono: Mono(time),
            entropy,
        }
    }

    /// Starts the process from what is on the disk.
    pub(crate) fn start(
        &mut self,
        config: &Config,
        now: Now,
    ) -> Result<Option<fulmar_engine::Released>, String> {
        let Some(disk) = self.disk.take() else {
            return Ok(None);
        };
        let store = Store::adopt(disk).map_err(|error| error.to_string())?;
        let id = DeviceId::new(self.name.clone()).map_err(|error| error.to_string())?;
        let (engine, released) =
            Engine::open(store, config.clone(), id, now).map_err(|error| error.to_string())?;
        self.engine = Some(engine);
        self.run += 1;
        Ok(Some(released))
    }

    pub(crate) fn command(&mut self, waiting: Waiting) -> CommandId {
        self.last_command += 1;
        let command = CommandId(self.last_command);
        self.waiting.insert(command, waiting);
        command
    }

    /// A promise was given: the message is safe from now on.
    pub(crate) fn promise(&mut self, key: OperationKey, promise: Promise) {
        self.promised.insert(key, promise);
        self.unseen.insert(key);
    }

    /// The app itself gives a message up.
    pub(crate) fn forget(&mut self, key: OperationKey) {
        self.promised.remove(&key);
        self.unseen.remove(&key);
    }

    /// What is listed, in the inbox and then in the archive.
    pub(crate) fn list(&self) -> Result<Vec<ConversationItem>, String> {
        let mut list = self.listed(Place::Inbox)?;
        list.extend(self.listed(Place::Archive)?);
        Ok(list)
    }

    pub(crate) fn listed(&self, place: Place) -> Result<Vec<ConversationItem>, String> {
        let filter = ConversationFilter {
            place,
            ..ConversationFilter::default()
        };
        match &self.engine {
            Some(engine) => conversations(engine.reader(), Some(&self.user), filter, 1_000)
                .map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        }
    }

    /// Every conversation that was ever on this screen or written in, also one that is hidden now.
    fn known(&self) -> Result<BTreeSet<ConversationId>, String> {
        let listed = self.list()?.into_iter().map(|item| item.conversation_id);
        let promised = self.promised.values().map(|promise| &promise.conversation);
        let known = self.shown.keys().chain(promised).cloned();
        Ok(known.chain(listed).collect())
    }

    /// All that a conversation shows.
    pub(crate) fn screen(&self, id: &ConversationId) -> Result<Vec<TimelineItem>, String> {
        match &self.engine {
            Some(engine) => timeline(engine.reader(), id, Window::From(Position(1)))
                .map(|snapshot| snapshot.items)
                .map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        }
    }

    /// Messages that were refused. A server has three reasons to, none of them in a direct
    /// conversation but that a forwarded message was deleted.
    pub(crate) fn failed(&self) -> Result<BTreeSet<OperationKey>, String> {
        let mut failed = BTreeSet::new();
        for id in self.known()? {
            for item in self.screen(&id)? {
                let MessageState::Failed { reason } = &item.state else {
                    continue;
                };
                let legal = [
                    Code::ConversationNotFound,
                    Code::ConversationForbidden,
                    Code::MessageNotFound,
                ];
                match reason {
                    FailureReason::Refused { problem } if legal.contains(&problem.code) => {}
                    reason => return Err(format!("{} failed: {reason}", item.text())),
                }
                failed.insert(item.key);
            }
        }
        Ok(failed)
    }

    /// Looks at everything, as a screen would, and judges what can be judged at any moment.
    pub(crate) fn look(&mut self) -> Result<(), String> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        for item in self.list()? {
            self.judge_count(engine, &item)?;
        }
        let mut on_screen = BTreeSet::new();
        let mut away = BTreeSet::new();
        let mut all_here = true;
        let mut seen = BTreeSet::new();
        for id in self.known()? {
            let window = Window::From(Position(1));
            let snapshot =
                timeline(engine.reader(), &id, window).map_err(|error| error.to_string())?;
            match snapshot.conversation {
                // Known by two ids: one from before the server gave it one.
                Some(key) if !seen.insert(key) => continue,
                Some(_) => {}
                // The user is no longer in it.
                None => {
                    away.insert(id.clone());
                }
            }
            let whole = matches!(snapshot.older, Older::Nothing | Older::Cached);
            judge_screen(&self.name, &snapshot.items, whole)?;
            all_here &= whole;
            for item in &snapshot.items {
                if !on_screen.insert(item.key) {
                    return Err(format!("{} is on two screens", item.text()));
                }
                if item.state == MessageState::Sent {
                    self.unseen.remove(&item.key);
                }
            }
            let shown = self.shown.entry(id).or_default();
            let changes = diff(shown, &snapshot.items, |item| item.key);
            apply(shown, changes);
            if *shown != snapshot.items {
                return Err("the changes do not lead to what the query gives".to_owned());
            }
        }
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
}

impl Device {
    /// At every moment no more is unread than there is after the read pointer.
    fn judge_count(&self, engine: &Engine, item: &ConversationItem) -> Result<(), String> {
        let people = participants(engine.reader(), &item.conversation_id)
            .map_err(|error| error.to_string())?
            .participants;
        let own = people.iter().find(|person| person.user_id == self.user);
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

/// What holds for every screen at every moment. On a device that has not the whole history a message
/// whose outcome was lost may have its place in the part that is missing; until it is told so, it
/// waits behind later ones that a snapshot confirmed.
fn judge_screen(name: &str, items: &[TimelineItem], whole: bool) -> Result<(), String> {
    let mut last_number = 0;
    let mut last_position: Option<Position> = None;
    let mut unsent = false;
    for item in items {
        if let Some((writer, number)) = parse(item.text())
            && writer == name
            && item.forwarded_from.is_none()
            && (whole || item.position.is_some())
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
            None => unsent = true,
        }
    }
    Ok(())
}

/// The texts say who wrote them and in which order, and whether they were edited: `alice.1/17~2`.
pub(crate) fn parse(text: &str) -> Option<(&str, u32)> {
    let (name, number) = written(text).rsplit_once('/')?;
    Some((name, number.parse().ok()?))
}

/// What a text was before it was edited.
pub(crate) fn written(text: &str) -> &str {
    text.split('~').next().unwrap_or(text)
}
