//! What the fuzzer makes up for an engine, and the commands among it.

use arbitrary::Arbitrary;
use fulmar_engine::{Command, DownloadId, Unsent};
use fulmar_protocol::{
    Anchor, ContentHash, ConversationId, FileId, HistoryPage, MeUpdate, OperationKey, Position,
    PushProvider, PushToken, SearchQuery, Secret, SessionId, Timestamp, UserId,
};

use fulmar_fuzz::shapes::{Patched, Shape, TOLD_KEYS, key};

#[derive(Debug, Arbitrary)]
pub(crate) enum Step {
    Send(u8, bool, String),
    SendShaped(u8, Patched),
    Change(u8, Patched),
    Create(u8, bool, String),
    MarkRead(u8, bool, u16),
    Retry(u8),
    Discard(u8, Option<u8>),
    Draft(bool, String),
    Push(Patched),
    Session(SessionStep),
    Ask(Ask),
    CancelDownload(u8),
    Typing(bool, bool),
    Network(bool),
    App(bool),
    Opened,
    Ready(Patched),
    Events(Vec<Patched>),
    Outcome(Patched),
    Frame(Patched),
    Unreadable(String),
    Closed(u16),
    Broken(Option<u16>),
    Answer(u8, Answered),
    /// To somebody who asked for something else.
    Misplaced(u8, Patched),
    Wait(u16),
    Timer,
    Restart,
}

#[derive(Debug, Arbitrary)]
pub(crate) enum SessionStep {
    SignIn(bool),
    Register(String),
    Provider(bool),
    SignOut(bool),
    DeleteAccount,
}

/// A command that needs the network.
#[derive(Debug, Arbitrary)]
pub(crate) enum Ask {
    Sessions,
    EndSession,
    PushToken(bool),
    Block(bool),
    Me(Option<String>),
    Versions(u8),
    Search(String, Option<String>),
    History(bool, Option<u8>, Page),
    Download(u8, u32, u32),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Page {
    Before(u16),
    After(u16),
    At(u16),
    Message(u8),
    Time(i32),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Answered {
    Well(Patched),
    Json(Shape),
    Problem(u8, Option<u32>),
    Foreign(u16),
    Never,
    Bytes(u32),
}

pub(crate) fn conversation(first: bool) -> ConversationId {
    ConversationId::new(if first { "c-1" } else { "c-2" }).expect("an id")
}

pub(crate) fn person(first: bool) -> UserId {
    UserId::new(if first { "alice" } else { "bob" }).expect("an id")
}

pub(crate) fn operation_key(index: u8) -> OperationKey {
    key(index).parse().expect("a key")
}

pub(crate) fn told_key(index: u8) -> OperationKey {
    operation_key(index % TOLD_KEYS)
}

pub(crate) fn session(step: SessionStep) -> Command {
    match step {
        SessionStep::SignIn(first) => Command::SignIn {
            user_id: person(first),
            password: Secret::from("a password"),
        },
        SessionStep::Register(name) => Command::Register {
            user_id: person(true),
            name,
            password: Secret::from("a password"),
        },
        SessionStep::Provider(first) => Command::SignInWithProvider {
            user_id: person(first),
        },
        SessionStep::SignOut(discard) => Command::SignOut {
            unsent: if discard {
                Unsent::Discard
            } else {
                Unsent::Refuse
            },
        },
        SessionStep::DeleteAccount => Command::DeleteAccount {
            password: Secret::from("a password"),
        },
    }
}

pub(crate) fn asked(ask: Ask) -> Command {
    match ask {
        Ask::Sessions => Command::FetchSessions,
        Ask::EndSession => Command::EndSession {
            session: SessionId::new("s-1").expect("an id"),
        },
        Ask::PushToken(there) => Command::SetPushToken {
            token: there.then(|| PushToken {
                provider: PushProvider::Fcm,
                token: "t".to_owned(),
            }),
        },
        Ask::Block(block) => match block {
            true => Command::Block {
                user: person(false),
            },
            false => Command::Unblock {
                user: person(false),
            },
        },
        Ask::Me(name) => Command::UpdateMe {
            update: MeUpdate {
                name,
                avatar_url: None,
                presence: None,
            },
        },
        Ask::Versions(index) => Command::FetchVersions {
            message: told_key(index),
        },
        Ask::Search(text, cursor) => Command::Search {
            query: SearchQuery::new(text),
            cursor,
        },
        Ask::History(first, thread, page) => Command::LoadHistory {
            conversation: conversation(first),
            thread: thread.map(told_key),
            page: match page {
                Page::Before(at) => HistoryPage::Before(Position(at.into())),
                Page::After(at) => HistoryPage::After(Position(at.into())),
                Page::At(at) => HistoryPage::Around(Anchor::At(Position(at.into()))),
                Page::Message(index) => HistoryPage::Around(Anchor::Message(told_key(index))),
                Page::Time(at) => HistoryPage::Around(Anchor::Time(Timestamp(at.into()))),
            },
        },
        Ask::Download(id, size, have) => Command::Download {
            id: DownloadId(id.into()),
            file_id: FileId::new("f-1").expect("an id"),
            content: ContentHash::from_bytes([id % 4; 32]),
            size: size.into(),
            have: have.into(),
        },
    }
}
