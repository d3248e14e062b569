//! Files that neither go up nor come down.

use fulmar_engine::{Command, DownloadId, FailureReason, Reply, RequestFailure, TransferFailure};
use fulmar_protocol::{
    Answer, ApiRequest, Attachment, AttachmentKind, Code, ContentHash, FileId, MessageSend, Problem,
};

use crate::answers::at_once;
use crate::bench::{Bench, LONG};
use crate::budget::Effort;
use crate::server::{Asked, Said, foreign, problem};

const SIZE: u64 = 300 * 1024;

pub(crate) fn with_a_file() -> MessageSend {
    let attachment = Attachment {
        file_id: FileId::new("not-up-yet").unwrap(),
        kind: AttachmentKind::File,
        name: "a.bin".to_owned(),
        mime_type: "application/octet-stream".to_owned(),
        size: SIZE,
        sha256: ContentHash::from_bytes([7; 32]),
        width: None,
        height: None,
        duration_ms: None,
        blurhash: None,
        thumbnail: None,
    };
    MessageSend {
        attachments: vec![attachment],
        ..MessageSend::text("c-1".parse().unwrap(), "a file")
    }
}

/// An upload where every part and every question is answered like this.
fn upload(chunk: Result<u64, RequestFailure>, offset: Option<Result<u64, RequestFailure>>) {
    let mut bench = Bench::live();
    bench.hostile(move |_, asked, _| match asked {
        Asked::SendChunk(_) => {
            let result = chunk.clone().map_err(TransferFailure::Request);
            at_once(Said::Transferred(result))
        }
        Asked::Http(ApiRequest::FindUpload(_)) => {
            let offset = offset.clone()?;
            at_once(Said::Answer(offset.map(Answer::UploadOffset)))
        }
        _ => None,
    });
    bench.send_message(with_a_file());
    bench.run(LONG);
    assert!(bench.total(Effort::Request) > 20, "it does go on");
    bench.recovers();
    assert_eq!(bench.server.texts(), ["a file"]);
}

#[test]
fn a_part_that_conflicts_where_its_place_is_known_is_not_sent_without_rest() {
    upload(Err(problem(Code::UploadConflict)), Some(Ok(0)));
    upload(Err(problem(Code::UploadConflict)), None);
}

#[test]
fn a_server_that_takes_parts_and_has_nothing_of_them_is_not_sent_to_without_rest() {
    upload(Ok(0), Some(Ok(0)));
}

#[test]
fn a_server_that_has_more_than_there_is_is_not_sent_to_without_rest() {
    upload(Ok(u64::MAX), Some(Ok(SIZE + 1)));
}

#[test]
fn an_upload_that_is_gone_each_time_is_not_begun_without_rest() {
    upload(
        Err(problem(Code::FileNotFound)),
        Some(Err(problem(Code::FileNotFound))),
    );
    upload(Err(foreign(404)), Some(Err(foreign(404))));
    upload(Err(foreign(410)), Some(Err(foreign(410))));
}

#[test]
fn a_part_whose_token_is_refused_is_not_sent_without_rest() {
    upload(Err(problem(Code::TokenInvalid)), Some(Err(foreign(401))));
    upload(Err(problem(Code::TokenExpired)), Some(Ok(0)));
}

#[test]
fn a_part_that_is_answered_with_something_else_is_not_sent_without_rest() {
    upload(Err(foreign(200)), Some(Err(foreign(200))));
    upload(
        Err(problem(Code::SyncReset)),
        Some(Err(problem(Code::SyncReset))),
    );
}

fn download(bench: &mut Bench, id: u64) -> fulmar_engine::CommandId {
    bench.begin(Command::Download {
        id: DownloadId(id),
        file_id: FileId::new("f-0").unwrap(),
        content: ContentHash::from_bytes([9; 32]),
        size: SIZE,
        have: 0,
    })
}

/// A download where every part is answered like this; whether the app hears of it in the end.
fn fetch(answer: Result<u64, TransferFailure>, is_told: bool) {
    let mut bench = Bench::live();
    bench.hostile(move |_, asked, _| match asked {
        Asked::FetchChunk(_) => at_once(Said::Transferred(answer.clone())),
        _ => None,
    });
    let command = download(&mut bench, 1);
    bench.run(LONG);
    assert_eq!(bench.reply(command).is_some(), is_told);
    bench.recovers();
    let command = if is_told {
        download(&mut bench, 2)
    } else {
        command
    };
    bench.run(crate::bench::MINUTE * 2);
    assert_eq!(bench.reply(command), Some(Ok(Reply::Done)));
}

#[test]
fn a_download_that_is_answered_with_something_else_ends_and_the_app_hears_of_it() {
    let request = TransferFailure::Request;
    fetch(Err(request(foreign(200))), true);
    fetch(Err(request(foreign(206))), true);
    fetch(Err(TransferFailure::Damaged), true);
    fetch(Err(request(problem(Code::FileNotFound))), true);
}

#[test]
fn a_download_that_does_not_come_on_is_not_tried_without_rest() {
    let request = TransferFailure::Request;
    fetch(Ok(0), false);
    fetch(Err(TransferFailure::FileLost), false);
    fetch(Err(request(foreign(502))), false);
    fetch(Err(request(problem(Code::TokenInvalid))), false);
    fetch(Err(request(problem(Code::ServerUnavailable))), false);
}

#[test]
fn a_part_that_is_too_large_at_every_size_fails_where_it_is_seen() {
    let mut bench = Bench::live();
    bench.hostile(|_, asked, _| match asked {
        Asked::SendChunk(_) => {
            let failure = TransferFailure::Request(problem(Code::RequestTooLarge));
            at_once(Said::Transferred(Err(failure)))
        }
        _ => None,
    });
    let operation_key = bench.send_message(with_a_file());
    bench.run(LONG);
    let problem = Problem::new(Code::RequestTooLarge, "no");
    let reason = FailureReason::Refused { problem };
    assert_eq!(bench.failures(), [(operation_key, reason)]);
    bench.well();
    assert_eq!(
        bench.command(Command::Retry { operation_key }),
        Ok(Reply::Done)
    );
    bench.recovers();
}

#[test]
fn the_place_of_an_upload_that_goes_back_and_forth_is_no_progress() {
    let mut bench = Bench::live();
    let mut turn = 0;
    bench.hostile(move |_, asked, _| match asked {
        Asked::SendChunk(part) => {
            turn += 1;
            let there = if turn % 2 == 0 { 0 } else { part.offset + 1 };
            at_once(Said::Transferred(Ok(there)))
        }
        _ => None,
    });
    bench.send_message(with_a_file());
    bench.run(LONG);
    bench.recovers();
}

#[test]
fn a_download_that_goes_back_and_forth_is_no_progress() {
    let mut bench = Bench::live();
    let mut turn = 0;
    bench.hostile(move |_, asked, _| match asked {
        Asked::FetchChunk(part) => {
            turn += 1;
            let there = part.offset + 1;
            at_once(Said::Transferred(match turn % 2 {
                0 => Err(TransferFailure::FileLost),
                _ => Ok(there),
            }))
        }
        _ => None,
    });
    // The first byte is progress.
    bench.budgets.allow(Effort::Request, bench.now.mono);
    let command = download(&mut bench, 1);
    bench.run(LONG);
    bench.well();
    bench.run(crate::bench::MINUTE * 2);
    assert_eq!(bench.reply(command), Some(Ok(Reply::Done)));
}
