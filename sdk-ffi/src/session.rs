//! Who is signed in, and what is left of a damaged store.

use fulmar::UserId;

use crate::{Code, Count};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SessionState {
    /// No user is signed in.
    SignedOut,
    /// A user is signed in.
    SignedIn {
        /// The user who is signed in.
        user_id: UserId,
    },
    /// The session came to an end without a sign-out. Everything unsent is kept; signing in again
    /// sends it.
    Ended {
        /// Whose session it was.
        user_id: UserId,
        /// Why the session ended.
        end: SessionEnd,
    },
}

impl From<fulmar::SessionState> for SessionState {
    fn from(state: fulmar::SessionState) -> Self {
        use fulmar::SessionState as S;
        match state {
            S::SignedOut => Self::SignedOut,
            S::SignedIn { user_id } => Self::SignedIn { user_id },
            S::Ended { user_id, end } => Self::Ended {
                user_id,
                end: end.into(),
            },
        }
    }
}

/// Why a session came to an end without a sign-out.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SessionEnd {
    /// The server ended it.
    ByServer {
        /// Why: the session was revoked, for one (PROTOCOL.md §8.1).
        code: Code,
    },
    /// The app's token provider said that this user has no session any more.
    ByTokenProvider {
        /// What the token provider said, for logs.
        reason: String,
    },
    /// The tokens in the store are sealed with a key that the platform does not have (any more): a
    /// store that was restored on another device, or a reset of the platform's secrets.
    SecretsLost,
}

impl From<fulmar::SessionEnd> for SessionEnd {
    fn from(end: fulmar::SessionEnd) -> Self {
        match end {
            fulmar::SessionEnd::ByServer { code } => Self::ByServer { code: code.into() },
            fulmar::SessionEnd::ByTokenProvider { reason } => Self::ByTokenProvider { reason },
            fulmar::SessionEnd::SecretsLost => Self::SecretsLost,
        }
    }
}

/// What a sign-out does about operations that the server has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SignOut {
    /// Refuse, and say how many there are.
    Refuse,
    /// Sign out when the server has confirmed them.
    Wait,
    /// Gives up what is unsent.
    Discard,
}

impl From<SignOut> for fulmar::SignOut {
    fn from(how: SignOut) -> Self {
        match how {
            SignOut::Refuse => Self::Refuse,
            SignOut::Wait => Self::Wait,
            SignOut::Discard => Self::Discard,
        }
    }
}

/// What a rebuild of a damaged store saved.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Salvage {
    /// Where the damaged file is now.
    pub set_aside: String,
    /// How many unsent operations were saved.
    pub operations: Count,
    /// Whether the session was saved; otherwise the user signs in again.
    pub session: bool,
    /// Whether reading stopped early in a damaged place, so that there may have been more.
    pub incomplete: bool,
}

impl From<fulmar::Salvage> for Salvage {
    fn from(salvage: fulmar::Salvage) -> Self {
        let fulmar::Salvage {
            set_aside,
            operations,
            session,
            incomplete,
        } = salvage;
        Self {
            set_aside: set_aside.display().to_string(),
            operations: operations.into(),
            session,
            incomplete,
        }
    }
}
