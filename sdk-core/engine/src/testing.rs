//! A bench on which one machine is stepped without an engine: a store in memory, a clock that the test moves,
//! and what came out of each step.

use std::time::Duration;

use fulmar_protocol::{DeviceId, Timestamp};
use rusqlite::Connection;

use crate::io::{CommandId, CommandResult, Effect};
use crate::store::{Durability, Store, account};
use crate::time::{Mono, Now};
use crate::tx::{Asked, Numbers, Tx};

/// Examples of every variant of an enum, in an array. A variant without one does not compile, and an example of
/// another variant fails.
macro_rules! every {
    ($enum:ty { $($variant:pat => [$($example:expr),+ $(,)?]),+ $(,)? }) => {{
        fn _knows_all(one: &$enum) {
            match one {
                $($variant => {})+
            }
        }
        $(assert!([$(&$example),+].into_iter().all(|one: &$enum| matches!(one, $variant)));)+
        [$($($example),+),+]
    }};
}
pub(crate) use every;

/// When every test begins, in milliseconds since 1970.
pub(crate) const EPOCH: i64 = 1_790_000_000_000;

/// What one step did.
pub(crate) struct Step<T> {
    pub(crate) result: T,
    pub(crate) effects: Vec<Effect>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) replies: Vec<(CommandId, CommandResult)>,
    /// What the effects need.
    pub(crate) durability: Durability,
}

pub(crate) struct Bench {
    store: Store,
    numbers: Numbers,
    now: Now,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let mut bench = Self {
            store,
            numbers: Numbers::default(),
            now: Now {
                wall: Timestamp(EPOCH),
                mono: Mono(1_000_000),
                entropy: 1,
            },
        };
        bench.run(|tx| account::ensure(&tx.db, &DeviceId::new("phone").unwrap()).unwrap());
        bench
    }

    pub(crate) fn now(&self) -> Now {
        self.now
    }

    /// Time passes on both clocks.
    pub(crate) fn pass(&mut self, wait: Duration) {
        self.now.mono = self.now.mono.plus(wait);
        self.now.wall = self.now.wall.plus(wait);
        self.now.entropy += 1;
    }

    /// Somebody sets the wall clock; what is waited for does not notice.
    pub(crate) fn set_wall(&mut self, wall: Timestamp) {
        self.now.wall = wall;
    }

    /// One step in one committed transaction.
    pub(crate) fn run<T>(&mut self, step: impl FnOnce(&mut Tx<'_>) -> T) -> Step<T> {
        let db = self.store.begin(Durability::Normal).unwrap();
        let mut tx = Tx::new(db, &mut self.numbers, self.now);
        let result = step(&mut tx);
        let asked = tx.take_asked();
        let mut effects = Vec::new();
        let mut replies = Vec::new();
        let released = tx.commit().unwrap();
        let durability = released.durability();
        for effect in released {
            match effect {
                Effect::Reply { command, reply } => replies.push((command, reply)),
                other => effects.push(other),
            }
        }
        Step {
            result,
            effects,
            asked,
            replies,
            durability,
        }
    }
}

pub(crate) mod answers;

/// What a server says, for machines that listen to one.
pub(crate) mod server {
    use fulmar_protocol::{
        AnswerError, Code, Content, Conversation, ConversationId, ConversationKind,
        ConversationProfile, Lenient, Message, MessageId, OperationKey, Participant, Position,
        Problem, Revision, Role, Settings, Timestamp, UserId,
    };

    use super::EPOCH;
    use crate::io::RequestFailure;

    pub(crate) fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    pub(crate) fn conversation_id(id: &str) -> ConversationId {
        ConversationId::new(id).unwrap()
    }

    /// The key of the message with this number.
    pub(crate) fn key(number: u64) -> OperationKey {
        OperationKey::from_bytes(u128::from(number).to_be_bytes())
    }

    /// A message of bob's at this position, whose number is its position.
    pub(crate) fn message(conversation: &str, position: u64) -> Message {
        Message {
            message_id: MessageId::new(format!("m-{position}")).unwrap(),
            operation_key: key(position),
            conversation_id: conversation_id(conversation),
            position: Position(position),
            sender_id: user("bob"),
            sent_at: Timestamp(EPOCH),
            revision: Revision::ZERO,
            content: Content {
                text: format!("text {position}"),
                ..Content::default()
            },
            thread_position: None,
            thread: None,
            edited_at: None,
            deleted: None,
            pinned: None,
            hidden: false,
            reactions: Vec::new(),
        }
    }

    pub(crate) fn participant(name: &str) -> Participant {
        Participant {
            user_id: user(name),
            name: name.to_owned(),
            avatar_url: None,
            role: Role::Member,
            delivered_to: Position::ZERO,
            read_to: Position::ZERO,
        }
    }

    /// A group of alice and bob that goes up to this position.
    pub(crate) fn conversation(id: &str, last_position: u64) -> Conversation {
        Conversation {
            conversation_id: conversation_id(id),
            operation_key: None,
            kind: ConversationKind::Group,
            profile: ConversationProfile::default(),
            participants: vec![participant("alice"), participant("bob")].into(),
            created_at: Timestamp(EPOCH),
            last_position: Position(last_position),
            revision: Revision::ZERO,
            messages: Lenient::default(),
            pinned_messages: Lenient::default(),
            unread_count: 0,
            unread_mentions: 0,
            settings: Settings::default(),
        }
    }

    pub(crate) fn problem(code: Code) -> RequestFailure {
        RequestFailure::ErrorAnswer(AnswerError::Problem(Problem::new(code, "x")))
    }

    pub(crate) fn foreign(status: u16) -> RequestFailure {
        RequestFailure::ErrorAnswer(AnswerError::Foreign { status })
    }

    pub(crate) fn unreachable() -> RequestFailure {
        RequestFailure::Unreachable("x".to_owned())
    }
}
