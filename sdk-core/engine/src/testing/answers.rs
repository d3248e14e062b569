//! Everything that can come back from a server, for tables that must not lack a kind of it.

use fulmar_protocol::{
    Answer, BlockList, Chunk, Code, DeviceId, FileId, Lenient, LogId, Me, MessagePage,
    MessageVersions, OperationsAnswer, SearchPage, Secret, Seq, Session, SessionList, Snapshot,
    SyncPage, Timestamp,
};

use super::{EPOCH, server};
use crate::io::RequestFailure;

/// A session of this user, whose tokens have this number.
pub(crate) fn session(name: &str, number: u32, expires_in_ms: u64) -> Answer {
    Answer::Session(Session {
        user_id: server::user(name),
        device_id: DeviceId::new("phone").unwrap(),
        name: name.to_owned(),
        access_token: Secret::new(format!("access-{number}")),
        expires_in_ms,
        refresh_token: Secret::new(format!("refresh-{number}")),
    })
}

/// Whose token it is.
pub(crate) fn me(name: &str) -> Answer {
    Answer::Me(Me {
        user_id: server::user(name),
        name: name.to_owned(),
        avatar_url: None,
        device_id: DeviceId::new("phone").unwrap(),
        server_time: Timestamp(EPOCH),
    })
}

fn log() -> LogId {
    LogId::new("a").unwrap()
}

/// An answer of every kind.
#[rustfmt::skip]
pub(crate) fn every_answer() -> [Answer; 18] {
    every!(Answer {
        Answer::Session(_) => [session("alice", 9, 900_000)],
        Answer::SignedOut => [Answer::SignedOut],
        Answer::Sessions(_) => [Answer::Sessions(SessionList { sessions: Vec::new() })],
        Answer::SessionEnded => [Answer::SessionEnded],
        Answer::AccountDeleted => [Answer::AccountDeleted],
        Answer::Blocks(_) => [Answer::Blocks(BlockList { user_ids: Vec::new() })],
        Answer::PushTokenNoted => [Answer::PushTokenNoted],
        Answer::Operations(_) => [Answer::Operations(OperationsAnswer { log_id: None, outcomes: Vec::new() })],
        Answer::Me(_) => [me("alice")],
        Answer::Sync(_) => [Answer::Sync(SyncPage { log_id: log(), events: Vec::new(), head: Seq(3) })],
        Answer::Snapshot(_) => [Answer::Snapshot(Snapshot {
            log_id: log(), seq: Seq(3), conversations: Lenient::default(), blocked: Vec::new(),
        })],
        Answer::Messages(_) => [Answer::Messages(MessagePage { messages: Lenient::default(), anchor: None })],
        Answer::Search(_) => [Answer::Search(SearchPage { messages: Lenient::default(), cursor: None })],
        Answer::Versions(_) => [Answer::Versions(MessageVersions { versions: Vec::new() })],
        Answer::UploadCreated(_) => [Answer::UploadCreated(FileId::new("other").unwrap())],
        Answer::UploadOffset(_) => [Answer::UploadOffset(5)],
        Answer::UploadEnded => [Answer::UploadEnded],
        Answer::Fetched(_) => [Answer::Fetched(Chunk(vec![1]))],
    })
}

/// A failure of every kind.
#[rustfmt::skip]
pub(crate) fn every_failure() -> [RequestFailure; 6] {
    every!(RequestFailure {
        RequestFailure::ErrorAnswer(_) => [
            server::problem(Code::ParamsInvalid),
            server::problem(Code::TokenExpired),
            server::problem(Code::ServerError),
            server::foreign(200),
            server::foreign(404),
        ],
        RequestFailure::Unreachable(_) => [server::unreachable()],
    })
}
