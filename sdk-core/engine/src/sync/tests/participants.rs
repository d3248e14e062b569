//! Who takes part, who comes and goes within one batch, who is blocked; and every event there is.

use fulmar_protocol::{
    BlockList, ConversationProfile, ConversationRemoved, ConversationUpdated, EventData,
    ParticipantRemoved, ParticipantUpdated, ParticipantsAdded, Position, ReceiptUpdated, Role,
    Settings, SettingsUpdated, UserUpdated,
};

use super::{Follower, event};
use crate::store::{blocked, conversations, participants};
use crate::sync::SyncNews;
use crate::testing::server::{conversation, conversation_id, message, participant, user};

/// One of each type, about the conversation "c".
pub(super) fn every_event() -> Vec<EventData> {
    let conversation_id = conversation_id("c");
    let user_id = user("bob");
    let events = vec![
        EventData::ConversationCreated(conversation("d", 0)),
        EventData::ConversationUpdated(ConversationUpdated {
            conversation_id: conversation_id.clone(),
            profile: ConversationProfile::default(),
        }),
        EventData::ConversationRemoved(ConversationRemoved {
            conversation_id: conversation_id.clone(),
        }),
        EventData::ParticipantsAdded(ParticipantsAdded {
            conversation_id: conversation_id.clone(),
            participants: vec![participant("carol")].into(),
        }),
        EventData::ParticipantRemoved(ParticipantRemoved {
            conversation_id: conversation_id.clone(),
            user_id: user_id.clone(),
        }),
        EventData::ParticipantUpdated(ParticipantUpdated {
            conversation_id: conversation_id.clone(),
            user_id: user_id.clone(),
            role: Role::Admin,
        }),
        EventData::MessageCreated(message("c", 4)),
        EventData::MessageUpdated(message("c", 3)),
        EventData::ReceiptUpdated(ReceiptUpdated {
            conversation_id: conversation_id.clone(),
            user_id: user_id.clone(),
            delivered_to: Position(1),
            read_to: Position(1),
            unread: None,
        }),
        EventData::SettingsUpdated(SettingsUpdated {
            conversation_id,
            settings: Settings::default(),
        }),
        EventData::UserUpdated(UserUpdated {
            user_id,
            name: "Robert".to_owned(),
            avatar_url: None,
        }),
        EventData::BlocksUpdated(BlockList {
            user_ids: vec![user("mallory")],
        }),
    ];
    assert_eq!(events.len(), EventData::TYPES.len(), "one of each");
    events
}

impl Follower {
    fn people(&mut self) -> Vec<String> {
        let key = self.conversation("c");
        let all = self.read(|tx| participants::all(&tx.db, key).unwrap());
        all.iter()
            .map(|person| person.user_id.to_string())
            .collect()
    }
}

/// An event moves the cursor, whatever it says, and also about what is not here.
#[test]
fn every_event_once_and_again() {
    for data in every_event() {
        let mut device = Follower::at(3);
        device.events(&[event(4, &data)]);
        // The same in a later event: everything that is written is idempotent.
        device.events(&[event(5, &data)]);
        assert_eq!(device.cursor(), 5, "{}", data.kind());
        assert!(device.sync.is_current(), "{}", data.kind());
        let mut other = Follower::at(3);
        other.sync.need_snapshot();
        other.fetch(Ok(super::snapshot_of("a", 4, vec![])));
        other.sync.retry_now();
        other.events(&[event(5, &data)]);
        assert_eq!(other.cursor(), 5, "{}", data.kind());
    }
}

#[test]
fn somebody_who_goes_and_comes_within_one_batch_is_there() {
    let [_, _, _, added, removed, ..] = &every_event()[..] else {
        panic!("the order of the events");
    };
    let bob = EventData::ParticipantsAdded(ParticipantsAdded {
        conversation_id: conversation_id("c"),
        participants: vec![participant("bob")].into(),
    });
    let mut device = Follower::at(3);
    device.events(&[event(4, removed), event(5, &bob), event(6, added)]);
    assert_eq!(device.people(), ["alice", "bob", "carol"]);
    device.events(&[event(7, &bob), event(8, removed)]);
    assert_eq!(device.people(), ["alice", "carol"]);
}

#[test]
fn who_is_removed_and_added_again_within_one_batch_keeps_the_conversation() {
    let removed = EventData::ConversationRemoved(ConversationRemoved {
        conversation_id: conversation_id("c"),
    });
    let created = EventData::ConversationCreated(conversation("c", 4));
    let mut device = Follower::at(3);
    let before = device.conversation("c");
    let step = device.events(&[
        event(4, &removed),
        event(5, &created),
        event(6, &EventData::MessageCreated(message("c", 5))),
    ]);
    assert!(step.result.contains(&SyncNews::Left(before)));
    assert_eq!(device.conversation("c"), before);
    assert!(!device.read(|tx| conversations::is_gone(&tx.db, before).unwrap()));
    assert!(device.read(|tx| !conversations::remove_if_gone(&tx.db, before).unwrap()));
    assert_eq!(device.head(), 5);
    device.events(&[event(7, &created), event(8, &removed)]);
    assert!(device.read(|tx| conversations::is_gone(&tx.db, before).unwrap()));
}

#[test]
fn a_role_of_somebody_who_is_not_there_changes_nothing() {
    let mut device = Follower::at(3);
    let promoted = EventData::ParticipantUpdated(ParticipantUpdated {
        conversation_id: conversation_id("c"),
        user_id: user("nobody"),
        role: Role::Admin,
    });
    device.events(&[event(4, &promoted)]);
    assert_eq!(device.people(), ["alice", "bob"]);
}

#[test]
fn the_blocked_are_those_of_the_newest_list() {
    let mut device = Follower::at(3);
    let lists = [vec!["bob", "carol"], vec![], vec!["carol"], vec!["carol"]];
    for (number, names) in lists.into_iter().enumerate() {
        let user_ids: Vec<_> = names.into_iter().map(user).collect();
        let list = EventData::BlocksUpdated(BlockList {
            user_ids: user_ids.clone(),
        });
        device.events(&[event(4 + number as u64, &list)]);
        assert_eq!(device.read(|tx| blocked::all(&tx.db).unwrap()), user_ids);
    }
}
