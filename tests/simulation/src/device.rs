//! A device: an engine on a disk, and an app that looks at the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::answers::Answers;
use crate::clocks::Clock;
use crate::efforts::Efforts;
use crate::files::Disk;
use crate::looking::LookedAt;
use crate::memory::Memory;
use crate::network::FarSocket;
use crate::storage::Storage;
use crate::suspend::Suspended;
use crate::watching::Watching;
use fulmar_engine::query::{
    ConversationFilter, ConversationItem, Folder, MessageItem, TimelineItem, TimelineSnapshot,
    Window, conversation_key, conversations, pinned_messages, timeline,
};
use fulmar_engine::{
    CommandId, Config, Engine, Mono, Now, OpenError, Pace, SessionState, SocketId, Store,
};
use fulmar_protocol::{
    ContentHash, ConversationId, DeviceId, OperationKey, Position, Secret, Timestamp, UserId,
};

/// How many letters the word has that only one text has.
const WORD: usize = 12;

/// What the app waits for an answer to.
#[derive(Debug, Clone)]
pub(crate) enum Waiting {
    SignIn,
    SignOut,
    Sent {
        key: OperationKey,
        promise: Promise,
    },
    GivenUp {
        key: OperationKey,
        promise: Promise,
        /// Nothing is deleted behind it: when it is gone, it is nowhere.
        alone: bool,
    },
    Download {
        content: ContentHash,
    },
    Draft {
        conversation: ConversationId,
        text: String,
    },
    Other,
}

impl Waiting {
    pub(crate) fn is_draft(&self) -> bool {
        matches!(self, Self::Draft { .. })
    }
}

/// What a message was, whose `send` was answered.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    /// Who sent it.
    pub(crate) sender: UserId,
    /// Where it was sent.
    pub(crate) conversation: ConversationId,
    /// In which thread.
    pub(crate) thread: Option<OperationKey>,
    /// What it says, before any edit; of a forwarded one only the server knows.
    pub(crate) text: Option<String>,
}

/// A timeline that an app can show: of a conversation, or of a thread in it.
pub(crate) type Screen = (ConversationId, Option<OperationKey>);

pub(crate) struct Device {
    pub(crate) name: String,
    /// The name in its texts: another user on it is another writer.
    pub(crate) writer: String,
    pub(crate) user: UserId,
    /// Who signs in after the sign-out that is asked for.
    pub(crate) next_user: Option<UserId>,
    /// `None` while the process is dead.
    pub(crate) engine: Option<Engine>,
    /// While the process is suspended.
    pub(crate) suspended: Option<Suspended>,
    pub(crate) storage: Storage,
    pub(crate) run: u32,
    pub(crate) clock: Clock,
    pub(crate) files: Disk,
    /// Its tokens come from the app's own backend.
    pub(crate) has_provider: bool,
    /// With which that backend gets the next token of the device's session.
    pub(crate) kept_elsewhere: Option<Secret>,
    /// The server lacks something that a message can ask for, which a device may not know yet.
    pub(crate) lacks: bool,
    /// Files of which the app was told that they are here.
    pub(crate) downloaded: BTreeSet<ContentHash>,
    pub(crate) sockets: BTreeMap<SocketId, Option<FarSocket>>,
    pub(crate) session: SessionState,
    pub(crate) signing_in: bool,
    pub(crate) waiting: BTreeMap<CommandId, Waiting>,
    pub(crate) last_command: u64,
    /// How many messages the app has written.
    pub(crate) written: u32,
    /// Messages whose `send` was answered, and that nobody gave up: they must never be lost.
    pub(crate) promised: BTreeMap<OperationKey, Promise>,
    /// What was ever promised says this, whatever became of it.
    pub(crate) texts: BTreeMap<OperationKey, String>,
    /// Of those, the ones not yet seen as sent on this screen.
    pub(crate) unseen: BTreeSet<OperationKey>,
    /// Messages that somebody gave up, and was told that they are gone.
    pub(crate) given_up: BTreeSet<OperationKey>,
    /// The tokens that it had when somebody asked to sign out.
    pub(crate) tokens: Vec<String>,
    /// What was begun and not sent.
    pub(crate) drafts: BTreeMap<ConversationId, String>,
    /// The conversations that were on this screen.
    pub(crate) shown: BTreeSet<ConversationId>,
    /// What was there when the screen was last looked at, and was right.
    pub(crate) looked_at: Option<LookedAt>,
    /// Of which nothing is promised any more. It may have been on its way, in a session that ended since, and come late.
    pub(crate) forgotten: BTreeSet<OperationKey>,
    /// What its engine may keep in memory.
    pub(crate) memory: Memory,
    /// The live lists of the process.
    pub(crate) watching: Watching,
    /// What the process was asked and has not answered.
    pub(crate) answers: Answers,
    /// How many conversations it has begun.
    pub(crate) begun: u32,
    /// How often the process tried what came to nothing.
    pub(crate) efforts: Efforts,
    /// The same and what the engine knew of it, while the process has no engine because its store failed.
    pub(crate) kept: Option<(Efforts, Pace)>,
}

