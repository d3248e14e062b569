//! Events that an older version could not understand.

use fulmar_protocol::{
    ConversationProfile, ConversationUpdated, Event, EventData, Message, Revision, Seq, Timestamp,
};

use super::{Follower, event, honest, log_id, snapshot_of};
use crate::store::{conversations, quarantine};
use crate::sync::SyncNews;
use crate::testing::EPOCH;
use crate::testing::server::{conversation, conversation_id, key, message};

/// The version that put them there.
const OLD: &str = "0.0.1";
/// One that has tried nothing.
const LATER: &str = "9.9.9";

impl Follower {
    fn quarantine(&mut self, log: &str, event: &Event) {
        let log = log_id(log);
        self.read(|tx| quarantine::add(&tx.db, &log, event, "x", OLD).unwrap());
    }

    /// What is in quarantine, whichever version has tried it.
    fn quarantined(&mut self) -> Vec<u64> {
        let rows = self.read(|tx| quarantine::untried(&tx.db, LATER).unwrap());
        rows.into_iter().map(|(_, event)| event.seq.0).collect()
    }

    fn retry(&mut self) -> Vec<SyncNews> {
        let (sync, own) = (&mut self.sync, &self.own);
        self.bench
            .run(|tx| sync.retry_quarantine(tx, Some(own)).unwrap())
            .result
    }

    fn title(&mut self) -> Option<String> {
        let key = self.conversation("c");
        let profile = self.read(|tx| conversations::server_profile(&tx.db, key).unwrap());
        profile.title
    }
}

fn unreadable(seq: u64, kind: &str) -> Event {
    Event {
        seq: Seq(seq),
        at: Timestamp(EPOCH),
        kind: kind.to_owned(),
        data: serde_json::json!({"conversationId": 5}),
    }
}

fn renamed(title: &str) -> EventData {
    EventData::ConversationUpdated(ConversationUpdated {
        conversation_id: conversation_id("c"),
        profile: ConversationProfile {
            title: Some(title.to_owned()),
            ..ConversationProfile::default()
        },
    })
}

#[test]
fn what_cannot_be_read_stops_nothing_and_is_kept() {
    let unknown_place = EventData::MessageCreated(message("elsewhere", 1));
    for odd in [
        unreadable(4, "poll.created"),
        unreadable(4, "message.created"),
        event(4, &unknown_place),
    ] {
        let mut device = Follower::at(3);
        device.events(&[odd.clone(), super::written(5)]);
        assert_eq!(device.cursor(), 5, "{}", odd.kind);
        assert!(device.sync.is_current(), "{}", odd.kind);
        assert_eq!(device.quarantined(), [4], "{}", odd.kind);
    }
}

/// This version has tried it already: it is not tried at each start.
#[test]
fn what_this_version_could_not_read_is_not_tried_again() {
    let mut device = Follower::at(3);
    device.events(&[unreadable(4, "poll.created")]);
    device.restart();
    assert_eq!(device.retry(), []);
    assert!(device.sync.is_current());
    assert_eq!(device.quarantined(), [4]);
}

#[test]
fn an_event_of_another_log_is_nobodys() {
    let mut device = Follower::at(3);
    device.quarantine("z", &event(2, &renamed("of another log")));
    device.quarantine("z", &super::written(900));
    device.quarantine("z", &unreadable(5, "poll.created"));
    assert_eq!(device.retry(), []);
    assert!(device.sync.is_current());
    assert!(device.quarantined().is_empty());
    assert_eq!(
        (device.title(), device.message(key(900)).is_some()),
        (None, false)
    );
}

#[test]
fn a_message_is_taken_if_it_is_not_older_than_what_is_here() {
    let said = |text: &str, revision: u64| {
        let mut said = message("c", 3);
        said.content.text = text.to_owned();
        Message {
            revision: Revision(revision),
            ..said
        }
    };
    for (revision, expected) in [(1, "here"), (9, "quarantined")] {
        let mut device = Follower::at(3);
        device.events(&[event(4, &EventData::MessageUpdated(said("here", 5)))]);
        let quarantined = EventData::MessageUpdated(said("quarantined", revision));
        device.quarantine("a", &event(2, &quarantined));
        let news = device.retry();
        assert!(news.contains(&SyncNews::Confirmed(key(3))));
        assert_eq!(device.message(key(3)).unwrap().content.text, expected);
        assert!(device.quarantined().is_empty());
        assert!(device.sync.is_current());
        assert_eq!(device.cursor(), 4, "the cursor stays");
    }
}

/// It may have been overtaken: what is so now is asked for.
#[test]
fn what_has_no_revision_asks_for_a_snapshot() {
    let mut device = Follower::at(3);
    device.events(&[event(4, &renamed("new"))]);
    device.quarantine("a", &event(2, &renamed("old")));
    assert_eq!(device.retry(), []);
    assert_eq!(device.title().as_deref(), Some("new"));
    let mut view = conversation("c", 3);
    view.profile.title = Some("newest".to_owned());
    assert!(!device.sync.is_current());
    device.fetch(Ok(snapshot_of("a", 5, vec![view])));
    assert_eq!(device.title().as_deref(), Some("newest"));
    assert!(device.quarantined().is_empty());
    device.restart();
    device.retry();
    assert!(device.sync.is_current(), "it is done with");
}

/// The process may end before the snapshot has come.
#[test]
fn the_snapshot_is_asked_for_until_it_has_come() {
    let mut device = Follower::at(3);
    device.quarantine("a", &event(2, &renamed("old")));
    for _ in 0..3 {
        device.retry();
        device.reconcile().expect("the snapshot is asked for");
        device.restart();
    }
    device.retry();
    device.fetch_all(|call| honest("a", 3, call));
    device.restart();
    device.retry();
    assert!(device.sync.is_current());
}

#[test]
fn one_that_is_still_unreadable_stays() {
    let mut device = Follower::at(3);
    device.quarantine("a", &unreadable(2, "poll.created"));
    assert_eq!(device.retry(), []);
    assert_eq!(device.quarantined(), [2]);
    assert!(device.sync.is_current());
    device.sync.need_snapshot();
    device.fetch_all(|call| honest("a", 3, call));
    assert_eq!(device.quarantined(), [2], "a later version may read it");
}

/// Every event that there is: the two of messages are applied, all others ask.
#[test]
fn every_type_of_event_in_quarantine() {
    for data in super::participants::every_event() {
        let revised = match &data {
            EventData::MessageCreated(_) | EventData::MessageUpdated(_) => true,
            EventData::ConversationCreated(_)
            | EventData::ConversationUpdated(_)
            | EventData::ConversationRemoved(_)
            | EventData::ParticipantsAdded(_)
            | EventData::ParticipantRemoved(_)
            | EventData::ParticipantUpdated(_)
            | EventData::ReceiptUpdated(_)
            | EventData::UserUpdated(_)
            | EventData::BlocksUpdated(_)
            | EventData::SettingsUpdated(_) => false,
        };
        let mut device = Follower::at(3);
        device.quarantine("a", &event(2, &data));
        let news = device.retry();
        assert_eq!(device.sync.is_current(), revised, "{}", data.kind());
        assert_eq!(!news.is_empty(), revised, "{}", data.kind());
    }
}
