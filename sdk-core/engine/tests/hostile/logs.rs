//! Servers that are at odds with themselves about the log.

use std::cell::Cell;
use std::rc::Rc;

use fulmar_engine::ConnectionState;
use fulmar_protocol::{
    Answer, ApiRequest, ClientFrame, CloseCode, Code, Content, Event, EventData, LogId, Method,
    OutcomeStatus, Pong, Position, Revision, Seq, ServerFrame, SettingsUpdate, SyncPage,
};

use crate::answers::{at_once, cut, no_socket};
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::server::{Asked, Said, Server, events, problem};

/// The last number of the protocol.
const LAST: u64 = (1 << 53) - 1;

fn log(name: &str) -> LogId {
    LogId::new(name).unwrap()
}

/// What a server without fault would say first, changed.
fn changed(
    server: &mut Server,
    asked: &Asked<'_>,
    now: fulmar_engine::Mono,
    change: impl Fn(&mut Said),
) -> Option<crate::server::Script> {
    let mut said = server.well(asked, now);
    said.iter_mut().for_each(change);
    Some(
        said.into_iter()
            .map(|said| (std::time::Duration::ZERO, said))
            .collect(),
    )
}

fn head_of(said: &mut Said) -> Option<&mut Seq> {
    match said {
        Said::Frame(ServerFrame::Ready(ready)) => Some(&mut ready.head),
        Said::Frame(ServerFrame::Pong(pong)) => Some(&mut pong.head),
        Said::Frame(ServerFrame::Reset(reset)) => Some(&mut reset.head),
        Said::Answer(Ok(Answer::Sync(page))) => Some(&mut page.head),
        _ => None,
    }
}

#[test]
fn a_sync_that_names_another_log_while_the_socket_is_ahead_is_not_asked_without_rest() {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        bench.hostile(move |server, asked, now| match asked {
            Asked::Socket if !over_socket => no_socket(),
            Asked::Http(ApiRequest::Sync { .. }) => {
                at_once(Said::Answer(Ok(Answer::Sync(SyncPage {
                    log_id: log("stale"),
                    events: Vec::new(),
                    head: Seq(3),
                }))))
            }
            Asked::Frame(_) => changed(server, asked, now, |said| {
                if let Some(head) = head_of(said) {
                    head.0 += 1_000;
                }
            }),
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
    }
}

#[test]
fn replicas_that_disagree_and_take_turns_are_not_asked_without_rest() {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        let turn = Rc::new(Cell::new(0_u32));
        bench.hostile(move |server, asked, now| {
            if matches!(asked, Asked::Socket) && !over_socket {
                return no_socket();
            }
            turn.set(turn.get() + 1);
            let (kept, stale) = (server.log_id.clone(), turn.get().is_multiple_of(2));
            if stale {
                server.log_id = log("replica");
            }
            let said = changed(server, asked, now, |said| {
                if let (Some(head), true) = (head_of(said), stale) {
                    head.0 += 7;
                }
            });
            server.log_id = kept;
            said
        });
        // Whatever a replica takes is sent, so nothing is queued here.
        bench.server_says(Said::Closed(CloseCode::GoingAway));
        bench.run(LONG);
        bench.recovers();
    }
}

#[test]
fn after_a_restored_backup_it_is_live_again_without_a_restart() {
    for over_http_at_first in [false, true] {
        let mut bench = Bench::live();
        for n in 0..30 {
            bench.bob_writes(&format!("number {n}"));
        }
        bench.run(MINUTE);
        bench.server.events.truncate(10);
        bench.server.messages.truncate(10);
        bench.server.log_id = log("restored");
        bench.hostile(move |_, asked, _| match asked {
            Asked::Socket if over_http_at_first => no_socket(),
            _ => None,
        });
        cut(&mut bench);
        bench.run(MINUTE * 2);
        bench.recovers();
        bench.bob_writes("after it");
        bench.run(MINUTE * 2);
        assert_eq!(bench.connection, ConnectionState::Live);
        assert_eq!(bench.shown(), bench.server.texts());
    }
}

