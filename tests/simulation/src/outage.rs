//! Outages: for a while the server, or what stands before it, answers everyone in one bad way. A device that
//! goes on asking meanwhile does so without rest only if its engine lets it.

use fulmar_engine::SocketFailure;
use fulmar_protocol::{ApiRequest, Code, HttpAnswer, Problem};

use crate::storm::Fault;
use crate::world::{Step, World};

/// What everyone gets instead of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Nobody answers.
    Unreachable,
    /// The server says that it is not available, and asks to be tried again soon.
    Unavailable,
    /// Sockets end right after `ready`.
    HangsUp,
    /// Every access token is refused, however fresh it is.
    RefusesTokens,
    /// There are no WebSockets.
    HttpOnly,
    /// There is nothing but WebSockets.
    SocketsOnly,
}

impl Outage {
    const ALL: [Self; 6] = [
        Self::Unreachable,
        Self::Unavailable,
        Self::HangsUp,
        Self::RefusesTokens,
        Self::HttpOnly,
        Self::SocketsOnly,
    ];

    /// What becomes of a handshake; `None`: it goes well.
    pub(crate) fn handshake(self) -> Option<SocketFailure> {
        match self {
            Self::Unreachable => Some(SocketFailure::Unreachable("an outage".to_owned())),
            Self::Unavailable => Some(SocketFailure::Refused { status: 503 }),
            Self::RefusesTokens => Some(SocketFailure::Refused { status: 401 }),
            Self::HttpOnly => Some(SocketFailure::Refused { status: 403 }),
            Self::HangsUp | Self::SocketsOnly => None,
        }
    }

    /// What becomes of a request that reached it.
    pub(crate) fn request(self, call: &ApiRequest) -> Intercepted {
        match self {
            Self::HangsUp | Self::HttpOnly => Intercepted::No,
            Self::Unreachable | Self::SocketsOnly => Intercepted::Lost,
            Self::Unavailable => {
                let mut problem = Problem::new(Code::ServerUnavailable, "an outage");
                problem.retry_after_ms = Some(1);
                Intercepted::Answered(answer(&problem))
            }
            Self::RefusesTokens if call.to_call().authorized => {
                Intercepted::Answered(answer(&Problem::new(Code::TokenExpired, "an outage")))
            }
            Self::RefusesTokens => Intercepted::No,
        }
    }
}

/// Whether a request reaches the server.
#[derive(Debug)]
pub(crate) enum Intercepted {
    No,
    Lost,
    Answered(HttpAnswer),
}

fn answer(problem: &Problem) -> HttpAnswer {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    HttpAnswer::new(problem.status, body)
}

impl World {
    /// The outage of this moment.
    pub(crate) fn outage(&self) -> Option<Outage> {
        let (outage, until) = self.outage?;
        (self.stormy && self.time < until).then_some(outage)
    }

    /// One begins, perhaps: every socket ends with it.
    pub(crate) fn break_out(&mut self) -> Step {
        if self.happens(Fault::Outage) {
            let kind = Outage::ALL[self.rng.usize(0..Outage::ALL.len())];
            let until = self.time + self.rng.u64(5_000..120_000);
            self.outage = Some((kind, until));
            let outgoing = self.backend.close_all();
            self.carry(outgoing);
        }
        Ok(())
    }
}
