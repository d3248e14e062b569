//! What comes in over the socket, sorted by the machine that it concerns (PROTOCOL.md §3).

use std::time::Duration;

use fulmar_protocol::{Pong, Ready, ServerFrame};

use super::{Link, LinkNews, PROVEN_AFTER, State};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::io::{Effect, SocketId, WaitReason};
use crate::timer::Timer;
use crate::tx::Tx;

/// The shortest and the longest time between two pings, whatever the server asks for.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;

impl Link {
    pub(super) fn frame(
        &mut self,
        tx: &mut Tx<'_>,
        socket: SocketId,
        frame: ServerFrame,
        config: &Config,
    ) -> Vec<LinkNews> {
        self.heard(tx.now.mono, config);
        let open = match self.state {
            State::Open { .. } => true,
            State::Down | State::Connecting { .. } => false,
        };
        match frame {
            ServerFrame::Ready(ready) => self.ready(tx, socket, ready),
            ServerFrame::Problem(frame) => match frame.submit_id {
                Some(submit) => vec![LinkNews::SubmitRefused(submit, Box::new(frame.problem))],
                None => {
                    tracing::warn!(code = %frame.problem.code, "the server could not serve a frame");
                    Vec::new()
                }
            },
            ServerFrame::Unknown => Vec::new(),
            ServerFrame::Events(_)
            | ServerFrame::Reset(_)
            | ServerFrame::Outcome(_)
            | ServerFrame::Presence(_)
            | ServerFrame::Typing(_)
            | ServerFrame::Pong(_)
                if !open =>
            {
                tx.emit(Effect::CloseSocket { socket });
                let reason = "a frame before ready".to_owned();
                self.lost(tx, WaitReason::ProtocolBroken { reason }, config)
            }
            ServerFrame::Events(frame) => vec![LinkNews::Events(frame.events)],
            ServerFrame::Reset(frame) => vec![LinkNews::Reset(frame)],
            ServerFrame::Outcome(frame) => vec![LinkNews::Outcomes(frame)],
            ServerFrame::Presence(frame) => vec![LinkNews::Presence(frame)],
            ServerFrame::Typing(typing) => vec![LinkNews::Typing(typing)],
            ServerFrame::Pong(Pong { head, .. }) => {
                self.pong();
                vec![LinkNews::Head(head)]
            }
        }
    }

    fn ready(&mut self, tx: &mut Tx<'_>, socket: SocketId, ready: Ready) -> Vec<LinkNews> {
        let heartbeat = ready
            .heartbeat_ms
            .clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end());
        let heartbeat = Duration::from_millis(heartbeat);
        let (again, proven, ping_sent) = match self.state {
            State::Open {
                proven, ping_sent, ..
            } => (true, proven, ping_sent),
            State::Down | State::Connecting { .. } => (false, false, None),
        };
        self.state = State::Open {
            socket,
            heartbeat,
            proven,
            ping_sent,
        };
        self.refusals = 0;
        self.unanswered = 0;
        self.reason = None;
        self.retry_at = None;
        self.polling = false;
        self.http_answers = false;
        for timer in [Timer::ReadyMissing, Timer::Reconnect, Timer::Poll] {
            self.timers.clear(timer);
        }
        let now = tx.now.mono;
        self.timers.set(Timer::Heartbeat, now.plus(heartbeat));
        if !proven && !self.timers.is_set(Timer::SocketProven) {
            self.timers.set(Timer::SocketProven, now.plus(PROVEN_AFTER));
        }
        let mut news = vec![if again {
            LinkNews::ReadyAgain(Box::new(ready))
        } else {
            LinkNews::Opened(Box::new(ready))
        }];
        if defects::active(Defect::ReadyIsProgress) {
            news.extend(self.prove());
        }
        news
    }
}
