//! How bad the weather is. Each world has its own mix, so that some are only slow, some only crash,
//! and some have everything at once.

use fastrand::Rng;

/// `Kind field "name" heaviest "what happens";` — of a thousand occasions, so many at the heaviest.
macro_rules! faults {
    ($($kind:ident $field:ident $name:literal $heavy:literal $doc:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $doc] $kind,)*
        }

        impl Fault {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }

        /// The weather of one world. Probabilities are per thousand.
        #[derive(Debug, Clone)]
        pub(crate) struct Storm {
            /// How long it lasts, in virtual milliseconds.
            pub(crate) duration: u64,
            /// The longest way of one message through the network, in milliseconds.
            pub(crate) latency: u64,
            /// SQLite gives rows without ORDER BY in reverse.
            pub(crate) reverse_rows: bool,
            $($field: u32,)*
        }

        impl Storm {
            /// The weather of a seed.
            pub(crate) fn of(rng: &mut Rng) -> Self {
                // Each kind of fault is absent, occasional or heavy.
                let mut level = |heavy: u32| match rng.u32(0..4) {
                    0 | 1 => 0,
                    2 => heavy.div_ceil(4),
                    _ => heavy,
                };
                Self {
                    $($field: level($heavy),)*
                    duration: rng.u64(20_000..240_000),
                    latency: [5, 60, 400, 3_000][rng.usize(0..4)],
                    reverse_rows: rng.bool(),
                }
            }

            /// Clear weather, in which everything must converge.
            pub(crate) fn clear(&self) -> Self {
                Self {
                    latency: 20,
                    $($field: 0,)*
                    ..self.clone()
                }
            }

            /// How often one kind happens.
            pub(crate) fn level(&self, fault: Fault) -> u32 {
                match fault {
                    $(Fault::$kind => self.$field,)*
                }
            }

            /// The same weather without one kind.
            pub(crate) fn without(&mut self, fault: Fault) {
                match fault {
                    $(Fault::$kind => self.$field = 0,)*
                }
            }
        }
    };
}

faults! {
    Cut cut "cut" 60 "A message of a socket cuts it.";
    Swallow swallow "swallow" 40 "A message of a socket vanishes, and the socket stays.";
    Mute mute "mute" 12 "A socket carries nothing any more in one direction, and does not end.";
    Late late "late" 60 "A frame, a request or an answer is late by a factor of up to a hundred.";
    Torn torn "torn" 60 "An answer over HTTP breaks off.";
    Repeat repeat "repeat" 80 "A frame from the client, or a request, arrives twice.";
    Lose lose "lose" 250 "A request or an answer over HTTP is lost.";
    Refuse refuse "refuse" 400 "A handshake fails.";
    Portal portal "portal" 150 "Something answers HTTP with a page that is not the protocol.";
    Crash crash "crash" 30 "A process crashes after a commit, between two effects.";
    Power power "power" 500 "A crash takes the power with it.";
    Offline offline "offline" 120 "The platform says that the network is gone, or the app goes to the background.";
    CutLog cut_log "cut-log" 60 "A user's log is cut.";
    Revoke revoke "revoke" 10 "An administrator ends a user's sessions.";
    Clock clock "clock" 80 "A wall clock jumps.";
    Restart restart "restart" 20 "The server drops every socket.";
    Restore restore "restore" 10 "The server is replaced by a backup of itself.";
    Replica replica "replica" 150 "Requests that only read are answered by a copy that lags behind.";
    Conflict conflict "conflict" 80 "Something between answers HTTP with a conflict that nobody has.";
    Drip drip "drip" 30 "An answer over HTTP is whole when the device is about to give up waiting.";
    Beside beside "beside" 120 "A second process takes a push.";
    Draft draft "draft" 60 "Somebody begins to write, and does not send it.";
    Block block "block" 40 "Somebody blocks or unblocks somebody.";
    Switch switch "switch" 25 "Another user signs in on a device.";
    Delete delete "delete" 5 "Somebody deletes their account.";
    Flood flood "flood" 25 "In a large world, hundreds of messages or dozens of conversations at once.";
    Outage outage "outage" 25 "The server, or what stands before it, answers everyone in one bad way for a while.";
    Full full "full" 30 "A disk has too little space for a while, or does not do its part.";
    Suspend suspend "suspend" 40 "An app is suspended, for seconds or for hours, and goes on.";
}
