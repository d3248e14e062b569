//! What the server said when it said no.

use crate::{Count, Millis};

/// The machine-readable reason of a [`Problem`]. PROTOCOL.md §8.1.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Code {
    /// The request cannot be read.
    RequestMalformed,
    /// The frame or body is larger than the limit.
    RequestTooLarge,
    /// There is no such route.
    RouteUnknown,
    /// The server does not know this method.
    MethodUnknown,
    /// A field has a value that the rules forbid.
    ParamsInvalid,
    /// The operation key was used before for an operation of other content.
    OperationConflict,
    /// There is no such conversation, or the user may not know of it.
    ConversationNotFound,
    /// The user may see the conversation but not do this in it.
    ConversationForbidden,
    /// There is no such message in this conversation, or it was deleted.
    MessageNotFound,
    /// The user may see the message but not do this to it.
    MessageForbidden,
    /// There is a user of that id already.
    UserExists,
    /// There is no such session of this user.
    SessionNotFound,
    /// There is no such user.
    UserNotFound,
    /// User and password do not go together.
    CredentialsInvalid,
    /// The session was ended: signed out, or its refresh token used twice.
    SessionRevoked,
    /// The client speaks a version that the server no longer supports.
    VersionUnsupported,
    /// The access token has run out.
    TokenExpired,
    /// The access token is missing or not valid.
    TokenInvalid,
    /// There is no such file for this user, or not all of it.
    FileNotFound,
    /// What came is not what was announced; the upload is at its end, and begins anew.
    FileDamaged,
    /// The bytes do not belong there: ask how many are there.
    UploadConflict,
    /// The session has sent this submit before, or a later one.
    SubmitOvertaken,
    /// The server keeps no more files for this user; what is deleted makes room.
    StorageFull,
    /// The log does not reach back that far.
    SyncReset,
    /// Too many requests.
    RateLimited,
    /// The server cannot do it right now.
    ServerUnavailable,
    /// The server made a mistake.
    ServerError,
    /// A code that this version does not know.
    Other {
        /// The code as the server wrote it.
        text: String,
    },
}

impl From<fulmar::Code> for Code {
    fn from(code: fulmar::Code) -> Self {
        match code {
            fulmar::Code::RequestMalformed => Self::RequestMalformed,
            fulmar::Code::RequestTooLarge => Self::RequestTooLarge,
            fulmar::Code::RouteUnknown => Self::RouteUnknown,
            fulmar::Code::MethodUnknown => Self::MethodUnknown,
            fulmar::Code::ParamsInvalid => Self::ParamsInvalid,
            fulmar::Code::OperationConflict => Self::OperationConflict,
            fulmar::Code::ConversationNotFound => Self::ConversationNotFound,
            fulmar::Code::ConversationForbidden => Self::ConversationForbidden,
            fulmar::Code::MessageNotFound => Self::MessageNotFound,
            fulmar::Code::MessageForbidden => Self::MessageForbidden,
            fulmar::Code::UserExists => Self::UserExists,
            fulmar::Code::SessionNotFound => Self::SessionNotFound,
            fulmar::Code::UserNotFound => Self::UserNotFound,
            fulmar::Code::CredentialsInvalid => Self::CredentialsInvalid,
            fulmar::Code::SessionRevoked => Self::SessionRevoked,
            fulmar::Code::VersionUnsupported => Self::VersionUnsupported,
            fulmar::Code::TokenExpired => Self::TokenExpired,
            fulmar::Code::TokenInvalid => Self::TokenInvalid,
            fulmar::Code::FileNotFound => Self::FileNotFound,
            fulmar::Code::FileDamaged => Self::FileDamaged,
            fulmar::Code::UploadConflict => Self::UploadConflict,
            fulmar::Code::SubmitOvertaken => Self::SubmitOvertaken,
            fulmar::Code::StorageFull => Self::StorageFull,
            fulmar::Code::SyncReset => Self::SyncReset,
            fulmar::Code::RateLimited => Self::RateLimited,
            fulmar::Code::ServerUnavailable => Self::ServerUnavailable,
            fulmar::Code::ServerError => Self::ServerError,
            fulmar::Code::Other(text) => Self::Other { text },
        }
    }
}

/// Why the server said no. PROTOCOL.md §8.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// What kind of failure it is, for programs.
    pub code: Code,
    /// One line for people who develop with it. Never contains message text.
    pub title: String,
    /// The HTTP status that goes with it.
    pub status: Count,
    /// What exactly was wrong this time.
    pub detail: Option<String>,
    /// How long to wait before the next try.
    pub retry_after: Option<Millis>,
}

impl From<fulmar::Problem> for Problem {
    fn from(problem: fulmar::Problem) -> Self {
        let fulmar::Problem {
            code,
            title,
            status,
            detail,
            retry_after_ms,
            // The SDK goes on behind it by itself.
            order: _,
        } = problem;
        Self {
            code: code.into(),
            title,
            status: u32::from(status).into(),
            detail,
            retry_after: retry_after_ms
                .map(|millis| Millis(std::time::Duration::from_millis(millis))),
        }
    }
}
