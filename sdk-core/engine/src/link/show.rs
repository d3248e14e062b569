//! The connection as a person may see it. It only describes; it must never decide.

use super::{Link, State};
use crate::io::{AppState, ConnectionState, NetworkState, WaitReason};
use crate::timer::Timer;

impl Link {
    /// The connection as a person may see it; `None` when that depends on the access token alone.
    pub(crate) fn show(&self, has_token: bool, is_current: bool) -> Option<ConnectionState> {
        if self.network == NetworkState::Unavailable {
            return Some(ConnectionState::Offline);
        }
        match (self.state, &self.reason) {
            (State::Open { .. }, _) if is_current => Some(ConnectionState::Live),
            (State::Open { .. }, _) => Some(ConnectionState::CatchingUp),
            (State::Connecting { .. }, _) => Some(ConnectionState::Connecting {
                attempt: self.attempt + 1,
            }),
            (State::Down, Some(reason)) => self.show_wait(reason, has_token),
            (State::Down, None) => self.show_rest(has_token),
        }
    }

    fn show_wait(&self, reason: &WaitReason, has_token: bool) -> Option<ConnectionState> {
        match self.retry_at {
            Some(retry_at) if self.polling && self.http_answers => Some(ConnectionState::Polling {
                reason: reason.clone(),
                retry_at,
            }),
            retry_at if self.timers.is_set(Timer::Reconnect) => Some(ConnectionState::Waiting {
                reason: reason.clone(),
                retry_at,
                attempt: self.attempt,
            }),
            _ => self.show_rest(has_token),
        }
    }

    fn show_rest(&self, has_token: bool) -> Option<ConnectionState> {
        (self.app == AppState::Background && has_token).then_some(ConnectionState::Waiting {
            reason: WaitReason::Background,
            retry_at: None,
            attempt: self.attempt,
        })
    }
}
