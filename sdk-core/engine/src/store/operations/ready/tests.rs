//! What is found lane by lane is what one query over everything finds.

use rusqlite::{Connection, params};

use super::*;
use crate::store::Store;

/// The same in one query, which looks at all that waits.
fn of_all(
    db: &Connection,
    policy: FailurePolicy,
    resting: &BTreeSet<LaneId>,
    limit: u32,
) -> Vec<i64> {
    let mut statement = db
        .prepare(&format!(
            "SELECT ordinal, lane FROM operation AS o
             WHERE o.state = 'queued'
               AND NOT EXISTS (SELECT 1 FROM operation AS f
                               WHERE f.lane = o.lane AND f.state = 'in_flight')
               AND NOT (o.holds_lane AND EXISTS (
                        SELECT 1 FROM operation AS f
                        WHERE f.lane = o.lane AND f.state = 'failed' AND f.ordinal < o.ordinal
                          AND f.holds_lane AND (?1 OR f.method = 'conversation.create')))
               AND NOT EXISTS (SELECT 1 FROM operation AS f
                               WHERE f.operation_key = o.message_key AND f.state = 'failed')
               AND NOT EXISTS (SELECT 1 FROM upload
                               WHERE upload.operation_key = o.message_key AND {OPEN})
               AND NOT (o.holds_lane AND EXISTS (
                        SELECT 1 FROM upload JOIN operation AS f USING (operation_key)
                        WHERE f.lane = o.lane AND f.state = 'queued' AND f.ordinal <= o.ordinal
                          AND {OPEN}))
             ORDER BY o.ordinal"
        ))
        .unwrap();
    let found = statement
        .query_map([policy == FailurePolicy::Hold], |row| {
            Ok((row.get("ordinal")?, LaneId(row.get("lane")?)))
        })
        .unwrap();
    let found = found.map(std::result::Result::unwrap);
    let awake = found.filter(|(_, lane)| !resting.contains(lane));
    awake
        .map(|(ordinal, _)| ordinal)
        .take(limit as usize)
        .collect()
}

/// An outbox of some lanes, in any state.
fn outbox(rng: &mut fastrand::Rng) -> Store {
    let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
    let db = store.reader().connection();
    let lanes = rng.i64(1..5);
    for lane in 1..=lanes {
        db.execute(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (?1, 'c-' || ?1, 'group', 1, 1)",
            [lane],
        )
        .unwrap();
    }
    let mut messages: Vec<[u8; 16]> = Vec::new();
    for number in 0..rng.u8(0..40) {
        let key = [number; 16];
        let about = rng.choice(&messages).copied().filter(|_| rng.bool());
        let (method, params) = match (about, rng.u8(0..12)) {
            (Some(_), _) => (
                "message.hide",
                r#"{"conversationId": "c-1", "messageKey": "01905056-af51-7b10-8c4f-b5091a73689f"}"#,
            ),
            (None, 0) => (
                "conversation.create",
                r#"{"kind": "group", "participantIds": []}"#,
            ),
            (None, _) => ("message.send", r#"{"conversationId": "c-1", "text": "x"}"#),
        };
        let state = match rng.u8(0..16) {
            0 => "failed",
            1 => "in_flight",
            2 => "applied",
            _ => "queued",
        };
        let lane = rng.i64(1..=lanes);
        db.execute(
            "INSERT INTO operation (operation_key, lane, method, holds_lane, message_key, params, state, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
            params![key, lane, method, about.is_none(), about, params, state],
        )
        .unwrap();
        if about.is_none() {
            messages.push(key);
            if rng.u8(0..6) == 0 {
                upload(db, key, rng.bool());
            }
        }
    }
    store
}

fn upload(db: &Connection, key: [u8; 16], is_up: bool) {
    db.execute(
        "INSERT INTO upload (operation_key, place, sha256, size, sent, file_id)
         VALUES (?1, 0, zeroblob(32), 10, ?2, ?3)",
        params![key, if is_up { 10 } else { 4 }, is_up.then_some("f-1")],
    )
    .unwrap();
}

#[test]
fn lane_by_lane_is_the_same_as_all_at_once() {
    for seed in 0..400 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let store = outbox(&mut rng);
        let db = store.reader().connection();
        let resting = (1..5).filter(|_| rng.u8(0..4) == 0).map(LaneId).collect();
        for policy in [FailurePolicy::Hold, FailurePolicy::Skip] {
            for limit in [0, 1, 3, 100] {
                let ready = ready_to_go(db, policy, &resting, limit).unwrap();
                let ready: Vec<i64> = ready.into_iter().map(|row| row.ordinal).collect();
                assert_eq!(ready, of_all(db, policy, &resting, limit), "seed {seed}");
            }
        }
    }
}
