//! Answers in which one element cannot be read, for ever.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use fulmar_engine::{Command, query};
use fulmar_protocol::{
    Answer, ApiRequest, CloseCode, HistoryPage, HttpAnswer, Message, Position, ServerFrame,
};
use serde_json::{Value, json};

use crate::answers::{at_once, no_socket};
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::budget::Effort;
use crate::server::{Asked, Said, Script, Server, events, foreign};

/// What a server without fault would answer, changed as JSON and then read as a client does.
fn mangled(
    server: &mut Server,
    call: &ApiRequest,
    now: fulmar_engine::Mono,
    change: impl Fn(&mut Value),
) -> Option<Script> {
    let answer = server.http(call, now).ok()?;
    let mut body = match answer {
        Answer::Snapshot(snapshot) => json!(snapshot),
        Answer::Sync(page) => json!(page),
        Answer::Messages(page) => json!(page),
        _ => return None,
    };
    change(&mut body);
    let answer = HttpAnswer::new(200, body.to_string().into_bytes());
    let read = call.read_answer(&answer);
    at_once(Said::Answer(read.map_err(|_| foreign(200))))
}

/// Makes the messages at these positions such that they cannot be read.
fn spoil(messages: &mut Value, positions: &[u64]) {
    for message in messages.as_array_mut().unwrap() {
        if let Some(position) = message["position"].as_u64()
            && positions.contains(&position)
        {
            message["senderId"] = json!(7);
            message["position"] = json!("unknown");
        }
    }
}

/// Whenever messages travel by snapshot or page, these cannot be read. Counts the pages.
fn spoils(bench: &mut Bench, positions: &'static [u64]) -> Rc<Cell<u32>> {
    let pages = Rc::new(Cell::new(0));
    let count = Rc::clone(&pages);
    bench.hostile(move |server, asked, now| match asked {
        Asked::Http(call @ ApiRequest::Snapshot) => mangled(server, call, now, |body| {
            spoil(&mut body["conversations"][0]["messages"], positions);
        }),
        Asked::Http(call @ ApiRequest::Messages { .. }) => {
            count.set(count.get() + 1);
            mangled(server, call, now, |body| {
                spoil(&mut body["messages"], positions);
            })
        }
        _ => None,
    });
    pages
}

/// What of the numbered messages is not shown between the first and the last that is, and the gaps.
fn missing(bench: &mut Bench) -> (Vec<u64>, Vec<(u64, u64)>) {
    let id = "c-1".parse().unwrap();
    let window = query::Window::From(Position(1));
    let reader = bench.engine().reader();
    let shown = query::timeline(reader, &id, None, window).unwrap();
    let messages = shown.items.iter().filter_map(query::TimelineItem::message);
    let places: Vec<u64> = messages
        .filter_map(|item| item.position.map(|position| position.0))
        .collect();
    let last = places.last().copied().unwrap_or_default();
    let missing = (1..=last).filter(|place| !places.contains(place)).collect();
    let gaps = shown.items.iter().filter_map(|item| match item {
        query::TimelineItem::Gap(gap) => Some((gap.from.0, gap.to.0)),
        query::TimelineItem::Message(_) => None,
    });
    (missing, gaps.collect())
}

fn older(bench: &mut Bench) -> query::Older {
    let id = "c-1".parse().unwrap();
    let window = query::Window::From(Position(1));
    let reader = bench.engine().reader();
    query::timeline(reader, &id, None, window).unwrap().older
}

fn load(bench: &mut Bench, page: HistoryPage) {
    let conversation = "c-1".parse().unwrap();
    let command = bench.begin(Command::LoadHistory {
        conversation,
        thread: None,
        page,
    });
    bench.run(SECOND * 10);
    let reply = bench.reply(command);
    assert!(matches!(reply, Some(Ok(_))), "{reply:?}");
}

fn many(bench: &mut Bench, count: u32) {
    for number in 1..=count {
        bench.bob_writes_unheard(&format!("number {number}"));
    }
}

#[test]
fn a_message_of_a_snapshot_that_cannot_be_read_does_not_hide_the_others() {
    let mut bench = Bench::new();
    many(&mut bench, 10);
    let pages = spoils(&mut bench, &[4, 5]);
    bench.sign_in();
    bench.run(LONG);
    assert_eq!(missing(&mut bench), (vec![4, 5], vec![(4, 5)]));
    // It is known what is there: nothing is asked for, however often somebody wants it.
    load(&mut bench, HistoryPage::Before(Position(6)));
    load(&mut bench, HistoryPage::After(Position(3)));
    assert_eq!(pages.get(), 0);
    bench.recovers();
}

