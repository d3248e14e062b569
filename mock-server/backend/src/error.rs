//! Why a request was not served, and why a backend could not be opened.

use fulmar_protocol::text::TextFault;
use fulmar_protocol::{Code, Problem};

/// Why a backend could not be opened or set up. Requests never fail with this: they get a problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The database could not be read or written.
    #[error("the database of the server: {0}")]
    Database(#[from] rusqlite::Error),
    /// A newer version wrote the database.
    #[error("the database has version {found}, this server knows {known}")]
    NewerVersion {
        /// The version of the file.
        found: i64,
        /// The newest version that this server knows.
        known: i64,
    },
    /// Another program wrote the database. Nothing in it was changed.
    #[error("the database is not one of this server")]
    Foreign,
    /// Set-up data that the rules forbid.
    #[error("{0}")]
    Refused(Problem),
}

/// Why a request was not served.
#[derive(Debug)]
pub(crate) enum Error {
    /// The rules forbid it. The client is told why.
    Refused(Problem),
    /// The server is at fault. The client is told only that; the log has the reason.
    Internal(String),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn refused(code: Code, title: &str) -> Self {
        Self::Refused(Problem::new(code, title))
    }

    /// A field has a value that the rules forbid.
    pub(crate) fn invalid(title: &str) -> Self {
        Self::refused(Code::ParamsInvalid, title)
    }

    /// A text breaks a rule of PROTOCOL.md §4.8.
    pub(crate) fn of_text(what: &str, fault: TextFault) -> Self {
        Self::Refused(
            Problem::new(Code::ParamsInvalid, format!("{what} is not allowed"))
                .with_detail(format!("{what} {fault}")),
        )
    }

    pub(crate) fn no_such_user() -> Self {
        Self::refused(Code::UserNotFound, "There is no such user")
    }

    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Internal(reason) => {
                tracing::error!(%reason, "the backend made a mistake");
                Problem::new(Code::ServerError, "The server made a mistake")
            }
        }
    }

    /// For work that no client waits for: a mistake goes to the log, a refusal is dropped.
    pub(crate) fn report(self) {
        let _ = self.into_problem();
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<fulmar_protocol::IdError> for Error {
    fn from(error: fulmar_protocol::IdError) -> Self {
        Self::Internal(format!("a stored id: {error}"))
    }
}
