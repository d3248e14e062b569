//! Events in order, repeated, with holes, of another log.

use fulmar_protocol::{Conversation, ConversationKind, EventData, Seq};

use super::{Follower, event, honest, log_id, page, snapshot, snapshot_of, written};
use crate::sync::SyncNews;
use crate::testing::server::{conversation, key, message};

#[test]
fn events_in_order_are_applied_and_are_progress() {
    let mut device = Follower::at(3);
    let step = device.events(&[written(4), written(5)]);
    assert!(step.result.contains(&SyncNews::Progress));
    assert!(step.result.contains(&SyncNews::ToldUpTo(Seq(5))));
    assert!(step.result.contains(&SyncNews::Confirmed(key(5))));
    assert_eq!((device.cursor(), device.head()), (5, 5));
    assert!(device.sync.is_current());
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let mut device = Follower::at(3);
    device.events(&[written(4)]);
    for again in [
        vec![written(4)],
        vec![written(2), written(3), written(4)],
        vec![],
    ] {
        let step = device.events(&again);
        assert_eq!(step.result, [], "{again:?}");
        assert!(device.sync.is_current());
    }
    device.events(&[written(4), written(5), written(5), written(6)]);
    assert_eq!(device.cursor(), 6);
}

#[test]
fn nothing_behind_a_hole_is_applied_before_the_hole_is_filled() {
    let mut device = Follower::at(3);
    let step = device.events(&[written(4), written(6)]);
    assert!(step.result.contains(&SyncNews::ToldUpTo(Seq(4))));
    assert_eq!(device.cursor(), 4);
    assert!(!device.sync.is_current());
    assert!(device.message(key(6)).is_none());
    assert_eq!(device.fetch_all(|call| honest("a", 6, call)), 1);
    assert_eq!(device.cursor(), 6);
    assert!(device.sync.is_current());
}

#[test]
fn what_comes_while_a_fetch_is_under_way_is_part_of_the_next_one() {
    let mut device = Follower::at(3);
    device.events(&[written(6)]);
    let (request, _) = device.reconcile().unwrap();
    assert_eq!(device.events(&[written(7)]).result, []);
    assert!(device.reconcile().is_none(), "one at a time");
    device.answer(request, Ok(page("a", (4..=6).map(written).collect(), 6)));
    assert!(!device.sync.is_current(), "the seventh is still missing");
    assert_eq!(device.fetch_all(|call| honest("a", 7, call)), 1);
    assert!(device.sync.is_current());
}

/// The socket of a server whose log is another says nothing about the log that is followed here.
#[test]
fn events_of_another_logs_socket_say_nothing() {
    let mut device = Follower::at(3);
    device.sync.connected(log_id("b"), Seq(3));
    let step = device.fetch(Ok(snapshot("a", 3)));
    assert!(
        step.result.contains(&SyncNews::OtherLog),
        "the socket has to go"
    );
    let step = device.events(&[written(4), written(900)]);
    assert_eq!(step.result, []);
    device.sync.head_seen(Seq(900));
    device.sync.socket_lost();
    assert_eq!(device.cursor(), 3);
    assert!(device.sync.is_current(), "nothing of this log is missing");
}

#[test]
fn a_pong_that_counts_more_than_came_makes_it_fetch() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(3));
    assert!(device.reconcile().is_none());
    device.sync.head_seen(Seq(5));
    assert_eq!(device.fetch_all(|call| honest("a", 5, call)), 1);
    assert_eq!(device.cursor(), 5);
}

#[test]
fn without_a_token_nothing_is_asked() {
    let mut device = Follower::at(3);
    device.sync.need_events();
    let sync = &mut device.sync;
    let step = device
        .bench
        .run(|tx| sync.reconcile(tx, None, crate::pace::Gate::OPEN));
    assert!(step.asked.is_empty() && step.effects.is_empty());
}

/// A restored server has lost it, and another device creates it anew before this one hears of the restoration.
#[test]
fn a_direct_conversation_that_takes_the_place_of_a_lost_one_begins_empty() {
    let direct = |id, last_position| Conversation {
        kind: ConversationKind::Direct,
        ..conversation(id, last_position)
    };
    let mut device = Follower::new();
    device.sync.connected(log_id("a"), Seq(1));
    device.fetch_all(|_| Ok(snapshot_of("a", 1, vec![direct("c", 0)])));
    device.events(&[event(2, &EventData::MessageCreated(message("c", 1)))]);
    let before = device.conversation("c");
    device.events(&[event(3, &EventData::ConversationCreated(direct("d", 0)))]);
    assert_eq!(device.conversation("d"), before, "the row stays");
    assert!(device.message(key(1)).is_none());
}
