//! What a server answers over HTTP, and what may be concluded from it (PROTOCOL.md §7, §8).

use serde::de::DeserializeOwned;

use crate::{
    ApiRequest, BlockList, Chunk, FileId, Me, MessagePage, MessageVersions, OperationsAnswer,
    Problem, SearchPage, Session, SessionList, Snapshot, SyncPage, event_list, tus,
};

/// An answer as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, by their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of the answer.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// An answer without headers.
    #[must_use]
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    /// What a header says, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| there == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What came back and could be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To a sign-in or a refresh.
    Session(Session),
    /// The answer to a sign-out.
    SignedOut,
    /// To a request for the sessions.
    Sessions(SessionList),
    /// To the request to end one.
    SessionEnded,
    /// To the request to delete the account.
    AccountDeleted,
    /// To a request that changes which users the user has blocked.
    Blocks(BlockList),
    /// To a request about the push token of this device.
    PushTokenNoted,
    /// The answer to a submit.
    Operations(OperationsAnswer),
    /// The answer to `GET /v1/me`.
    Me(Me),
    /// The answer to a sync.
    Sync(SyncPage),
    /// To a snapshot request.
    Snapshot(Snapshot),
    /// To a page request.
    Messages(MessagePage),
    /// The answer to a search.
    Search(SearchPage),
    /// To a request for what a message said before.
    Versions(MessageVersions),
    /// To the request to begin an upload.
    UploadCreated(FileId),
    /// How many bytes of an upload are at the server.
    UploadOffset(u64),
    /// To the request to end an upload.
    UploadEnded,
    /// A part of a file.
    Fetched(Chunk),
}

impl Answer {
    /// Whether it only says that what was asked for is done.
    #[must_use]
    pub fn is_acknowledgement(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded | Self::PushTokenNoted | Self::Me(_)
        )
    }
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The server said no, in a well-formed problem document.
    #[error("{0}")]
    Problem(Problem),
    /// Something answered that is not the protocol: a proxy's page, a truncated body.
    #[error("status {status} with a body that is not the protocol's")]
    Foreign {
        /// The HTTP status.
        status: u16,
    },
}

impl ApiRequest {
    /// Reads an answer to this request. Whatever is not a well-formed answer or a well-formed
    /// problem document is [`AnswerError::Foreign`], whatever its status (PROTOCOL.md §8).
    pub fn read_answer(&self, answer: &HttpAnswer) -> Result<Answer, AnswerError> {
        let (status, body) = (answer.status, answer.body.as_slice());
        if !(200..300).contains(&status) {
            return Err(match serde_json::from_slice::<Problem>(body) {
                Ok(problem) => AnswerError::Problem(problem),
                Err(_) => AnswerError::Foreign { status },
            });
        }
        match self {
            Self::SignIn(_) | Self::Register(_) | Self::Refresh(_) => {
                json(status, body).map(Answer::Session)
            }
            Self::Sessions => json(status, body).map(Answer::Sessions),
            Self::EndSession(_) => Ok(Answer::SessionEnded),
            Self::SetPushToken { .. } | Self::RemovePushToken { .. } => Ok(Answer::PushTokenNoted),
            Self::DeleteAccount(_) => Ok(Answer::AccountDeleted),
            Self::Block(_) | Self::Unblock(_) => json(status, body).map(Answer::Blocks),
            Self::SignOut(_) => Ok(Answer::SignedOut),
            Self::Submit(_) => json(status, body).map(Answer::Operations),
            Self::Sync { since, .. } => json(status, body).map(|mut page: SyncPage| {
                // What follows `since` is without holes.
                event_list::number(&mut page.events, *since);
                Answer::Sync(page)
            }),
            Self::Me | Self::UpdateMe(_) => json(status, body).map(Answer::Me),
            Self::Snapshot => json(status, body).map(Answer::Snapshot),
            Self::Messages { .. } => json(status, body).map(Answer::Messages),
            Self::Search { .. } => json(status, body).map(Answer::Search),
            Self::Versions { .. } => json(status, body).map(Answer::Versions),
            Self::CreateUpload(_) => tus::read_created(answer),
            Self::FindUpload(_) | Self::SendChunk { .. } => tus::read_offset(answer),
            Self::EndUpload(_) => Ok(Answer::UploadEnded),
            Self::FetchChunk { offset, length, .. } => tus::read_fetched(answer, *offset, *length),
        }
    }
}

fn json<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, AnswerError> {
    serde_json::from_slice(body).map_err(|_| AnswerError::Foreign { status })
}
