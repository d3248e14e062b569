//! What one machine is told of the others: plain values, made by `route` for one call.

use fulmar_protocol::{Secret, UserId};

use crate::io::{CommandError, SocketId};

/// By what operations, files and questions can travel at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    None,
    Socket(SocketId),
    /// The socket cannot be had; HTTP stands in for it.
    Http,
}

impl Channel {
    pub(crate) fn socket(self) -> Option<SocketId> {
        match self {
            Self::Socket(socket) => Some(socket),
            Self::None | Self::Http => None,
        }
    }

    pub(crate) fn is_some(self) -> bool {
        match self {
            Self::None => false,
            Self::Socket(_) | Self::Http => true,
        }
    }
}

/// A token for what is asked now or not at all; or why nothing can be asked.
pub(crate) type OnlineToken = Result<Secret, CommandError>;

/// Whose store this is, if anybody's.
pub(crate) type Own<'a> = Option<&'a UserId>;
