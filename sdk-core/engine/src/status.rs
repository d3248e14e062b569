//! What a person may see of connection and session. It only describes; it must never decide.

use crate::connection::LinkState;
use crate::deadline::Why;
use crate::effect::{ConnectionState, Effect, SessionState, WaitReason};
use crate::input::{AppState, NetworkState};
use crate::turn::Turn;

impl Turn<'_> {
    /// Tells the driver what a person may see, when it has changed.
    pub(crate) fn publish(&mut self) {
        let connection = self.connection_state();
        if self.brain.shown_connection.as_ref() != Some(&connection) {
            self.brain.shown_connection = Some(connection.clone());
            self.hold(Effect::Connection(connection));
        }
        let session = self.session_state();
        if self.brain.shown_session.as_ref() != Some(&session) {
            self.brain.shown_session = Some(session.clone());
            self.hold(Effect::Session(session));
        }
    }

    fn connection_state(&self) -> ConnectionState {
        let link = &self.brain.link;
        if !self.signed_in() {
            return ConnectionState::SignedOut;
        }
        if self.brain.network == NetworkState::Unavailable {
            return ConnectionState::Offline;
        }
        match (&link.state, &link.reason, link.retry_at) {
            (LinkState::Open { .. }, ..) if self.brain.follow.is_current(&self.brain.account) => {
                ConnectionState::Live
            }
            (LinkState::Open { .. }, ..) => ConnectionState::CatchingUp,
            (LinkState::Connecting { .. }, ..) => ConnectionState::Connecting {
                attempt: link.attempt + 1,
            },
            (LinkState::Down, Some(reason), Some(retry_at))
                if link.polling && link.http_answers =>
            {
                ConnectionState::Polling {
                    reason: reason.clone(),
                    retry_at,
                }
            }
            (LinkState::Down, Some(reason), retry_at)
                if self.brain.deadlines.get(Why::Reconnect).is_some() =>
            {
                ConnectionState::Waiting {
                    reason: reason.clone(),
                    retry_at,
                    attempt: link.attempt,
                }
            }
            (LinkState::Down, ..)
                if self.brain.app == AppState::Background && self.usable_token().is_some() =>
            {
                ConnectionState::Waiting {
                    reason: WaitReason::Background,
                    retry_at: None,
                    attempt: link.attempt,
                }
            }
            (LinkState::Down, ..) => self.waiting_for_token(),
        }
    }

    fn waiting_for_token(&self) -> ConnectionState {
        let auth = &self.brain.auth;
        let again = self.brain.deadlines.get(Why::RefreshToken);
        let reason = match &auth.last_failure {
            Some(reason) => WaitReason::TokenUnavailable {
                reason: reason.clone(),
            },
            None => WaitReason::Token,
        };
        ConnectionState::Waiting {
            reason,
            retry_at: again.map(|at| self.now.wall_at(at)),
            attempt: auth.failures,
        }
    }

    fn session_state(&self) -> SessionState {
        let account = &self.brain.account;
        match (&account.user_id, &account.tokens, &account.ended) {
            (Some(user_id), Some(_), _) => SessionState::SignedIn {
                user_id: user_id.clone(),
            },
            (Some(user_id), None, Some(end)) => SessionState::Ended {
                user_id: user_id.clone(),
                end: end.clone(),
            },
            _ => SessionState::SignedOut,
        }
    }
}
