//! Pings and pongs (PROTOCOL.md §3.5): a connection that carries nothing is noticed.

use std::time::Duration;

use fulmar_protocol::{ClientFrame, Ping};

use super::{Link, State};
use crate::config::Config;
use crate::io::Effect;
use crate::time::Mono;
use crate::timer::Timer;
use crate::tx::Tx;

/// While frames come in but no pong, the pong may take so many times as long: then what is sent does not
/// arrive.
const MOST_WITHOUT_PONG: u32 = 6;

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
        if ping_sent.is_some() {
            return;
        }
        *ping_sent = Some(tx.now.mono);
        let socket = *socket;
        let id = tx.number();
        tx.emit(Effect::SendFrame {
            socket,
            frame: ClientFrame::Ping(Ping { id }),
        });
        let pong = tx.now.mono.plus(config.pong_timeout);
        self.timers.set(Timer::PongMissing, pong);
    }

    /// Something came in: the peer lives. It has to answer a ping all the same, in the end.
    pub(super) fn heard(&mut self, now: Mono, config: &Config) {
        if let State::Open {
            ping_sent: Some(sent),
            ..
        } = self.state
        {
            let most = sent.plus(longest(config.pong_timeout));
            let at = now.plus(config.pong_timeout).min(most);
            self.timers.set(Timer::PongMissing, at);
        }
    }

    /// The answer to a ping.
    pub(super) fn pong(&mut self) {
        if let State::Open { ping_sent, .. } = &mut self.state {
            *ping_sent = None;
        }
        self.timers.clear(Timer::PongMissing);
    }
}

fn longest(pong_timeout: Duration) -> Duration {
    pong_timeout.saturating_mul(MOST_WITHOUT_PONG)
}
