//! What the session waits for an answer to. It never decides what an answer means.

use fulmar_protocol::UserId;

use crate::io::{CommandId, ProvidedToken};
use crate::store::account::EndedKey;

/// What a request of this machine was for.
#[derive(Debug)]
pub(super) enum Ask {
    SignIn {
        command: CommandId,
        user_id: UserId,
    },
    /// The first token of a session with a token provider.
    FirstToken {
        command: CommandId,
        user_id: UserId,
    },
    /// Whose token it is.
    Me {
        command: CommandId,
        user_id: UserId,
        token: ProvidedToken,
    },
    Refresh,
    /// The next token of a session with a token provider.
    NextToken,
    /// A session that was ended here, told to the server.
    SignOut(EndedKey, Said),
}

impl Ask {
    /// The command that waits for this.
    pub(super) fn command(&self) -> Option<CommandId> {
        match self {
            Self::SignIn { command, .. }
            | Self::FirstToken { command, .. }
            | Self::Me { command, .. } => Some(*command),
            Self::Refresh | Self::NextToken | Self::SignOut(..) => None,
        }
    }

    pub(super) fn is_sign_out(&self) -> bool {
        match self {
            Self::SignOut(..) => true,
            Self::SignIn { .. }
            | Self::FirstToken { .. }
            | Self::Me { .. }
            | Self::Refresh
            | Self::NextToken => false,
        }
    }

    pub(super) fn is_refresh(&self) -> bool {
        match self {
            Self::Refresh | Self::NextToken => true,
            Self::SignIn { .. } | Self::FirstToken { .. } | Self::Me { .. } | Self::SignOut(..) => {
                false
            }
        }
    }
}

/// What the server is told of the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    SignOut,
    RemovePushToken,
}
