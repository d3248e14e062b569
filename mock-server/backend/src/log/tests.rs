use fulmar_protocol::{BlockList, EventData, Seq, SyncPage, UserId};

use super::{Log, Synced};
use crate::store::log;
use crate::testing::{Stage, user};

fn event() -> EventData {
    EventData::BlocksUpdated(BlockList {
        user_ids: Vec::new(),
    })
}

/// The numbers of the events after `since`; `None` for a reset.
fn after(stage: &mut Stage, log: &Log, user: &UserId, since: u64) -> Option<Vec<u64>> {
    let log_id = stage.ok(|tx| log::state(tx.db(), user)).log_id;
    match stage.ok(|tx| log.sync(tx, user, Seq(since), Some(log_id.as_str()))) {
        Synced::Page(SyncPage { events, .. }) => {
            Some(events.iter().map(|event| event.seq.0).collect())
        }
        Synced::Reset => None,
    }
}

#[test]
fn a_log_gives_what_it_still_has_and_otherwise_a_reset() {
    let log = Log::new(3);
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    for _ in 0..5 {
        stage.ok(|tx| log.append(tx, [&ann], &event()));
    }
    for (since, events) in [
        (0, None),
        (1, None),
        (2, Some(vec![3, 4, 5])),
        (4, Some(vec![5])),
        (5, Some(vec![])),
        (6, None),
    ] {
        assert_eq!(
            after(&mut stage, &log, &ann, since),
            events,
            "after {since}"
        );
    }
    stage.ok(|tx| log.cut(tx, &ann));
    assert_eq!(after(&mut stage, &log, &ann, 4), None);
    assert_eq!(after(&mut stage, &log, &ann, 5), Some(vec![]));
}

#[test]
fn a_log_of_another_name_is_another_log() {
    let log = Log::new(3);
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let before = stage.ok(|tx| log::state(tx.db(), &ann)).log_id;
    let renamed = stage.ok(|tx| log.rename(tx, &ann));
    assert_ne!(renamed, before);
    for name in [Some(before.as_str()), None] {
        let synced = stage.ok(|tx| log.sync(tx, &ann, Seq(0), name));
        assert_eq!(synced, Synced::Reset);
    }
}

#[test]
fn who_is_told_is_notified_after_the_commit() {
    let log = Log::new(3);
    let mut stage = Stage::with(&["ann", "ben", "cat"]);
    let told = [user("ann"), user("cat")];
    let (_, pending) = stage.run(|tx| log.append(tx, &told, &event())).unwrap();
    assert_eq!(Vec::from_iter(pending.notify_events), told);
}
