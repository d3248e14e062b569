//! The reconnecting connection: offline → connecting → catching up → live → waiting.
//!
//! This module decides when there is a socket, and knows when one is dead. What travels over it is
//! the business of the inbox and the outbox (PROTOCOL.md §3).

use std::time::Duration;

use fulmar_protocol::{
    ClientFrame, CloseCode, Hello, PROTOCOL_VERSION, Ping, Pong, ProblemFrame, Ready, Secret,
    ServerFrame, Timestamp,
};

use crate::brain::Route;
use crate::deadline::Why;
use crate::effect::{Effect, SocketId, WaitReason};
use crate::input::{AppState, NetworkState, SocketEvent, SocketFailure};
use crate::store::{Result, account, operations};
use crate::turn::Turn;

#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) state: LinkState,
    /// Tries that failed since the last success.
    pub(crate) attempt: u32,
    /// How many of them in a row did not even open a socket.
    refusals: u32,
    /// Why there is no connection.
    pub(crate) reason: Option<WaitReason>,
    /// When the next try is, for the screen.
    pub(crate) retry_at: Option<Timestamp>,
    /// HTTP stands in for the socket.
    pub(crate) polling: bool,
    /// The last thing that was asked over HTTP since then was answered.
    pub(crate) http_answers: bool,
    /// The newest access token that the socket was given.
    pub(crate) token: Option<Secret>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum LinkState {
    #[default]
    Down,
    /// The socket was asked for, or is open and its `ready` has not come.
    Connecting { socket: SocketId },
    /// `ready` came.
    Open {
        socket: SocketId,
        heartbeat: Duration,
    },
}

impl Link {
    fn socket(&self) -> Option<SocketId> {
        match self.state {
            LinkState::Down => None,
            LinkState::Connecting { socket } | LinkState::Open { socket, .. } => Some(socket),
        }
    }

    /// Whether events and outcomes can be had at all.
    pub(crate) fn carries(&self) -> bool {
        self.polling || matches!(self.state, LinkState::Open { .. })
    }
}

