//! What a device tries by itself, and how often it may come to nothing (PROTOCOL.md §3.9).

use fulmar_engine::Effect;
use fulmar_protocol::ApiRequest;

/// What is tried, and how often in one window it may come to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    Connection,
    Request,
    Refresh,
}

impl Effort {
    pub(crate) const fn budget(self) -> usize {
        match self {
            Self::Connection => 12,
            Self::Request => 20,
            Self::Refresh => 6,
        }
    }

    /// What carrying out an effect takes.
    pub(crate) fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::OpenSocket { .. } => Some(Self::Connection),
            Effect::SendChunk { .. } | Effect::FetchChunk { .. } => Some(Self::Request),
            Effect::FetchToken { .. } => Some(Self::Refresh),
            Effect::Request { call, .. } => Self::of_call(call),
            _ => None,
        }
    }

    /// What the app asks for is asked once, however often it asks; so is the end of an upload that it gave up.
    fn of_call(call: &ApiRequest) -> Option<Self> {
        match call {
            ApiRequest::Refresh(_) => Some(Self::Refresh),
            ApiRequest::Submit(_)
            | ApiRequest::Sync { .. }
            | ApiRequest::Snapshot
            | ApiRequest::SignOut(_)
            | ApiRequest::CreateUpload(_)
            | ApiRequest::FindUpload(_) => Some(Self::Request),
            _ => None,
        }
    }
}