#[test]
fn a_head_that_nobody_can_fetch_keeps_nobody_from_being_up_to_date() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(_) | Asked::Http(ApiRequest::Sync { .. }) => {
            changed(server, asked, now, |said| {
                if let Some(head) = head_of(said) {
                    head.0 = LAST;
                }
            })
        }
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    bench.recovers();
}

#[test]
fn a_snapshot_that_says_it_is_at_the_end_of_all_numbers_is_outlived() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Http(ApiRequest::Sync { .. }) => {
            at_once(Said::Answer(Err(problem(Code::SyncReset))))
        }
        Asked::Http(ApiRequest::Snapshot) => changed(server, asked, now, |said| {
            if let Said::Answer(Ok(Answer::Snapshot(snapshot))) = said {
                snapshot.seq = Seq(LAST);
            }
        }),
        _ => None,
    });
    cut(&mut bench);
    bench.server_says_if_open(Said::Frame(ServerFrame::Pong(Pong {
        id: 1,
        head: Seq(50),
    })));
    bench.run(LONG);
    bench.recovers();
    bench.bob_writes("after it");
    bench.run(MINUTE * 2);
    assert_eq!(bench.shown(), bench.server.texts());
}

#[test]
fn messages_at_the_end_of_all_numbers_do_not_stay() {
    for (position, revision) in [(LAST, 0), (1, LAST), (LAST - 1, LAST - 1)] {
        let mut bench = Bench::live();
        bench.hostile(|_, _, _| None);
        let now = bench.now.mono;
        let key = bench.key();
        let content = Content {
            text: "far away".to_owned(),
            ..Content::default()
        };
        let mut message = bench.server.write("bob", key, content, now);
        message.position = Position(position);
        message.revision = Revision(revision);
        // The log says it wrong, the server itself knows better.
        let last = bench.server.events.len() - 1;
        bench.server.events[last].data = EventData::MessageCreated(message).to_value();
        let wrong = bench.server.events[last..].to_vec();
        bench.server_says(Said::Frame(events(&wrong)));
        bench.run(MINUTE);
        bench.bob_writes("near");
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
        assert_eq!(
            bench.shown().last(),
            Some(&"while nothing works".to_owned())
        );
        assert!(bench.shown().contains(&"near".to_owned()));
    }
}

#[test]
fn events_that_come_twice_backwards_or_with_holes_are_each_applied_once() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| None);
    for n in 0..20 {
        bench.bob_writes_unheard(&format!("number {n}"));
    }
    let all = bench.server.events.clone();
    for chunk in all.rchunks(3) {
        bench.server_says(Said::Frame(events(chunk)));
        bench.server_says(Said::Frame(events(chunk)));
    }
    let mut backwards = all;
    backwards.reverse();
    bench.server_says(Said::Frame(events(&backwards)));
    bench.run(MINUTE);
    bench.recovers();
    assert_eq!(bench.shown(), bench.server.texts());
}

fn quarantine(db: &rusqlite::Connection, log: &str, event: &Event) {
    db.execute(
        "INSERT INTO quarantine (log_id, seq, at, kind, data, reason, tried_by)
         VALUES (?1, ?2, ?3, ?4, ?5, 'not known then', 'an older version')",
        rusqlite::params![
            log,
            event.seq.0,
            event.at.0,
            event.kind,
            event.data.to_string()
        ],
    )
    .unwrap();
}