impl Turn<'_> {
    pub(crate) fn socket_event(&mut self, socket: SocketId, event: SocketEvent) -> Result<()> {
        if self.brain.link.socket() != Some(socket) {
            return Ok(());
        }
        match event {
            SocketEvent::Opened => {
                self.say_hello(socket);
                Ok(())
            }
            SocketEvent::Frame(frame) => self.frame(socket, frame),
            SocketEvent::Unreadable(reason) => {
                self.hold(Effect::CloseSocket { socket });
                self.link_lost(WaitReason::ProtocolBroken { reason })
            }
            SocketEvent::Closed(code) => {
                if matches!(code, CloseCode::Unauthenticated | CloseCode::Revoked) {
                    self.socket_token_rejected();
                }
                let code = code.as_u16();
                self.link_lost(WaitReason::ClosedByServer { code })
            }
            SocketEvent::Failed(failure) => {
                if failure == (SocketFailure::Refused { status: 401 }) {
                    self.socket_token_rejected();
                }
                self.link_lost(match failure {
                    SocketFailure::Unreachable(reason) => WaitReason::Unreachable { reason },
                    SocketFailure::Refused { status } => WaitReason::HandshakeRefused { status },
                })
            }
        }
    }

    pub(crate) fn socket_token_rejected(&mut self) {
        let token = self.brain.link.token.clone();
        self.token_rejected(token.as_ref());
    }

    fn say_hello(&mut self, socket: SocketId) {
        let frame = ClientFrame::Hello(Hello {
            version: PROTOCOL_VERSION,
            access_token: self.brain.link.token.clone(),
            since: self.brain.account.cursor,
            log_id: self.brain.account.log_id.clone(),
        });
        self.hold(Effect::SendFrame { socket, frame });
    }

    fn frame(&mut self, socket: SocketId, frame: ServerFrame) -> Result<()> {
        self.brain.deadlines.clear(Why::PongMissing);
        let open = matches!(self.brain.link.state, LinkState::Open { .. });
        match frame {
            ServerFrame::Ready(ready) => self.ready(socket, ready),
            ServerFrame::Problem(frame) => self.problem_frame(frame),
            ServerFrame::Unknown => Ok(()),
            _ if !open => {
                self.hold(Effect::CloseSocket { socket });
                self.link_lost(WaitReason::ProtocolBroken {
                    reason: "a frame before ready".to_owned(),
                })
            }
            ServerFrame::Events(frame) => self.events_arrived(&frame.events),
            ServerFrame::Reset(_) => {
                self.brain.follow.need_snapshot();
                Ok(())
            }
            ServerFrame::Outcome(frame) => self.outcomes_arrived(frame.submit_id, frame.outcomes),
            ServerFrame::Presence(frame) => {
                self.presence_heard(frame);
                Ok(())
            }
            ServerFrame::Typing(typing) => self.typing_heard(typing),
            ServerFrame::Pong(Pong { head, .. }) => {
                self.head_seen(head);
                Ok(())
            }
        }
    }

    fn ready(&mut self, socket: SocketId, ready: Ready) -> Result<()> {
        if self.brain.account.user_id.as_ref() != Some(&ready.user_id) {
            self.hold(Effect::CloseSocket { socket });
            return self.link_lost(WaitReason::ProtocolBroken {
                reason: "ready is for another user".to_owned(),
            });
        }
        let heartbeat = Duration::from_millis(ready.heartbeat_ms.clamp(1_000, 3_600_000));
        self.brain.link = Link {
            state: LinkState::Open { socket, heartbeat },
            token: self.brain.link.token.take(),
            ..Link::default()
        };
        self.brain.limits = ready.limits;
        self.brain.deadlines.clear(Why::ReadyMissing);
        self.brain.deadlines.clear(Why::Reconnect);
        self.brain.deadlines.clear(Why::Poll);
        self.brain.deadlines.clear_retries();
        let at = self.now.mono.plus(heartbeat);
        self.brain.deadlines.set(Why::Heartbeat, at);
        if ready.operation_key_retention_ms != self.brain.account.key_retention_ms {
            account::set_key_retention(&self.db, ready.operation_key_retention_ms)?;
            self.reload_account()?;
        }
        if self.brain.account.log_id.as_ref() == Some(&ready.log_id) {
            self.brain.follow.connected(ready.head);
        } else {
            self.brain.follow.need_snapshot();
        }
        self.find_deliveries()
    }

    fn problem_frame(&mut self, frame: ProblemFrame) -> Result<()> {
        match frame.submit_id {
            Some(submit) => self.submit_refused(submit, Some(&frame.problem)),
            None => {
                tracing::warn!(code = %frame.problem.code, "the server could not serve a frame");
                Ok(())
            }
        }
    }

    /// There is no connection any more, or none came about.
    pub(crate) fn link_lost(&mut self, reason: WaitReason) -> Result<()> {
        tracing::debug!(%reason, "no connection");
        let was_open = matches!(self.brain.link.state, LinkState::Open { .. });
        let link = &mut self.brain.link;
        link.state = LinkState::Down;
        link.attempt += 1;
        link.refusals = if was_open { 0 } else { link.refusals + 1 };
        link.reason = Some(reason);
        let wait = self.config.backoff.wait(link.attempt, &mut self.rng);
        let at = self.now.mono.plus(wait);
        link.retry_at = Some(self.now.wall_at(at));
        let falls_back = link.refusals >= self.config.fallback_after && !link.polling;
        if falls_back {
            link.polling = true;
            link.http_answers = false;
            self.brain.deadlines.set(Why::Poll, self.now.mono);
        }
        self.brain.deadlines.set(Why::Reconnect, at);
        for why in [Why::ReadyMissing, Why::Heartbeat, Why::PongMissing] {
            self.brain.deadlines.clear(why);
        }
        self.return_submits(|route| matches!(route, Route::Socket(_)))
    }

    /// A deadline of this module has come.
    pub(crate) fn heartbeat_due(&mut self) {
        let LinkState::Open { socket, heartbeat } = self.brain.link.state else {
            return;
        };
        let id = self.brain.next_number();
        self.hold(Effect::SendFrame {
            socket,
            frame: ClientFrame::Ping(Ping { id }),
        });
        let pong = self.now.mono.plus(self.config.pong_timeout);
        self.brain.deadlines.set(Why::PongMissing, pong);
        let next = self.now.mono.plus(heartbeat);
        self.brain.deadlines.set(Why::Heartbeat, next);
    }

    /// The peer is dead, as far as anyone can know.
    pub(crate) fn silence(&mut self) -> Result<()> {
        if let Some(socket) = self.brain.link.socket() {
            self.hold(Effect::CloseSocket { socket });
            self.link_lost(WaitReason::Silent)?;
        }
        Ok(())
    }

    pub(crate) fn poll_due(&mut self) {
        if self.brain.link.polling {
            self.brain.follow.need_events();
            let next = self.now.mono.plus(self.config.poll_interval);
            self.brain.deadlines.set(Why::Poll, next);
        }
    }

    pub(crate) fn network_changed(&mut self, network: NetworkState) -> Result<()> {
        let came_back =
            network == NetworkState::Available && self.brain.network == NetworkState::Unavailable;
        self.brain.network = network;
        if came_back {
            self.wake();
        }
        if network == NetworkState::Unavailable {
            self.stop_link()?;
        }
        Ok(())
    }

    pub(crate) fn app_changed(&mut self, app: AppState) {
        let came_back = app == AppState::Foreground && self.brain.app == AppState::Background;
        self.brain.app = app;
        if came_back {
            self.wake();
            // After a long sleep the socket may be dead without anyone having said so.
            self.heartbeat_due();
        }
    }

    /// Something changed for the better: try again at once.
    fn wake(&mut self) {
        self.brain.link.attempt = 0;
        self.brain.deadlines.clear(Why::Reconnect);
        self.brain.deadlines.clear(Why::FetchAgain);
        self.brain.deadlines.clear_retries();
    }

    /// A fresh token is a change for the better, but only once: a server that refuses fresh tokens
    /// is not asked in a hot loop.
    pub(crate) fn wake_after_token(&mut self) {
        if self.brain.link.attempt <= 1 {
            self.brain.deadlines.clear(Why::Reconnect);
        }
        self.brain.deadlines.clear(Why::FetchAgain);
        self.brain.deadlines.clear_retries();
    }

    /// Closes the socket without blaming anybody.
    fn stop_link(&mut self) -> Result<()> {
        if let Some(socket) = self.brain.link.socket() {
            self.hold(Effect::CloseSocket { socket });
        }
        self.brain.link = Link::default();
        for why in [
            Why::ReadyMissing,
            Why::Heartbeat,
            Why::PongMissing,
            Why::Reconnect,
            Why::Poll,
        ] {
            self.brain.deadlines.clear(why);
        }
        self.return_submits(|route| matches!(route, Route::Socket(_)))
    }

    /// The session is over: nothing is connected, fetched or submitted any more.
    pub(crate) fn stop_everything(&mut self) -> Result<()> {
        self.stop_link()?;
        self.return_submits(|_| true)?;
        self.drop_requests();
        self.brain.follow = crate::inbox::follow::Follow::default();
        self.brain.deadlines.clear_retries();
        self.brain.deadlines.clear(Why::FetchAgain);
        Ok(())
    }

    /// Opens a socket if there should be one.
    pub(crate) fn settle_connection(&mut self) -> Result<()> {
        if !self.signed_in() || self.brain.network == NetworkState::Unavailable {
            return self.stop_link();
        }
        if !matches!(self.brain.link.state, LinkState::Down)
            || self.brain.deadlines.get(Why::Reconnect).is_some()
            || self.rests_in_background()?
        {
            return Ok(());
        }
        let Some(access_token) = self.usable_token() else {
            return Ok(());
        };
        let socket = SocketId(self.brain.next_number());
        self.brain.link.state = LinkState::Connecting { socket };
        self.brain.link.retry_at = None;
        self.brain.link.token = Some(access_token.clone());
        let at = self.now.mono.plus(self.config.answer_timeout);
        self.brain.deadlines.set(Why::ReadyMissing, at);
        self.hold(Effect::OpenSocket {
            socket,
            access_token,
        });
        Ok(())
    }

    fn rests_in_background(&self) -> Result<bool> {
        Ok(self.brain.app == AppState::Background && !operations::any_queued(&self.db)?)
    }
}
