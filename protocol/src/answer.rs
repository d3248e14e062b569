//! What a server answers over HTTP, and what may be concluded from it (PROTOCOL.md §7, §8).

use std::fmt;

use serde::de::DeserializeOwned;

use crate::{
    ApiRequest, BlockList, Chunk, FileId, Me, MessagePage, MessageVersions, OperationsAnswer,
    Problem, SearchPage, Session, SessionList, Snapshot, SyncPage, event_list, tus,
};

/// An answer as it comes in. Its body may be tokens or texts: `Debug` says how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, by their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of the answer.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
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
            Self::EndSession(_) => done(status, body).map(|()| Answer::SessionEnded),
            Self::SetPushToken { .. } | Self::RemovePushToken { .. } => {
                done(status, body).map(|()| Answer::PushTokenNoted)
            }
            Self::DeleteAccount(_) => done(status, body).map(|()| Answer::AccountDeleted),
            Self::Block(_) | Self::Unblock(_) => json(status, body).map(Answer::Blocks),
            Self::SignOut(_) => done(status, body).map(|()| Answer::SignedOut),
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
            Self::EndUpload(_) => tus::read_ended(answer),
            Self::FetchChunk { offset, length, .. } => tus::read_fetched(answer, *offset, *length),
        }
    }
}

/// An answer that says nothing but that it was done is `{}`, or no content at all: the page of a proxy does not say so.
fn done(status: u16, body: &[u8]) -> Result<(), AnswerError> {
    if status == 204 && body.is_empty() {
        return Ok(());
    }
    json::<serde_json::Map<String, serde_json::Value>>(status, body).map(drop)
}

fn json<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, AnswerError> {
    serde_json::from_slice(body).map_err(|_| AnswerError::Foreign { status })
}

#[cfg(test)]
mod tests {
    use super::{Answer, AnswerError};
    use crate::{
        Anchor, ApiRequest, BlockRequest, Chunk, ContentHash, ConversationId, DeleteAccount,
        DeviceId, FileId, HistoryPage, HttpAnswer, MeUpdate, MessageId, NewUpload, Position,
        PushProvider, PushToken, RefreshRequest, RegisterRequest, SearchQuery, Secret, Seq,
        SessionId, SignInRequest, SignOutRequest, Submit, SubmitId, UserId,
    };

    #[test]
    fn what_an_answer_says_is_not_printed() {
        let answer = HttpAnswer::new(200, b"{\"accessToken\":\"secret\"}".to_vec());
        let said = format!("{answer:?}");
        assert!(said.contains("24 bytes"), "{said}");
        assert!(!said.contains("secret") && !said.contains("115"), "{said}");
    }

    /// One of each; a new one does not compile until it is in `is_above`.
    fn every_request() -> Vec<ApiRequest> {
        let mut all = of_sessions();
        all.extend(of_the_log());
        all.extend(of_files());
        assert!(all.iter().all(is_above));
        all
    }

    fn is_above(request: &ApiRequest) -> bool {
        match request {
            ApiRequest::SignIn(_)
            | ApiRequest::Register(_)
            | ApiRequest::Refresh(_)
            | ApiRequest::SignOut(_)
            | ApiRequest::Submit(_)
            | ApiRequest::Sync { .. }
            | ApiRequest::Me
            | ApiRequest::UpdateMe(_)
            | ApiRequest::DeleteAccount(_)
            | ApiRequest::SetPushToken { .. }
            | ApiRequest::RemovePushToken { .. }
            | ApiRequest::Block(_)
            | ApiRequest::Unblock(_)
            | ApiRequest::Sessions
            | ApiRequest::EndSession(_)
            | ApiRequest::Snapshot
            | ApiRequest::Messages { .. }
            | ApiRequest::Search { .. }
            | ApiRequest::Versions { .. }
            | ApiRequest::CreateUpload(_)
            | ApiRequest::FindUpload(_)
            | ApiRequest::SendChunk { .. }
            | ApiRequest::EndUpload(_)
            | ApiRequest::FetchChunk { .. } => true,
        }
    }

    fn user() -> UserId {
        UserId::new("alice").unwrap()
    }

    fn device_id() -> DeviceId {
        DeviceId::new("phone").unwrap()
    }

