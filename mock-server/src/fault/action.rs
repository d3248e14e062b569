//! What can happen to what passes.

use std::time::Duration;

use fulmar_protocol::{Code, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens. Where an action makes no sense (a status on a socket), the connection is cut instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Action {
    /// It arrives later, by the clock of the world.
    #[serde(rename = "delayMs", with = "millis")]
    #[schemars(with = "u64")]
    Delay(Duration),
    /// It arrives later, by a time between these two, evenly spread.
    #[serde(rename_all = "camelCase")]
    DelayBetween {
        /// The shortest delay.
        #[serde(rename = "fromMs", with = "millis")]
        #[schemars(with = "u64")]
        from: Duration,
        /// The longest delay.
        #[serde(rename = "toMs", with = "millis")]
        #[schemars(with = "u64")]
        to: Duration,
    },
    /// It arrives later, mostly by less than this time, sometimes by much more (exponentially spread).
    #[serde(rename = "delayAboutMs", with = "millis")]
    #[schemars(with = "u64")]
    DelayAbout(Duration),
    /// It takes as long as so many bytes a second do.
    BytesPerSecond(u32),
    /// It never arrives. Over HTTP the connection closes without an answer.
    Drop,
    /// It is applied, and nobody is told: over HTTP the connection closes without an answer, of a frame the
    /// direct answer never goes out.
    SwallowAnswer,
    /// Twice: a request or an incoming frame is handled twice, an outgoing one is sent twice.
    Repeat,
    /// An outgoing frame changes places with the next one; the events or messages of a body are turned round.
    Reorder,
    /// The connection is cut before it.
    Cut,
    /// Half of it arrives, then the connection is cut.
    CutInTheMiddle,
    /// It arrives, then the connection is cut.
    CutAfter,
    /// The connection stays open, and nothing ever comes over it again. A handshake is finished first; a request
    /// is never answered.
    HalfOpen,
    /// Sockets: closed with this code, which is one that a server may close with.
    Close(
        #[serde(deserialize_with = "crate::bounds::close_code")]
        #[schemars(range(min = 1000, max = 4999))]
        u16,
    ),
    /// Handshake and HTTP: this status, from 200 to 599, with a page of HTML, as a proxy would answer.
    Html(
        #[serde(deserialize_with = "crate::bounds::status")]
        #[schemars(range(min = 200, max = 599))]
        u16,
    ),
    /// This problem document, and nothing is done. A submit is answered with a `problem` frame.
    Problem(#[serde(deserialize_with = "crate::bounds::problem")] Problem),
    /// `rate.limited`, with this `retryAfterMs`.
    #[serde(rename = "rateLimitMs", with = "millis")]
    #[schemars(with = "u64")]
    RateLimit(Duration),
    /// `token.expired`; a socket is closed with 4401.
    ExpireToken,
    /// `session.revoked`; a socket is closed with 4403.
    RevokeToken,
    /// Answers of `/v1/auth` give out a token that is none; any other request is told `token.invalid`, and a
    /// socket is closed with 4401.
    MalformToken,
    /// Only its first half arrives, as if that were all.
    Truncate,
    /// It arrives with its end damaged, so that it is no JSON.
    Malform,
    /// Numbers arrive as text, text as numbers, lists as objects.
    WrongTypes,
    /// The same for what is at this JSON pointer, such as `/messages/3`; all else arrives as it is.
    WrongTypesAt(String),
    /// Every object in it has a field more that nobody knows.
    UnknownFields,
    /// Its events are of a type that nobody knows.
    UnknownEvents,
    /// A frame of a type that nobody knows goes before it.
    UnknownFrame,
    /// The first of its events is missing, so that there is a gap in their numbers.
    Gap,
    /// This text arrives instead.
    Replace(String),
    /// Its times are off by so many milliseconds.
    #[serde(rename = "skewMs")]
    Skew(i64),
    /// The user's log gets another name first, as after a backup was restored: every device has to take a
    /// snapshot.
    ResetLog,
    /// The server restarts instead of taking it: every connection breaks.
    Restart(Restart),
}

/// What a server has after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Restart {
    /// All that it had.
    Keeping,
    /// What it had at its last checkpoint, as if the rest had never reached its disk. All logs have new names.
    Losing,
}

impl Action {
    /// The problem document that it answers with, if it does.
    pub(crate) fn problem(&self) -> Option<Problem> {
        Some(match self {
            Self::Problem(problem) => problem.clone(),
            Self::RateLimit(wait) => {
                let mut problem = Problem::new(Code::RateLimited, "Too many requests");
                problem.retry_after_ms = u64::try_from(wait.as_millis()).ok();
                problem
            }
            Self::ExpireToken => Problem::new(Code::TokenExpired, "The token has run out"),
            Self::RevokeToken => Problem::new(Code::SessionRevoked, "The session has ended"),
            Self::MalformToken => Problem::new(Code::TokenInvalid, "The token is not valid"),
            _ => return None,
        })
    }

    /// The code that it closes a socket with, if it does.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Close(code) => Some(*code),
            Self::ExpireToken | Self::MalformToken => Some(4401),
            Self::RevokeToken => Some(4403),
            _ => None,
        }
    }
}

/// Durations travel as milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