#[test]
fn a_message_of_a_page_that_cannot_be_read_does_not_hide_the_others() {
    let mut bench = Bench::new();
    many(&mut bench, 60);
    let pages = spoils(&mut bench, &[1, 30, 40]);
    bench.sign_in();
    bench.run(SECOND * 10);
    load(&mut bench, HistoryPage::Before(Position(41)));
    assert_eq!(pages.get(), 1);
    let (gone, gaps) = (vec![1, 30, 40], vec![(1, 1), (30, 30), (40, 40)]);
    assert_eq!(missing(&mut bench), (gone.clone(), gaps.clone()));
    for place in [2, 31, 41] {
        load(&mut bench, HistoryPage::Before(Position(place)));
    }
    assert_eq!(pages.get(), 1, "they are not asked for again");
    assert_eq!(older(&mut bench), query::Older::Nothing);
    bench.restart_with(|_| {});
    bench.run(MINUTE);
    load(&mut bench, HistoryPage::Before(Position(31)));
    assert_eq!(pages.get(), 1, "nor by the next process");
    assert_eq!(missing(&mut bench), (gone, gaps));
    bench.recovers();
}

/// The server was mended, but has told of nothing: the next day it is asked again.
#[test]
fn after_a_day_what_could_not_be_read_is_fetched_when_it_is_wanted() {
    let mut bench = Bench::new();
    many(&mut bench, 10);
    let pages = spoils(&mut bench, &[4]);
    bench.sign_in();
    bench.run(MINUTE);
    bench.well();
    bench.run(Duration::from_secs(25 * 60 * 60));
    bench.restart_with(|_| {});
    bench.recovers();
    load(&mut bench, HistoryPage::Before(Position(5)));
    assert_eq!(missing(&mut bench), (Vec::new(), Vec::new()));
    assert_eq!(pages.get(), 0);
}

#[test]
fn a_page_of_which_nothing_can_be_read_is_no_wall() {
    const ALL: &[u64] = &[
        31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    ];
    let mut bench = Bench::new();
    many(&mut bench, 70);
    bench.server.limits.page_size = 20;
    let pages = spoils(&mut bench, ALL);
    bench.sign_in();
    bench.run(SECOND * 10);
    load(&mut bench, HistoryPage::Before(Position(51)));
    assert_eq!(older(&mut bench), query::Older::AtServer(Position(31)));
    load(&mut bench, HistoryPage::Before(Position(51)));
    assert_eq!(older(&mut bench), query::Older::AtServer(Position(11)));
    load(&mut bench, HistoryPage::Before(Position(51)));
    load(&mut bench, HistoryPage::Before(Position(11)));
    assert_eq!(pages.get(), 3);
    assert_eq!(missing(&mut bench), (ALL.to_vec(), vec![(31, 50)]));
    bench.recovers();
}

#[test]
fn a_newer_version_reads_what_an_older_one_could_not() {
    let mut bench = Bench::new();
    many(&mut bench, 10);
    spoils(&mut bench, &[4]);
    bench.sign_in();
    bench.run(MINUTE);
    assert_eq!(missing(&mut bench).0, [4]);
    let readable = json!(bench.server.messages[3]).to_string();
    bench.restart_with(|db| {
        let changed = db.execute(
            "UPDATE unreadable SET data = ?1, tried_by = 'an older version'",
            [readable],
        );
        assert_eq!(changed, Ok(1));
    });
    assert_eq!(missing(&mut bench), (Vec::new(), Vec::new()));
    bench.restart_with(|db| {
        let left = db.query_row("SELECT count(*) AS n FROM unreadable", [], |row| {
            row.get::<_, u32>("n")
        });
        assert_eq!(left, Ok(0));
    });
    bench.recovers();
}