impl Device {
    pub(crate) fn new(name: &str, user: UserId, storage: Storage) -> Self {
        Self {
            name: name.to_owned(),
            writer: name.to_owned(),
            user,
            next_user: None,
            engine: None,
            suspended: None,
            storage,
            run: 0,
            clock: Clock::default(),
            files: Disk::default(),
            has_provider: false,
            kept_elsewhere: None,
            lacks: false,
            downloaded: BTreeSet::new(),
            sockets: BTreeMap::new(),
            session: SessionState::SignedOut,
            signing_in: false,
            waiting: BTreeMap::new(),
            last_command: 0,
            written: 0,
            promised: BTreeMap::new(),
            texts: BTreeMap::new(),
            unseen: BTreeSet::new(),
            given_up: BTreeSet::new(),
            tokens: Vec::new(),
            drafts: BTreeMap::new(),
            shown: BTreeSet::new(),
            looked_at: None,
            memory: Memory::default(),
            forgotten: BTreeSet::new(),
            watching: Watching::default(),
            answers: Answers::default(),
            begun: 0,
            efforts: Efforts::default(),
            kept: None,
        }
    }

    pub(crate) fn now(&self, time: u64, entropy: u64) -> Now {
        Now {
            wall: Timestamp(crate::world::EPOCH + self.clock.shows(time)),
            mono: Mono(time),
            entropy,
        }
    }

    /// Starts the process from what is on the disk.
    pub(crate) fn start(
        &mut self,
        config: &Config,
        now: Now,
    ) -> Result<Option<fulmar_engine::Released>, OpenError> {
        if self.engine.is_some() || self.suspended.is_some() {
            return Ok(None);
        }
        let unusable = |error: String| OpenError::Unusable { reason: error };
        let opened = self.storage.open();
        let Some(connection) = opened.map_err(|error| unusable(error.to_string()))? else {
            return Ok(None);
        };
        let store = Store::adopt(connection)?;
        let id = DeviceId::new(self.name.clone()).map_err(|error| unusable(error.to_string()))?;
        let pace = self.kept.as_ref().map(|(_, pace)| pace.clone());
        let pace = pace.unwrap_or_default();
        let (engine, released) = Engine::reopen(store, config.clone(), id, now, pace)?;
        self.run += 1;
        let (log_id, cursor) = engine.followed();
        self.efforts = match self.kept.take() {
            Some((efforts, _)) => efforts.anew(log_id, cursor),
            None => Efforts::begin(log_id, cursor),
        };
        self.engine = Some(engine);
        Ok(Some(released))
    }

    pub(crate) fn command(&mut self, waiting: Waiting) -> CommandId {
        self.last_command += 1;
        let command = CommandId(self.last_command);
        self.waiting.insert(command, waiting);
        command
    }

    /// The next text of the app.
    pub(crate) fn next_text(&mut self) -> String {
        self.written += 1;
        let text = format!("{}/{}", self.writer, self.written);
        let word = word_of(&text);
        format!("{text} {word}")
    }

    /// Somebody signed out; perhaps another user takes the device.
    pub(crate) fn signed_out(&mut self) {
        self.shown.clear();
        self.drafts.clear();
        if let Some(next) = self.next_user.take() {
            self.writer = format!("{}-{next}", self.name);
            self.user = next;
            self.kept_elsewhere = None;
            self.unseen.clear();
        }
    }

    /// A promise was given: the message is safe from now on.
    pub(crate) fn promise(&mut self, key: OperationKey, promise: Promise) {
        if let Some(text) = &promise.text {
            self.texts.insert(key, text.clone());
        }
        self.promised.insert(key, promise);
        self.unseen.insert(key);
    }

    /// The app itself gives a message up.
    pub(crate) fn forget(&mut self, key: OperationKey) {
        self.forgotten.insert(key);
        self.promised.remove(&key);
        self.unseen.remove(&key);
    }

