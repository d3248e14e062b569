//! Problem documents (RFC 9457) and what a client may conclude from them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::SubmitOrder;

/// What a client does about a failure (PROTOCOL.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Trying the same again cannot help. Only codes on the list of PROTOCOL.md §8.1 are permanent.
    Permanent,
    /// The access token is not accepted: get a new one, then try the same again.
    Authentication,
    /// Try the same again later.
    Transient,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident, $status:literal;)*) => {
        /// The machine-readable reason in a problem document (PROTOCOL.md §8.1).
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know. It is treated as transient.
            Other(String),
        }

        impl Code {
            /// Every code of PROTOCOL.md §8.1.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// What a client does about it.
            #[must_use]
            pub fn class(&self) -> FailureClass {
                match self {
                    $(Self::$name => FailureClass::$class,)*
                    Self::Other(_) => FailureClass::Transient,
                }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(&self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                    Self::Other(_) => 500,
                }
            }
        }

        impl From<String> for Code {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$name,)*
                    _ => Self::Other(text),
                }
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    RequestMalformed = "request.malformed", Permanent, 400;
    /// The frame or body is larger than the limit.
    RequestTooLarge = "request.tooLarge", Permanent, 413;
    /// There is no such route.
    RouteUnknown = "route.unknown", Permanent, 404;
    /// The server does not know this method.
    MethodUnknown = "method.unknown", Permanent, 422;
    /// A field has a value that the rules forbid.
    ParamsInvalid = "params.invalid", Permanent, 422;
    /// The operation key was used before for an operation of other content.
    OperationConflict = "operation.conflict", Permanent, 409;
    /// There is no such conversation, or the user may not know of it.
    ConversationNotFound = "conversation.notFound", Permanent, 404;
    /// The user may see the conversation but not do this in it.
    ConversationForbidden = "conversation.forbidden", Permanent, 403;
    /// There is no such message in this conversation, or it was deleted.
    MessageNotFound = "message.notFound", Permanent, 404;
    /// The user may see the message but not do this to it.
    MessageForbidden = "message.forbidden", Permanent, 403;
    /// There is no such user.
    UserNotFound = "user.notFound", Permanent, 404;
    /// There is a user of that id already.
    UserExists = "user.exists", Permanent, 409;
    /// There is no such file for this user, or not all of it.
    FileNotFound = "file.notFound", Permanent, 404;
    /// What came is not what was announced; the upload is at its end, and begins anew.
    FileDamaged = "file.damaged", Transient, 422;
    /// The bytes do not belong there: ask how many are there.
    UploadConflict = "upload.conflict", Transient, 409;
    /// The session has sent this submit before, or a later one: nothing of it is applied (PROTOCOL.md §5.2).
    SubmitOvertaken = "submit.overtaken", Transient, 409;
    /// The server keeps no more files for this user; what is deleted makes room.
    StorageFull = "storage.full", Permanent, 507;
    /// There is no such session of this user.
    SessionNotFound = "session.notFound", Permanent, 404;
    /// User and password do not go together.
    CredentialsInvalid = "credentials.invalid", Permanent, 401;
    /// The session was ended: signed out, or its refresh token used twice.
    SessionRevoked = "session.revoked", Permanent, 401;
    /// The client speaks a version that the server no longer supports.
    VersionUnsupported = "version.unsupported", Permanent, 400;
    /// The access token has run out.
    TokenExpired = "token.expired", Authentication, 401;
    /// The access token is missing or not valid.
    TokenInvalid = "token.invalid", Authentication, 401;
    /// The log does not reach back that far: take a snapshot (PROTOCOL.md §6.3).
    SyncReset = "sync.reset", Transient, 410;
    /// Too many requests; `retryAfterMs` says how long to wait.
    RateLimited = "rate.limited", Transient, 429;
    /// The server cannot do it right now.
    ServerUnavailable = "server.unavailable", Transient, 503;
    /// The server made a mistake.
    ServerError = "server.error", Transient, 500;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.as_str().to_owned()
    }
}

/// Why something failed, in the form of RFC 9457 with a `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What kind of failure it is, for programs.
    pub code: Code,
    /// One line for people who develop with it. Never contains message text.
    pub title: String,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// What exactly was wrong this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long to wait before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Of a submit that was overtaken: the place of the newest one that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SubmitOrder>,
}

impl Problem {
    /// The media type of a problem document.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem with the status that goes with its code.
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code,
            title: title.into(),
            detail: None,
            retry_after_ms: None,
            order: None,
        }
    }

    /// Says which submit of the session is the newest that was taken.
    #[must_use]
    pub fn with_order(mut self, newest: SubmitOrder) -> Self {
        self.order = Some(newest);
        self
    }

    /// Says how long to wait before another try.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Adds what exactly was wrong.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.title, self.code)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, FailureClass};

    #[test]
    fn codes_survive_their_text() {
        for code in Code::ALL {
            assert_eq!(&Code::from(code.as_str().to_owned()), code);
        }
    }

    #[test]
    fn an_unknown_code_is_never_permanent() {
        let code = Code::from("quota.exceeded".to_owned());
        assert_eq!(code.class(), FailureClass::Transient);
        assert_eq!(code.as_str(), "quota.exceeded");
    }
}
