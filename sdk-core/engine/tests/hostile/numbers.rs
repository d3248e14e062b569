//! Numbers that are as large as the wire lets them be.

use fulmar_engine::ConnectionState;
use fulmar_protocol::{
    Answer, ApiRequest, Attachment, ClientFrame, Content, EventData, Limits, ReceiptUpdated,
    ServerFrame, Settings, SettingsUpdated, ThreadSummary, Timestamp, Unread,
};

use crate::answers::{at_once, cut};
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::server::{Asked, Said, events, user};
use crate::transfers::with_a_file;

#[test]
fn a_ready_full_of_largest_numbers_is_a_ready() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Hello(_)) => {
            let mut ready = server.ready(now);
            ready.heartbeat_ms = u64::MAX;
            ready.operation_key_retention_ms = u64::MAX;
            ready.limits = Limits {
                operations_per_submit: u32::MAX,
                frame_bytes: u32::MAX,
                text_bytes: u32::MAX,
                page_size: u32::MAX,
                file_bytes: u64::MAX,
                chunk_bytes: u32::MAX,
            };
            at_once(Said::Frame(ServerFrame::Ready(ready)))
        }
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    assert_eq!(bench.connection, ConnectionState::Live);
    bench.restart_with(|_| {});
    bench.recovers();
    assert_eq!(bench.server.texts(), ["while nothing works"]);
}

#[test]
fn times_at_both_ends_of_time_are_times() {
    for at in [i64::MIN, i64::MAX] {
        let mut bench = Bench::live();
        bench.hostile(move |server, asked, now| match asked {
            Asked::Frame(ClientFrame::Hello(_)) => {
                let mut ready = server.ready(now);
                ready.server_time = Timestamp(at);
                at_once(Said::Frame(ServerFrame::Ready(ready)))
            }
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        bench.restart_with(|_| {});
        bench.recovers();
        assert_eq!(bench.server.texts(), ["while nothing works"]);
    }
}

#[test]
fn a_token_that_lives_for_ever_is_a_token() {
    let mut bench = Bench::new();
    bench.server.lifetime_ms = u64::MAX;
    bench.sign_in();
    bench.run(SECOND);
    assert_eq!(bench.connection, ConnectionState::Live);
    bench.hostile(|_, _, _| None);
    bench.run(LONG);
    bench.restart_with(|_| {});
    bench.recovers();
}

fn full_of_largest_numbers(message: &mut fulmar_protocol::Message) {
    let file = with_a_file().attachments.remove(0);
    message.content.attachments = vec![Attachment {
        size: u64::MAX,
        width: Some(u32::MAX),
        duration_ms: Some(u64::MAX),
        ..file
    }];
    message.sent_at = Timestamp(i64::MAX);
    message.edited_at = Some(Timestamp(i64::MIN));
    message.thread = Some(ThreadSummary {
        count: fulmar_protocol::Position((1 << 53) - 1),
        last_at: Timestamp(i64::MAX),
    });
}

#[test]
fn events_full_of_largest_numbers_stop_nothing() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| None);
    let now = bench.now.mono;
    let key = bench.key();
    let content = Content {
        text: "large".to_owned(),
        ..Content::default()
    };
    let mut message = bench.server.write("bob", key, content, now);
    full_of_largest_numbers(&mut message);
    bench.server.events.clear();
    bench.server.tell(&EventData::MessageCreated(message), now);
    let conversation_id: fulmar_protocol::ConversationId = "c-1".parse().unwrap();
    let receipt = ReceiptUpdated {
        conversation_id: conversation_id.clone(),
        user_id: user("alice"),
        delivered_to: fulmar_protocol::Position((1 << 53) - 1),
        read_to: fulmar_protocol::Position((1 << 53) - 1),
        unread: Some(Unread {
            unread_count: u64::MAX,
            unread_mentions: u64::MAX,
        }),
    };
    bench.server.tell(&EventData::ReceiptUpdated(receipt), now);
    let settings = Settings {
        muted_until: Some(Timestamp(i64::MAX)),
        hidden_to: None,
        ..Settings::default()
    };
    let settings = SettingsUpdated {
        conversation_id,
        settings,
    };
    bench
        .server
        .tell(&EventData::SettingsUpdated(settings), now);
    let all = bench.server.events.clone();
    bench.server_says(Said::Frame(events(&all)));
    bench.run(MINUTE);
    bench.bob_writes("after them");
    cut(&mut bench);
    bench.run(LONG);
    bench.restart_with(|_| {});
    bench.recovers();
    assert!(bench.shown().contains(&"after them".to_owned()));
}

#[test]
fn a_snapshot_full_of_largest_numbers_stops_nothing() {
    let mut bench = Bench::new();
    bench.bob_writes_unheard("one");
    bench.hostile(|server, asked, _| match asked {
        Asked::Http(ApiRequest::Snapshot) => {
            let mut snapshot = server.snapshot();
            for view in &mut snapshot.conversations {
                view.unread_count = u64::MAX;
                view.unread_mentions = u64::MAX;
                view.created_at = Timestamp(i64::MIN);
                view.messages.iter_mut().for_each(full_of_largest_numbers);
            }
            at_once(Said::Answer(Ok(Answer::Snapshot(snapshot))))
        }
        _ => None,
    });
    bench.sign_in();
    bench.run(LONG);
    bench.recovers();
    bench.bob_writes("two");
    bench.run(MINUTE);
    assert!(bench.shown().contains(&"two".to_owned()));
}
