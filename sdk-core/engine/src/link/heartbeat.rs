//! Pings and pongs (PROTOCOL.md §3.5): a connection that carries nothing is noticed.

use std::time::Duration;

use fulmar_protocol::{ClientFrame, Ping};

use super::{Link, State};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::io::Effect;
use crate::time::Mono;
use crate::timer::Timer;
use crate::tx::Tx;

/// While frames come in but no pong, the pong may take so many times as long: then what is sent does not
/// arrive.
const MOST_WITHOUT_PONG: u32 = 6;
/// How often the time for a pong may double when none came.
const MOST_PATIENCE: u32 = 2;

impl Link {
    /// Asks for a sign of life, unless one is asked for already: a second ping must not put off what the
    /// first one waits for.
    pub(crate) fn ping(&mut self, tx: &mut Tx<'_>, config: &Config) {
        let State::Open {
            socket,
            heartbeat,
            ping_sent,
            ..
        } = &mut self.state
        else {
            return;
        };
        self.timers
            .set(Timer::Heartbeat, tx.now.mono.plus(*heartbeat));
        if ping_sent.is_some() && !defects::active(Defect::PutsPongOff) {
            return;
        }
        *ping_sent = Some(tx.now.mono);
        let socket = *socket;
        let id = tx.number();
        tx.emit(Effect::SendFrame {
            socket,
            frame: ClientFrame::Ping(Ping { id }),
        });
        let pong = tx.now.mono.plus(self.pong_patience(config));
        self.timers.set(Timer::PongMissing, pong);
    }

    /// How long a pong may take: longer after those that did not come.
    pub(super) fn pong_patience(&self, config: &Config) -> Duration {
        config.pong_timeout * 2u32.pow(self.missed_pongs.min(MOST_PATIENCE))
    }

    /// Whether `ready` or a pong is still waited for only because it did not come before.
    pub(crate) fn is_overdue(&self, now: Mono, config: &Config) -> bool {
        [
            (
                Timer::ReadyMissing,
                self.patience(config).saturating_sub(config.answer_timeout),
            ),
            (
                Timer::PongMissing,
                self.pong_patience(config)
                    .saturating_sub(config.pong_timeout),
            ),
        ]
        .into_iter()
        .any(|(timer, longer)| {
            let missing = self.timers.get(timer);
            missing.is_some_and(|at| now.plus(longer) >= at)
        })
    }

    /// Something came in: the peer lives. It has to answer a ping all the same, in the end.
    pub(super) fn heard(&mut self, now: Mono, config: &Config) {
        if let State::Open {
            ping_sent: Some(sent),
            ..
        } = self.state
        {
            let patience = self.pong_patience(config);
            let most = sent.plus(patience.saturating_mul(MOST_WITHOUT_PONG));
            let at = now.plus(patience).min(most);
            self.timers.set(Timer::PongMissing, at);
        }
    }

    /// The answer to a ping.
    pub(super) fn pong(&mut self) {
        if let State::Open { ping_sent, .. } = &mut self.state {
            *ping_sent = None;
        }
        self.missed_pongs = 0;
        self.timers.clear(Timer::PongMissing);
    }
}
