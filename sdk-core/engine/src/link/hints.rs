//! What the platform and the session say: the network comes and goes, the app comes and goes, the session ends.

use super::{Link, LinkNews, State};
use crate::config::Config;
use crate::io::{AppState, Effect, NetworkState};
use crate::timer::Timer;
use crate::tx::Tx;

impl Link {
    /// Something that was asked over HTTP has an answer, or something that is none.
    pub(crate) fn http_answered(&mut self, answered: bool) {
        self.http_answers = answered;
    }

    pub(crate) fn network_changed(
        &mut self,
        tx: &mut Tx<'_>,
        network: NetworkState,
    ) -> Vec<LinkNews> {
        let before = std::mem::replace(&mut self.network, network);
        match (before, network) {
            (NetworkState::Unavailable, NetworkState::Available) => vec![LinkNews::CameBack],
            (_, NetworkState::Unavailable) if self.stop(tx) => vec![LinkNews::Lost],
            (_, NetworkState::Unavailable) => Vec::new(),
            (NetworkState::Available, NetworkState::Available) => Vec::new(),
        }
    }

    pub(crate) fn app_changed(
        &mut self,
        tx: &mut Tx<'_>,
        app: AppState,
        config: &Config,
    ) -> Vec<LinkNews> {
        let before = std::mem::replace(&mut self.app, app);
        match (before, app) {
            (AppState::Background, AppState::Foreground) => {
                // After a long sleep the socket may be dead without anyone having said so.
                self.ping(tx, config);
                vec![LinkNews::CameBack]
            }
            (_, AppState::Background) | (AppState::Foreground, AppState::Foreground) => Vec::new(),
        }
    }

    /// Something changed for the better: the next try is a first one, now.
    pub(crate) fn retry_now(&mut self) {
        self.attempt = 0;
        self.timers.clear(Timer::Reconnect);
    }

    /// The session is over, or there is no network: the socket is closed without blaming anybody. Whether
    /// there was one.
    pub(crate) fn stop(&mut self, tx: &mut Tx<'_>) -> bool {
        let socket = self.socket();
        if let Some(socket) = socket {
            tx.emit(Effect::CloseSocket { socket });
        }
        self.state = State::Down;
        self.refusals = 0;
        self.reason = None;
        self.retry_at = None;
        self.polling = false;
        self.http_answers = false;
        self.token = None;
        // The next try stays where it is: who switches the network off and on does not get more of them.
        let reconnect = self.timers.get(Timer::Reconnect);
        self.timers.clear_all();
        if let Some(at) = reconnect {
            self.timers.set(Timer::Reconnect, at);
        }
        socket.is_some()
    }

    /// Another session begins, or none: nothing of the old one counts.
    pub(crate) fn reset(&mut self, tx: &mut Tx<'_>) -> bool {
        let stopped = self.stop(tx);
        self.retry_now();
        self.unanswered = 0;
        self.missed_pongs = 0;
        stopped
    }
}
