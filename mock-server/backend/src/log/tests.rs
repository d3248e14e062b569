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
    let log = Log::new(3, usize::MAX);
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
    let log = Log::new(3, usize::MAX);
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
    let log = Log::new(3, usize::MAX);
    let mut stage = Stage::with(&["ann", "ben", "cat"]);
    let told = [user("ann"), user("cat")];
    let (_, pending) = stage.run(|tx| log.append(tx, &told, &event())).unwrap();
    assert_eq!(Vec::from_iter(pending.notify_events), told);
}

/// How many bodies of events are there, and in how many logs they are together.
fn bodies(stage: &mut Stage) -> (i64, i64) {
    stage.ok(|tx| {
        Ok(tx.db().query_row(
            "SELECT (SELECT count(*) FROM event_body) AS bodies,
                    (SELECT coalesce(sum(logs), 0) FROM event_body_logs) AS logs",
            [],
            |row| Ok((row.get("bodies")?, row.get("logs")?)),
        )?)
    })
}

#[test]
fn what_many_are_told_is_there_once_and_as_long_as_a_log_tells_it() {
    let log = Log::new(2, usize::MAX);
    let mut stage = Stage::with(&["ann", "ben"]);
    let (ann, ben) = (user("ann"), user("ben"));
    stage.ok(|tx| log.append(tx, [&ann, &ben], &event()));
    assert_eq!(bodies(&mut stage), (1, 2));
    stage.ok(|tx| log.append(tx, [], &event()));
    assert_eq!(bodies(&mut stage), (1, 2));
    // Ann's log is full, and Ben's is not.
    for _ in 0..2 {
        stage.ok(|tx| log.append(tx, [&ann], &event()));
    }
    assert_eq!(bodies(&mut stage), (3, 3));
    assert_eq!(after(&mut stage, &log, &ben, 0), Some(vec![1]));
    stage.ok(|tx| log.cut(tx, &ben));
    assert_eq!(bodies(&mut stage), (2, 2));
    // A log that goes with its user.
    stage.ok(|tx| {
        tx.db()
            .execute("DELETE FROM user WHERE user_id = 'ann'", [])?;
        Ok(())
    });
    assert_eq!(bodies(&mut stage), (0, 0));
}

#[test]
fn a_log_that_keeps_nothing_keeps_no_body() {
    let log = Log::new(0, usize::MAX);
    let mut stage = Stage::with(&["ann", "ben"]);
    stage.ok(|tx| log.append(tx, [&user("ann"), &user("ben")], &event()));
    assert_eq!(bodies(&mut stage), (0, 0));
}

/// Somebody else may have made each of them as large as an event can be.
#[test]
fn what_is_told_at_once_has_a_bound_in_bytes_but_always_one_event() {
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let size = event().to_value().to_string().len();
    for (most_bytes, told) in [(0, 1), (size, 1), (size * 2, 2), (size * 3 - 1, 2)] {
        let log = Log::new(100, most_bytes);
        let head = stage.ok(|tx| log::state(tx.db(), &ann)).head;
        for _ in 0..3 {
            stage.ok(|tx| log.append(tx, [&ann], &event()));
        }
        let page = after(&mut stage, &log, &ann, head.0).unwrap();
        assert_eq!(page.len(), told, "{most_bytes}");
        let frame = stage.ok(|tx| log.frame(tx, &ann, head));
        assert_eq!(frame.len(), told, "{most_bytes}");
    }
}
