//! What differs from one deployment to the next: what a server says of itself and keeps, and how an app has set up its
//! client. Each world draws its own from the seed; half of what is drawn is the default.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use fulmar_engine::{Backoff, Config, FailurePolicy, Retention};
use fulmar_protocol::{Capability, Limits};

/// Files are small here, so that parts have to be.
const CHUNK: u32 = 100;

/// Tokens that live shorter have to be renewed before they run out.
pub(crate) const LONG_LIFE: Duration = Duration::from_secs(60);

/// One server, and the settings of all clients.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) server: fulmar_backend::Config,
    pub(crate) client: Config,
}

impl Deployment {
    pub(crate) fn of(rng: &mut Rng) -> Self {
        let (mut server, mut client) = (server(rng), client(rng));
        if server.access_token_lifetime < LONG_LIFE {
            // Who renews such a token only when it is refused is hardly ever connected.
            client.refresh_ahead = client.refresh_ahead.max(Duration::from_secs(60));
        }
        // Drawn aside, so that everything else of a seed is what it was.
        let mut aside = rng.clone();
        server.event_bytes = draw(&mut aside, server.event_bytes, &[0, 2_000]);
        Self { server, client }
    }

    /// With nothing changed.
    pub(crate) fn usual() -> Self {
        let limits = Limits {
            chunk_bytes: CHUNK,
            ..Limits::default()
        };
        Self {
            server: fulmar_backend::Config {
                limits,
                ..fulmar_backend::Config::default()
            },
            client: Config::default(),
        }
    }

    /// Whether the server lacks something that a message can ask for.
    pub(crate) fn lacks_of_messages(&self) -> bool {
        let needed = [
            Capability::Files,
            Capability::Forwarding,
            Capability::Threads,
        ];
        needed
            .iter()
            .any(|needed| !self.server.capabilities.contains(needed))
    }

    /// How long silence may hide that something was lost, on the way to a device or on the way to the server, and some
    /// time for what is done about it.
    pub(crate) fn quiet(&self) -> Duration {
        let unheard = self.server.heartbeat + self.client.pong_timeout;
        unheard.max(self.client.answer_timeout) + Duration::from_secs(15)
    }
}

/// The usual value half of the time, or one of others.
fn draw<T: Clone>(rng: &mut Rng, usual: T, others: &[T]) -> T {
    match rng.bool() {
        true => usual,
        false => rng.choice(others).cloned().unwrap_or(usual),
    }
}

fn server(rng: &mut Rng) -> fulmar_backend::Config {
    let usual = fulmar_backend::Config::default();
    let seconds = Duration::from_secs;
    fulmar_backend::Config {
        access_token_lifetime: draw(rng, seconds(900), &[5, 20, 90].map(seconds)),
        operation_key_retention: draw(rng, usual.operation_key_retention, &[seconds(86_400 * 400)]),
        heartbeat: draw(rng, usual.heartbeat, &[1, 5, 300].map(seconds)),
        log_capacity: draw(rng, usual.log_capacity, &[5, 50, 500]),
        messages_per_minute: draw(rng, None, &[Some(3), Some(30)]),
        limits: limits(rng),
        capabilities: capabilities(rng),
        ..usual
    }
}

fn limits(rng: &mut Rng) -> Limits {
    let usual = Limits::default();
    Limits {
        operations_per_submit: draw(rng, usual.operations_per_submit, &[1, 2, 7, 5_000]),
        frame_bytes: draw(rng, usual.frame_bytes, &[2_000, 20_000]),
        text_bytes: draw(rng, usual.text_bytes, &[64, 1_000_000]),
        page_size: draw(rng, usual.page_size, &[1, 3, 500]),
        chunk_bytes: draw(rng, CHUNK, &[10, 1024 * 1024]),
        ..usual
    }
}

/// All of them, or without one or two.
fn capabilities(rng: &mut Rng) -> BTreeSet<Capability> {
    let mut all: BTreeSet<Capability> = Capability::ALL.into();
    for _ in 0..draw(rng, 0, &[1, 2]) {
        if let Some(missing) = rng.choice(&Capability::ALL) {
            all.remove(missing);
        }
    }
    all
}

fn client(rng: &mut Rng) -> Config {
    let usual = Config::default();
    let seconds = Duration::from_secs;
    let backoff = Backoff {
        first: draw(
            rng,
            usual.backoff.first,
            &[Duration::from_millis(1), seconds(10)],
        ),
        cap: draw(rng, usual.backoff.cap, &[seconds(1), seconds(120)]),
    };
    Config {
        backoff,
        outbox_capacity: draw(rng, usual.outbox_capacity, &[1, 10]),
        failure_policy: draw(rng, FailurePolicy::Hold, &[FailurePolicy::Skip]),
        answer_timeout: draw(rng, usual.answer_timeout, &[2, 60].map(seconds)),
        token_timeout: draw(rng, usual.token_timeout, &[2, 120].map(seconds)),
        pong_timeout: draw(rng, usual.pong_timeout, &[3, 60].map(seconds)),
        fallback_after: draw(rng, usual.fallback_after, &[1, 10]),
        poll_interval: draw(rng, usual.poll_interval, &[1, 60].map(seconds)),
        refresh_ahead: draw(rng, usual.refresh_ahead, &[0, 3_600].map(seconds)),
        retention: Retention {
            messages_per_conversation: draw(rng, None, &[Some(0), Some(60)]),
            total_bytes: draw(rng, None, &[Some(0), Some(10_000)]),
        },
        file_cache_bytes: draw(rng, usual.file_cache_bytes, &[0, 500]),
    }
}
