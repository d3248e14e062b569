//! What moves on is not bounded (PROTOCOL.md §3.9): the budgets are for what comes to nothing. A server that is well,
//! but gives or takes little at a time, is asked as often as that needs.

use std::time::Duration;

use fulmar_engine::{Command, DownloadId, Mono, Reply, SocketFailure, TransferFailure};
use fulmar_protocol::{Answer, ApiRequest, CloseCode, ContentHash, FileId, MessageSend, SyncPage};

use crate::answers::at_once;
use crate::bench::{Bench, MINUTE, SECOND};
use crate::budget::Effort;
use crate::server::{Asked, EPOCH, Said, Script, Server};
use crate::transfers::with_a_file;

/// So little a server takes or gives at a time.
const LITTLE: usize = 10;
/// More than the budget of a minute.
const OFTEN: usize = 40;

/// Alice is signed in; there is no socket, and HTTP stands in for it.
fn over_http(
    mut manner: impl FnMut(&mut Server, &Asked<'_>, Mono) -> Option<Script> + 'static,
) -> Bench {
    let mut bench = Bench::live();
    bench.hostile(move |server, asked, now| match asked {
        Asked::Socket => at_once(Said::Failed(SocketFailure::Refused { status: 503 })),
        asked => manner(server, asked, now),
    });
    bench.budgets.count_progress();
    bench.server_says(Said::Closed(CloseCode::GoingAway));
    bench.run(MINUTE);
    bench
}

#[test]
fn a_file_goes_up_in_many_small_parts() {
    let mut bench = Bench::new();
    bench.server.limits.chunk_bytes = 4 * 1024;
    let reply = bench.sign_in();
    bench.run(SECOND * 5);
    assert_eq!(bench.reply(reply), Some(Ok(Reply::Done)));
    bench.budgets.count_progress();
    bench.budgets.start();
    bench.send_message(with_a_file());
    bench.run(SECOND * 5);
    assert_eq!(bench.server.texts(), ["a file"]);
    assert!(bench.total(Effort::Request) > OFTEN);
}

#[test]
fn a_file_comes_in_many_small_parts() {
    let mut bench = Bench::live();
    let size = 1024 * 1024;
    bench.hostile(|_, asked, _| match asked {
        Asked::FetchChunk(part) => {
            let little = part.length.min(16 * 1024);
            let result: Result<u64, TransferFailure> = Ok(part.offset + little);
            at_once(Said::Transferred(result))
        }
        _ => None,
    });
    bench.budgets.count_progress();
    let command = bench.begin(Command::Download {
        id: DownloadId(1),
        file_id: FileId::new("f-0").unwrap(),
        content: ContentHash::from_bytes([9; 32]),
        size,
        have: 0,
    });
    bench.run(SECOND * 5);
    assert_eq!(bench.reply(command), Some(Ok(Reply::Done)));
    assert!(bench.total(Effort::Request) > OFTEN);
}

#[test]
fn what_was_missed_comes_in_many_small_pages() {
    let mut bench = over_http(|server, asked, _| {
        let Asked::Http(ApiRequest::Sync { since, .. }) = asked else {
            return None;
        };
        let mut events = server.after(*since);
        events.truncate(LITTLE);
        at_once(Said::Answer(Ok(Answer::Sync(SyncPage {
            log_id: server.log_id.clone(),
            events,
            head: server.head(),
        }))))
    });
    for number in 0..LITTLE * OFTEN {
        bench.bob_writes_unheard(&number.to_string());
    }
    let before = bench.total(Effort::Request);
    bench.run(SECOND * 10);
    assert_eq!(bench.shown().last().unwrap(), "399");
    assert!(bench.total(Effort::Request) - before >= OFTEN);
}

#[test]
fn each_of_many_messages_goes_out_at_once() {
    let mut bench = over_http(|_, _, _| None);
    let before = bench.total(Effort::Request);
    for number in 0..OFTEN {
        bench.send_message(MessageSend::text(
            "c-1".parse().unwrap(),
            number.to_string(),
        ));
        bench.run(Duration::from_millis(100));
        assert_eq!(bench.server.texts().len(), number + 1);
    }
    assert!(bench.total(Effort::Request) - before >= OFTEN);
}

#[test]
fn sockets_that_bring_something_are_opened_again_after_the_first_wait() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| None);
    bench.budgets.count_progress();
    for number in 0..OFTEN {
        bench.bob_writes(&number.to_string());
        bench.run(Duration::from_millis(100));
        assert_eq!(*bench.shown().last().unwrap(), number.to_string());
        bench.server_says(Said::Closed(CloseCode::GoingAway));
        bench.run(SECOND);
    }
    assert!(bench.total(Effort::Connection) >= OFTEN);
    assert!(Server::time(bench.now.mono).0 - EPOCH < 60_000);
}
