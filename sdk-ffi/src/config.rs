//! What an app can tune.

use crate::{ByteCount, Count, Millis};

/// How long to wait between tries: exponential with full jitter (PROTOCOL.md §3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Backoff {
    /// The upper bound of the first wait. Default: 1 s.
    pub first: Millis,
    /// The upper bound of every wait. Default: 30 s.
    pub cap: Millis,
}

/// What happens behind a message that failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailurePolicy {
    /// Later messages of the conversation wait until the app retries or discards it. People expect
    /// order or nothing.
    Hold,
    /// Later messages go out.
    Skip,
}

/// How much history stays on a device. What goes is fetched again when somebody looks.
///
/// Messages that are unsent, unread or about to be changed always stay, and so do the newest 50 of each
/// conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Retention {
    /// At most so many messages of each conversation. Default: all.
    #[uniffi(default = None)]
    pub messages_per_conversation: Option<Count>,
    /// At most about so many bytes of messages in all: the oldest go first. Default: all.
    #[uniffi(default = None)]
    pub total_bytes: Option<ByteCount>,
}

/// Settings of a client. The defaults suit a phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// Waits between tries to connect, to submit again and to fetch again.
    pub backoff: Backoff,
    /// How many operations may wait in the outbox before a command is refused. Default: 10,000.
    pub outbox_capacity: Count,
    /// What a failed message does to those behind it. Default: hold.
    pub failure_policy: FailurePolicy,
    /// How long an answer may take before the request counts as lost. Default: 20 s.
    pub answer_timeout: Millis,
    /// How long the app's token provider may take before it is asked again. Default: 30 s.
    pub token_timeout: Millis,
    /// How long a pong may take before the connection counts as dead. Default: 10 s.
    pub pong_timeout: Millis,
    /// How many times in a row the socket must fail before HTTP takes over. Default: 2.
    pub fallback_after: Count,
    /// How often HTTP asks for events while it stands in for the socket. Default: 5 s.
    pub poll_interval: Millis,
    /// A token is refreshed when less than this is left of it. Default: 60 s, and never more than
    /// a fifth of its life.
    pub refresh_ahead: Millis,
    /// How much history stays on this device. Default: all of it.
    pub retention: Retention,
    /// How many bytes of files stay on this device: those that were used last. Files of messages that the
    /// server has not confirmed always stay. Default: 512 MiB.
    pub file_cache_bytes: ByteCount,
}

/// The settings that a client has when none are given.
#[uniffi::export]
pub fn default_config() -> Config {
    let fulmar::Config {
        backoff,
        outbox_capacity,
        failure_policy,
        answer_timeout,
        token_timeout,
        pong_timeout,
        fallback_after,
        poll_interval,
        refresh_ahead,
        retention,
        file_cache_bytes,
    } = fulmar::Config::default();
    Config {
        backoff: Backoff {
            first: Millis(backoff.first),
            cap: Millis(backoff.cap),
        },
        outbox_capacity: outbox_capacity.into(),
        failure_policy: match failure_policy {
            fulmar::FailurePolicy::Hold => FailurePolicy::Hold,
            fulmar::FailurePolicy::Skip => FailurePolicy::Skip,
        },
        answer_timeout: Millis(answer_timeout),
        token_timeout: Millis(token_timeout),
        pong_timeout: Millis(pong_timeout),
        fallback_after: fallback_after.into(),
        poll_interval: Millis(poll_interval),
        refresh_ahead: Millis(refresh_ahead),
        retention: Retention {
            messages_per_conversation: retention.messages_per_conversation.map(Count::from),
            total_bytes: retention.total_bytes.map(ByteCount),
        },
        file_cache_bytes: ByteCount(file_cache_bytes),
    }
}

impl From<Config> for fulmar::Config {
    fn from(config: Config) -> Self {
        let Config {
            backoff,
            outbox_capacity,
            failure_policy,
            answer_timeout,
            token_timeout,
            pong_timeout,
            fallback_after,
            poll_interval,
            refresh_ahead,
            retention,
            file_cache_bytes,
        } = config;
        Self {
            backoff: fulmar::Backoff {
                first: backoff.first.0,
                cap: backoff.cap.0,
            },
            outbox_capacity: outbox_capacity.as_u32(),
            failure_policy: match failure_policy {
                FailurePolicy::Hold => fulmar::FailurePolicy::Hold,
                FailurePolicy::Skip => fulmar::FailurePolicy::Skip,
            },
            answer_timeout: answer_timeout.0,
            token_timeout: token_timeout.0,
            pong_timeout: pong_timeout.0,
            fallback_after: fallback_after.as_u32(),
            poll_interval: poll_interval.0,
            refresh_ahead: refresh_ahead.0,
            retention: fulmar::Retention {
                messages_per_conversation: retention.messages_per_conversation.map(Count::as_u32),
                total_bytes: retention.total_bytes.map(|bytes| bytes.0),
            },
            file_cache_bytes: file_cache_bytes.0,
        }
    }
}
