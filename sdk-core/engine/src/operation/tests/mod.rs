//! The operations, each held in the hand: whether it may be done, what it folds into, what it shows.

mod check;
mod content;
mod fold;
mod overlay;

use fulmar_protocol::{
    Conversation, ConversationCreate, ConversationId, ConversationKind, ConversationLeave,
    ConversationProfile, ConversationUpdate, Lenient, Limits, Message, MessageDelete, MessageEdit,
    MessageHide, MessagePin, MessageSend, Method, Notice, OperationKey, Participant,
    ParticipantAdd, ParticipantRemove, ParticipantUpdate, Pin, Position, ReactionAdd,
    ReactionRemove, ReceiptUpdate, Revision, Role, Settings, SettingsUpdate, Timestamp, UserId,
    Writing,
};

use super::{Checked, Fold, Situation, newcomer, of};
use crate::io::{CommandError, Rule};
use crate::store::operations::NewOperation;
use crate::store::{LaneId, conversations, messages, operations};
use crate::testing::{Bench, EPOCH, server};

/// What alice wrote, what bob wrote, and what the server wrote for alice.
const OWN: u8 = 20;
const OTHERS: u8 = 21;
const NOTICE: u8 = 22;

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn here() -> ConversationId {
    ConversationId::new("c-1").unwrap()
}

fn key(number: u8) -> OperationKey {
    let mut bytes = [0; 16];
    bytes[15] = number;
    OperationKey::from_bytes(bytes)
}

fn update() -> ConversationUpdate {
    ConversationUpdate {
        conversation_id: here(),
        title: None,
        avatar_url: None,
        writing: None,
        context: None,
    }
}

fn settings() -> SettingsUpdate {
    SettingsUpdate {
        conversation_id: here(),
        muted_until: None,
        pinned: None,
        archived: None,
        hidden_to: None,
        marked_unread: None,
    }
}

fn edit(message: u8, text: &str) -> Method {
    Method::MessageEdit(MessageEdit {
        conversation_id: here(),
        message_key: key(message),
        text: text.to_owned(),
        mentions: Vec::new(),
    })
}

fn delete(message: u8) -> Method {
    Method::MessageDelete(MessageDelete {
        conversation_id: here(),
        message_key: key(message),
    })
}

fn hide(message: u8) -> Method {
    Method::MessageHide(MessageHide {
        conversation_id: here(),
        message_key: key(message),
    })
}

fn pin(message: u8, pinned: bool) -> Method {
    Method::MessagePin(MessagePin {
        conversation_id: here(),
        message_key: key(message),
        pinned,
    })
}

fn react(message: u8, emoji: &str) -> Method {
    Method::ReactionAdd(ReactionAdd {
        conversation_id: here(),
        message_key: key(message),
        emoji: emoji.to_owned(),
    })
}

fn react_no_more(message: u8, emoji: &str) -> Method {
    Method::ReactionRemove(ReactionRemove {
        conversation_id: here(),
        message_key: key(message),
        emoji: emoji.to_owned(),
    })
}

fn remove(person: &str) -> Method {
    Method::ParticipantRemove(ParticipantRemove {
        conversation_id: here(),
        user_id: user(person),
    })
}

/// One of every method, those about a message about this one. A new method fails here until it is added.
fn every_method(message: u8) -> Vec<Method> {
    let conversation_id = here();
    let all = vec![
        Method::MessageSend(MessageSend::text(here(), "hello")),
        edit(message, "better"),
        delete(message),
        hide(message),
        pin(message, true),
        react(message, "👍"),
        react_no_more(message, "👍"),
        Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: conversation_id.clone(),
            delivered_to: None,
            read_to: Some(Position(3)),
        }),
        Method::ConversationCreate(ConversationCreate {
            kind: ConversationKind::Direct,
            title: None,
            avatar_url: None,
            context: None,
            participant_ids: vec![user("bob")],
        }),
        Method::ConversationUpdate(ConversationUpdate {
            title: Some("Rome".to_owned()),
            ..update()
        }),
        Method::ConversationLeave(ConversationLeave {
            conversation_id: conversation_id.clone(),
        }),
        Method::ParticipantAdd(ParticipantAdd {
            conversation_id: conversation_id.clone(),
            user_ids: vec![user("carol")],
        }),
        remove("bob"),
        Method::ParticipantUpdate(ParticipantUpdate {
            conversation_id,
            user_id: user("bob"),
            role: Role::Moderator,
        }),
        Method::SettingsUpdate(SettingsUpdate {
            pinned: Some(true),
            marked_unread: Some(true),
            ..settings()
        }),
    ];
    let names: Vec<&str> = all.iter().map(Method::name).collect();
    assert_eq!(names, Method::NAMES);
    all
}

struct Room {
    bench: Bench,
    lane: LaneId,
    limits: Limits,
}

fn message(number: u8, sender: &str) -> Message {
    Message {
        operation_key: key(number),
        sender_id: user(sender),
        content: fulmar_protocol::Content {
            text: "hello".to_owned(),
            ..Default::default()
        },
        ..server::message("c-1", number.into())
    }
}

impl Room {
    /// Alice in this role, with bob.
    fn new(kind: ConversationKind, role: Role, writing: Writing) -> Self {
        let alice = Participant {
            role,
            ..newcomer(user("alice"))
        };
        let view = Conversation {
            conversation_id: here(),
            operation_key: None,
            kind,
            profile: ConversationProfile {
                writing,
                ..ConversationProfile::default()
            },
            participants: vec![alice, newcomer(user("bob"))].into(),
            created_at: Timestamp(EPOCH),
            last_position: Position(30),
            revision: Revision::ZERO,
            messages: Lenient::default(),
            pinned_messages: Lenient::default(),
            unread_count: 0,
            unread_mentions: 0,
            settings: Settings::default(),
        };
        let mut bench = Bench::new();
        let own = user("alice");
        let lane = bench
            .run(|tx| conversations::upsert(&tx.db, &view, Some(&own)).unwrap())
            .result
            .lane();
        let mut room = Self {
            bench,
            lane,
            limits: Limits::default(),
        };
        room.knows(&message(OWN, "alice"));
        room.knows(&message(OTHERS, "bob"));
        let mut notice = message(NOTICE, "alice");
        notice.content.notice = Some(Notice::ParticipantLeft);
        room.knows(&notice);
        room
    }

    fn admin() -> Self {
        Self::new(ConversationKind::Group, Role::Admin, Writing::Everyone)
    }

    fn knows(&mut self, message: &Message) {
        let (own, lane) = (user("alice"), self.lane);
        self.bench.run(|tx| {
            messages::upsert_confirmed(&tx.db, lane.conversation(), message, Some(&own)).unwrap();
        });
    }

    /// Puts an operation into the outbox, whatever may be thought of it.
    fn enqueue(&mut self, number: u8, method: &Method) {
        let lane = self.lane;
        self.bench.run(|tx| {
            let new = NewOperation {
                operation_key: key(number),
                lane,
                method,
                holds_lane: of(method).holds_lane(),
                now: Timestamp(EPOCH),
            };
            operations::enqueue(&tx.db, &new).unwrap();
        });
    }

    fn at<T>(&mut self, look: impl FnOnce(&Situation<'_>) -> T) -> T {
        let owner = user("alice");
        let (conversation, limits) = (self.lane.conversation(), &self.limits);
        self.bench
            .run(|tx| {
                look(&Situation {
                    db: &tx.db,
                    conversation,
                    owner: &owner,
                    limits,
                })
            })
            .result
    }

    fn check(&mut self, method: &Method) -> Checked {
        self.at(|place| of(method).check(place).unwrap())
    }
}