    /// What is listed, in the inbox and then in the archive.
    pub(crate) fn list(&self) -> Result<Vec<ConversationItem>, String> {
        let mut list = self.listed(Folder::Inbox)?;
        list.extend(self.listed(Folder::Archive)?);
        Ok(list)
    }

    pub(crate) fn listed(&self, folder: Folder) -> Result<Vec<ConversationItem>, String> {
        let filter = ConversationFilter {
            folder,
            ..ConversationFilter::default()
        };
        match &self.engine {
            Some(engine) => conversations(engine.reader(), Some(&self.user), filter, 1_000)
                .map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        }
    }

    /// Every conversation that was ever on this screen or written in, also one that is hidden now.
    pub(crate) fn known(&self, lists: &[Vec<ConversationItem>; 2]) -> BTreeSet<ConversationId> {
        let listed = lists.iter().flatten().map(|item| &item.conversation_id);
        let promised = self.promised.values().map(|promise| &promise.conversation);
        let known = self.shown.iter().chain(promised).chain(listed);
        known.cloned().collect()
    }

    /// All messages that a conversation shows, those of threads behind the others.
    pub(crate) fn screen(&self, id: &ConversationId) -> Result<Vec<MessageItem>, String> {
        let mut shown = messages(self.timeline(id, None)?.items);
        for root in self.threads(id, &shown) {
            let thread = messages(self.timeline(id, Some(root))?.items);
            shown.extend(thread.into_iter().filter(|item| item.key != root));
        }
        Ok(shown)
    }

    /// The pinned messages of a conversation.
    pub(crate) fn pinned(&self, id: &ConversationId) -> Result<Vec<MessageItem>, String> {
        let engine = self.engine.as_ref().ok_or("the process is dead")?;
        let snapshot = pinned_messages(engine.reader(), id);
        Ok(snapshot.map_err(|error| error.to_string())?.messages)
    }

    /// The threads of a conversation: those under what it shows, and those that were written in here.
    pub(crate) fn threads(
        &self,
        id: &ConversationId,
        shown: &[MessageItem],
    ) -> BTreeSet<OperationKey> {
        let Some(engine) = &self.engine else {
            return BTreeSet::new();
        };
        // By key, because a conversation may have two ids.
        let key_of = |id: &ConversationId| conversation_key(engine.reader(), id).ok().flatten();
        let here = key_of(id);
        let written = self
            .promised
            .values()
            .filter_map(|promise| Some((promise.thread?, &promise.conversation)))
            .filter(|(_, conversation)| key_of(conversation) == here)
            .map(|(thread, _)| thread);
        let under = shown.iter().filter(|item| item.thread.is_some());
        under.map(|item| item.key).chain(written).collect()
    }

    /// A whole timeline, as far as it is on this device.
    pub(crate) fn timeline(
        &self,
        id: &ConversationId,
        thread: Option<OperationKey>,
    ) -> Result<TimelineSnapshot, String> {
        let engine = self.engine.as_ref().ok_or("the process is dead")?;
        timeline(engine.reader(), id, thread, Window::From(Position(1)))
            .map_err(|error| error.to_string())
    }
}

/// The texts say who wrote them and in which order, have a word that no other has, and say whether they were edited:
/// `alice.1/17 qwhdkfkjrmzp~2`.
pub(crate) fn parse(text: &str) -> Option<(&str, u32)> {
    let (name, number) = numbered(text).rsplit_once('/')?;
    Some((name, number.parse().ok()?))
}

/// Who wrote a text, and in which order.
pub(crate) fn numbered(text: &str) -> &str {
    text.split([' ', '~']).next().unwrap_or(text)
}

/// The word that only this text has.
pub(crate) fn word_of(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    numbered(text).hash(&mut hasher);
    let mut rng = fastrand::Rng::with_seed(hasher.finish());
    (0..WORD).map(|_| rng.lowercase()).collect()
}

/// What a text was before it was edited.
pub(crate) fn written(text: &str) -> &str {
    text.split('~').next().unwrap_or(text)
}

/// The messages of a timeline, without its gaps.
pub(crate) fn messages(items: Vec<TimelineItem>) -> Vec<MessageItem> {
    items
        .into_iter()
        .filter_map(|item| match item {
            TimelineItem::Message(message) => Some(message),
            TimelineItem::Gap(_) => None,
        })
        .collect()
}