#[test]
fn what_an_older_version_put_into_quarantine_does_not_undo_what_is_newer() {
    let mut bench = Bench::live();
    bench.bob_writes("first");
    bench.run(SECOND);
    let now = bench.now.mono;
    let key = bench.key();
    let content = Content {
        text: "of another log".to_owned(),
        ..Content::default()
    };
    let mut other = Server::new();
    other.write("bob", bench.key(), content.clone(), now);
    other.write("bob", key, content, now);
    let foreign = other.events.remove(1);
    let settings = EventData::SettingsUpdated(fulmar_protocol::SettingsUpdated {
        conversation_id: "c-1".parse().unwrap(),
        settings: fulmar_protocol::Settings {
            archived: true,
            ..Default::default()
        },
    });
    let old = Event::new(Seq(1), Server::time(now), &settings);
    bench.restart_with(|db| {
        quarantine(db, "a log before", &foreign);
        quarantine(db, "log", &old);
    });
    bench.recovers();
    bench.run(SECOND * 10);
    assert_eq!(bench.shown(), ["first"]);
    assert!(!bench.is_archived());
    bench.restart_with(|db| {
        let left: u32 = db
            .query_row("SELECT count(*) AS n FROM quarantine", [], |row| {
                row.get("n")
            })
            .unwrap();
        assert_eq!(left, 0);
    });
    bench.recovers();
}

#[test]
fn settings_that_are_answered_are_shown_until_the_log_tells_of_them() {
    let mut bench = Bench::live();
    bench.pin(true);
    bench.run(SECOND);
    let pinned = Method::SettingsUpdate(SettingsUpdate {
        conversation_id: "c-1".parse().unwrap(),
        muted_until: None,
        pinned: Some(true),
        archived: None,
        hidden_to: None,
        marked_unread: None,
    });
    let read: Vec<_> = bench
        .server
        .seen
        .iter()
        .map(|seen| seen.read().unwrap())
        .collect();
    assert_eq!(read, [pinned]);
    bench.recovers();
}

#[test]
fn an_outcome_at_the_end_of_all_numbers_does_not_stay_unseen() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Submit(_)) => changed(server, asked, now, |said| {
            if let Said::Frame(ServerFrame::Outcome(frame)) = said {
                for outcome in &mut frame.outcomes {
                    if let OutcomeStatus::Applied { seq, .. } = &mut outcome.status {
                        *seq = Seq(LAST);
                    }
                }
            }
        }),
        _ => None,
    });
    bench.pin(true);
    bench.run(LONG);
    bench.recovers();
    bench.server_says(Said::Closed(CloseCode::GoingAway));
    bench.run(MINUTE * 2);
    assert_eq!(bench.engine().status().unwrap().unseen, 0);
}

#[test]
fn a_log_that_goes_back_and_forth_is_no_progress() {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        for n in 0..10 {
            bench.bob_writes(&format!("number {n}"));
        }
        bench.run(MINUTE);
        let turn = Rc::new(Cell::new(0_u32));
        bench.hostile(move |server, asked, now| match asked {
            Asked::Socket if !over_socket => no_socket(),
            Asked::Http(ApiRequest::Sync { .. }) => {
                turn.set(turn.get() + 1);
                if turn.get().is_multiple_of(2) {
                    return at_once(Said::Answer(Err(problem(Code::SyncReset))));
                }
                changed(server, asked, now, |said| {
                    if let Some(head) = head_of(said) {
                        head.0 += 1_000;
                    }
                })
            }
            Asked::Http(ApiRequest::Snapshot) => changed(server, asked, now, |said| {
                if let Said::Answer(Ok(Answer::Snapshot(snapshot))) = said {
                    snapshot.seq = Seq(0);
                }
            }),
            Asked::Frame(ClientFrame::Ping(_)) => changed(server, asked, now, |said| {
                if let Some(head) = head_of(said) {
                    head.0 += 1_000;
                }
            }),
            _ => None,
        });
        bench.server_says(Said::Closed(CloseCode::GoingAway));
        bench.run(LONG);
        bench.recovers();
        assert_eq!(bench.shown(), bench.server.texts());
    }
}

#[test]
fn a_head_that_only_ready_names_keeps_nobody_from_being_up_to_date() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Hello(_)) => changed(server, asked, now, |said| {
            if let Some(head) = head_of(said) {
                head.0 += 1_000;
            }
        }),
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    assert_eq!(bench.connection, ConnectionState::Live);
    bench.recovers();
}
