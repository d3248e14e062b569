use std::sync::Arc;

use super::{Journal, KEPT, KEPT_BYTES};
use fulmar_protocol::{Event, EventsFrame, Seq, ServerFrame, Timestamp};

#[test]
fn the_oldest_go_by_number_and_by_bytes() {
    let journal = Journal::default();
    for _ in 0..KEPT + 7 {
        journal.incoming(Timestamp(1), None, "{}");
    }
    let entries = journal.entries();
    assert_eq!((entries.len(), entries[0].number), (KEPT, 8));
    let large = "x".repeat(KEPT_BYTES / 2);
    for _ in 0..3 {
        journal.incoming(Timestamp(1), None, &large);
    }
    assert_eq!(journal.kept().entries.len(), 2);
    assert_eq!(journal.count(), KEPT as u64 + 10);
}

#[test]
fn a_frame_counts_as_what_it_carries() {
    let journal = Journal::default();
    let data = serde_json::json!({"text": "x".repeat(KEPT_BYTES / 8)});
    let event = Event {
        seq: Seq(1),
        at: Timestamp(1),
        kind: "message.created".to_owned(),
        data,
    };
    let events = vec![event];
    let frame = Arc::new(ServerFrame::Events(EventsFrame { events }));
    for _ in 0..20 {
        journal.outgoing(Timestamp(1), None, Arc::clone(&frame));
    }
    assert_eq!(journal.kept().entries.len(), 7);
}