    fn secret() -> Secret {
        Secret::new("x")
    }

    fn of_sessions() -> Vec<ApiRequest> {
        vec![
            ApiRequest::SignIn(SignInRequest {
                user_id: user(),
                password: secret(),
                device_id: device_id(),
            }),
            ApiRequest::Register(RegisterRequest {
                user_id: user(),
                name: "Alice".to_owned(),
                password: secret(),
                device_id: device_id(),
            }),
            ApiRequest::Refresh(RefreshRequest {
                refresh_token: secret(),
            }),
            ApiRequest::SignOut(SignOutRequest {
                refresh_token: secret(),
            }),
            ApiRequest::Me,
            ApiRequest::UpdateMe(MeUpdate::default()),
            ApiRequest::DeleteAccount(DeleteAccount { password: secret() }),
            ApiRequest::SetPushToken {
                device_id: device_id(),
                token: PushToken {
                    provider: PushProvider::Fcm,
                    token: "x".to_owned(),
                },
            },
            ApiRequest::RemovePushToken {
                device_id: device_id(),
            },
            ApiRequest::Block(BlockRequest { user_id: user() }),
            ApiRequest::Unblock(user()),
            ApiRequest::Sessions,
            ApiRequest::EndSession(SessionId::new("s-1").unwrap()),
        ]
    }

    fn of_the_log() -> Vec<ApiRequest> {
        vec![
            ApiRequest::Submit(Submit {
                submit_id: SubmitId(1),
                order: None,
                operations: Vec::new(),
            }),
            ApiRequest::Sync {
                since: Seq(0),
                log_id: None,
            },
            ApiRequest::Snapshot,
            ApiRequest::Messages {
                conversation_id: ConversationId::new("c-1").unwrap(),
                thread: None,
                page: HistoryPage::Around(Anchor::At(Position(1))),
                limit: 50,
            },
            ApiRequest::Search {
                query: SearchQuery::new("word"),
                cursor: None,
            },
            ApiRequest::Versions {
                message_id: MessageId::new("m-1").unwrap(),
            },
        ]
    }

    fn of_files() -> Vec<ApiRequest> {
        let file = || FileId::new("f-1").unwrap();
        vec![
            ApiRequest::CreateUpload(NewUpload {
                size: 3,
                sha256: ContentHash::from_bytes([0; 32]),
            }),
            ApiRequest::FindUpload(file()),
            ApiRequest::SendChunk {
                file_id: file(),
                offset: 0,
                chunk: Chunk(vec![1]),
            },
            ApiRequest::EndUpload(file()),
            ApiRequest::FetchChunk {
                file_id: file(),
                offset: 0,
                length: 3,
            },
        ]
    }

    #[test]
    fn a_page_of_a_proxy_answers_nothing() {
        let pages = [
            "<html>Welcome</html>",
            "",
            "null",
            "[]",
            "5",
            "\"ok\"",
            "[{}]",
        ];
        for request in every_request() {
            for page in pages {
                let read = request.read_answer(&HttpAnswer::new(200, page.as_bytes().to_vec()));
                let is_bytes = matches!(request, ApiRequest::FetchChunk { .. });
                match read {
                    // Its bytes have a hash.
                    Ok(Answer::Fetched(_)) if is_bytes => {}
                    Ok(answer) => panic!("{request:?} took {page:?} for {answer:?}"),
                    Err(error) => assert_eq!(error, AnswerError::Foreign { status: 200 }),
                }
            }
        }
    }

    #[test]
    fn an_answer_without_content_means_only_what_has_none() {
        let empty = HttpAnswer::new(200, b"{}".to_vec());
        let mean: Vec<ApiRequest> = every_request()
            .into_iter()
            .filter(|request| {
                let read = request.read_answer(&empty);
                read.is_ok_and(|answer| !matches!(answer, Answer::Fetched(_)))
            })
            .collect();
        assert!(
            mean.iter().all(|request| matches!(
                request,
                ApiRequest::SignOut(_)
                    | ApiRequest::DeleteAccount(_)
                    | ApiRequest::SetPushToken { .. }
                    | ApiRequest::RemovePushToken { .. }
                    | ApiRequest::EndSession(_)
            )),
            "{mean:?}"
        );
        assert_eq!(mean.len(), 5);
    }
}
