//! How large a model is, and what can happen in it. Faults, retries and restarts are not counted: within the bounds
//! they happen any number of times.

use std::fmt;

/// The bounds of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) name: &'static str,
    /// How many messages the app of each device hands over.
    pub(crate) messages: [u8; 2],
    /// Whether the second device takes part, and follows the log.
    pub(crate) has_second_device: bool,
    /// How many submits of a device are under way at most, counting former ones and those that were lost.
    pub(crate) submits: usize,
    /// Whether messages are refused, deferred and tried again by the app.
    pub(crate) refusals: bool,
    /// Whether the app discards messages.
    pub(crate) discards: bool,
    /// Whether the retention of keys ends.
    pub(crate) retention: bool,
    /// Whether the log is reset.
    pub(crate) resets: bool,
}

/// What the program visits as a whole.
pub(crate) const WHOLE: [Bounds; 6] = [
    Bounds {
        name: "one lane of three messages",
        messages: [3, 0],
        has_second_device: false,
        submits: 2,
        refusals: true,
        discards: true,
        retention: true,
        resets: false,
    },
    Bounds {
        name: "one lane of two messages, more former submits, resets",
        messages: [2, 0],
        has_second_device: false,
        submits: 3,
        refusals: true,
        discards: true,
        retention: true,
        resets: true,
    },
    Bounds {
        name: "one lane of two messages, a second device, resets",
        messages: [2, 0],
        has_second_device: true,
        submits: 2,
        refusals: true,
        discards: true,
        retention: false,
        resets: true,
    },
    Bounds {
        name: "two lanes of two messages",
        messages: [2, 2],
        has_second_device: true,
        submits: 2,
        refusals: true,
        discards: false,
        retention: false,
        resets: false,
    },
    Bounds {
        name: "a lane of two messages, and one of one, resets",
        messages: [2, 1],
        has_second_device: true,
        submits: 2,
        refusals: true,
        discards: false,
        retention: false,
        resets: true,
    },
    Bounds {
        name: "two lanes of one message, discards",
        messages: [1, 1],
        has_second_device: true,
        submits: 2,
        refusals: true,
        discards: true,
        retention: false,
        resets: false,
    },
];

/// Small, and all but a second device: where mistakes are planted.
pub(crate) const FOR_MISTAKES: Bounds = Bounds {
    name: "one lane of two messages, everything",
    messages: [2, 0],
    has_second_device: false,
    submits: 2,
    refusals: true,
    discards: true,
    retention: true,
    resets: true,
};

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.messages;
        write!(
            f,
            "{} ({first}+{second} messages, {} submits under way",
            self.name, self.submits
        )?;
        let can_happen = [
            (self.refusals, "refusals"),
            (self.discards, "discards"),
            (self.retention, "the end of the retention"),
            (self.resets, "resets"),
        ];
        for (_, what) in can_happen.iter().filter(|(can_happen, _)| *can_happen) {
            write!(f, ", {what}")?;
        }
        f.write_str(")")
    }
}