#[test]
fn a_conversation_of_a_snapshot_that_cannot_be_read_stays_as_it_was() {
    for nameless in [false, true] {
        let mut bench = Bench::live();
        bench.bob_writes("here");
        bench.run(SECOND);
        let snapshots = Rc::new(RefCell::new(0));
        let count = Rc::clone(&snapshots);
        bench.hostile(move |server, asked, now| match asked {
            Asked::Http(call @ ApiRequest::Snapshot) => {
                *count.borrow_mut() += 1;
                mangled(server, call, now, |body| {
                    let view = &mut body["conversations"][0];
                    view["kind"] = json!(7);
                    if nameless {
                        view["conversationId"] = json!(7);
                    }
                })
            }
            _ => None,
        });
        bench.server.log_id = "a new log".parse().unwrap();
        bench.server_says(Said::Closed(CloseCode::GoingAway));
        bench.run(LONG);
        assert_eq!(bench.shown(), ["here"], "nameless: {nameless}");
        assert_eq!(*snapshots.borrow(), 1);
        bench.restart_with(|_| {});
        bench.run(MINUTE);
        assert_eq!(*snapshots.borrow(), 1, "this version has tried");
        bench.restart_with(|db| {
            db.execute("UPDATE unreadable SET tried_by = 'an older version'", [])
                .unwrap();
        });
        bench.run(MINUTE);
        assert_eq!(*snapshots.borrow(), 2, "another one asks anew");
        bench.recovers();
        assert_eq!(bench.shown(), ["here"]);
    }
}

/// The server tells of pins at these positions; the one at 3 has a time that cannot be read.
fn pins(body: &mut Value, messages: &[Message]) {
    let pinned = [5, 3, 2].map(|position: usize| {
        let mut message = json!(messages[position - 1]);
        let at = json!(1_790_000_000_000_u64 + position as u64);
        let at = if position == 3 { json!("noon") } else { at };
        message["pinned"] = json!({"at": at, "by": "bob"});
        message
    });
    body["conversations"][0]["pinnedMessages"] = json!(pinned);
}

fn pinned(bench: &mut Bench) -> Vec<u64> {
    let id = "c-1".parse().unwrap();
    let shown = query::pinned_messages(bench.engine().reader(), &id).unwrap();
    let positions = shown.messages.iter().filter_map(|item| item.position);
    positions.map(|position| position.0).collect()
}

#[test]
fn a_pinned_message_that_cannot_be_read_does_not_hide_the_others() {
    let mut bench = Bench::new();
    many(&mut bench, 30);
    let snapshots = Rc::new(Cell::new(0));
    let count = Rc::clone(&snapshots);
    bench.hostile(move |server, asked, now| match asked {
        Asked::Http(call @ ApiRequest::Snapshot) => {
            count.set(count.get() + 1);
            let messages = server.messages.clone();
            mangled(server, call, now, |body| pins(body, &messages))
        }
        _ => None,
    });
    bench.sign_in();
    bench.run(LONG);
    assert_eq!(pinned(&mut bench), [5, 2]);
    bench.restart_with(|_| {});
    bench.run(MINUTE);
    assert_eq!(snapshots.get(), 1, "this version has tried");
    bench.restart_with(|db| {
        db.execute("UPDATE unreadable SET tried_by = 'an older version'", [])
            .unwrap();
    });
    bench.run(MINUTE);
    assert_eq!(snapshots.get(), 2, "another one asks anew");
    assert_eq!(pinned(&mut bench), [5, 2]);
    bench.recovers();
}

#[test]
fn events_that_cannot_be_read_stop_neither_socket_nor_log() {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        let spoiled = |body: &mut Value| {
            for event in body["events"].as_array_mut().unwrap() {
                let text = event["data"]["text"].as_str();
                if text.is_some_and(|text| text.starts_with("odd")) {
                    *event = json!({"seq": "?", "type": 7});
                }
            }
        };
        bench.hostile(move |server, asked, now| match asked {
            Asked::Socket if !over_socket => no_socket(),
            Asked::Http(call @ ApiRequest::Sync { .. }) => mangled(server, call, now, spoiled),
            _ => None,
        });
        if !over_socket {
            bench.server_says(Said::Closed(CloseCode::GoingAway));
        }
        for text in ["odd at first", "one", "odd between", "two", "odd at last"] {
            bench.bob_writes_unheard(text);
        }
        if over_socket {
            let last = bench.server.events.len();
            let mut frame = json!(events(&bench.server.events[last - 5..]));
            spoiled(&mut frame);
            let frame = ServerFrame::from_text(&frame.to_string()).unwrap();
            bench.server_says(Said::Frame(frame));
        }
        bench.run(LONG);
        assert_eq!(bench.shown(), ["one", "two"], "socket: {over_socket}");
        assert!(bench.total(Effort::Request) < 400);
        bench.bob_writes("after it");
        bench.recovers();
        bench.run(MINUTE);
        assert!(bench.shown().contains(&"after it".to_owned()));
    }
}
