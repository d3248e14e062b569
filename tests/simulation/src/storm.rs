//! How bad the weather is. Each world has its own mix, so that some are only slow, some only crash,
//! and some have everything at once.

use fastrand::Rng;

/// The weather of one world. Probabilities are per thousand.
#[derive(Debug, Clone)]
pub struct Storm {
    /// How long it lasts, in virtual milliseconds.
    pub duration: u64,
    /// How many messages each device sends.
    pub messages: u32,
    /// The longest way of one message through the network, in milliseconds.
    pub latency: u64,
    /// A message of a socket cuts it.
    pub cut: u32,
    /// A message of a socket vanishes, and the socket stays.
    pub swallow: u32,
    /// A frame from the client arrives twice.
    pub repeat: u32,
    /// A request or an answer over HTTP is lost.
    pub lose: u32,
    /// A handshake fails.
    pub refuse: u32,
    /// Something answers HTTP with a page that is not the protocol.
    pub portal: u32,
    /// A process crashes after a commit, between two effects.
    pub crash: u32,
    /// A crash takes the power with it.
    pub power: u32,
    /// The platform says that the network is gone.
    pub offline: u32,
    /// A user's log is cut.
    pub cut_log: u32,
    /// An administrator ends a user's sessions.
    pub revoke: u32,
    /// A wall clock jumps.
    pub clock: u32,
    /// The server drops every socket.
    pub restart: u32,
    /// The server, or what stands before it, answers everyone in one bad way for a while.
    pub outage: u32,
    /// SQLite gives rows without ORDER BY in reverse.
    pub reverse_rows: bool,
}

impl Storm {
    /// The weather of a seed.
    pub fn of(rng: &mut Rng) -> Self {
        // Each kind of fault is absent, occasional or heavy.
        let mut level = |heavy: u32| match rng.u32(0..4) {
            0 | 1 => 0,
            2 => heavy.div_ceil(4),
            _ => heavy,
        };
        Self {
            cut: level(60),
            swallow: level(40),
            repeat: level(80),
            lose: level(250),
            refuse: level(400),
            portal: level(150),
            crash: level(30),
            power: level(500),
            offline: level(120),
            cut_log: level(60),
            revoke: level(10),
            clock: level(80),
            restart: level(20),
            outage: level(25),
            duration: rng.u64(20_000..240_000),
            messages: rng.u32(3..25),
            latency: [5, 60, 400, 3_000][rng.usize(0..4)],
            reverse_rows: rng.bool(),
        }
    }

    /// Clear weather, in which everything must converge.
    pub fn clear(&self) -> Self {
        Self {
            latency: 20,
            cut: 0,
            swallow: 0,
            repeat: 0,
            lose: 0,
            refuse: 0,
            portal: 0,
            crash: 0,
            power: 0,
            offline: 0,
            cut_log: 0,
            revoke: 0,
            clock: 0,
            restart: 0,
            outage: 0,
            ..self.clone()
        }
    }
}
