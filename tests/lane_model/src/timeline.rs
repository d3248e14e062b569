//! What a device knows of the server's conversation, and its screen. Never holds what is unsent: that is the
//! outbox.

use crate::message::{DeviceIndex, Key, Number, Numbers};
use crate::mistake::Mistake;
use crate::server::{Event, created};

/// How many events a device has committed, or a snapshot contains.
pub(crate) type Seq = usize;

/// A snapshot that the server has made, and that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Snapshot {
    seq: Seq,
    /// The log has a new `logId`.
    is_of_another_log: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Timeline {
    /// The messages of each device that are known to be at the server.
    known: [Numbers; 2],
    /// One of them was added a second time. Never, but by mistake.
    has_double: bool,
    cursor: Seq,
    /// After `sync.reset`, what was asked for. In memory.
    snapshot: Option<Snapshot>,
}

impl Timeline {
    pub(crate) fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Whether a snapshot is under way.
    pub(crate) fn awaits_snapshot(&self) -> bool {
        self.snapshot.is_some()
    }

    pub(crate) fn has_double(&self) -> bool {
        self.has_double
    }

    pub(crate) fn knows(&self, device: DeviceIndex, number: Number) -> bool {
        self.known
            .get(device)
            .is_some_and(|numbers| numbers.contains(number))
    }

    /// Adds a message; one that is there already is not added twice.
    pub(crate) fn add(&mut self, device: DeviceIndex, number: Number, mistake: Option<Mistake>) {
        if mistake == Some(Mistake::EventAndOutcomeBothAdd) && self.knows(device, number) {
            self.has_double = true;
        }
        if let Some(numbers) = self.known.get_mut(device) {
            numbers.insert(number);
        }
    }

    /// Whether the event with this number is the next one. One that is here already is ignored; where some are
    /// missing before it, those are fetched first, and it comes with them.
    pub(crate) fn takes_event(&self, seq: Seq, mistake: Option<Mistake>) -> bool {
        let is_next = if mistake == Some(Mistake::AnEventBehindAGapIsTaken) {
            seq > self.cursor
        } else {
            seq == self.cursor + 1
        };
        self.snapshot.is_none() && is_next
    }

    pub(crate) fn moved_to(&mut self, seq: Seq) {
        self.cursor = seq;
    }

    /// The server cannot tell what comes after the cursor, and makes a snapshot instead.
    pub(crate) fn reset(&mut self, seq: Seq, has_new_id: bool) {
        let before = self.snapshot.is_some_and(|it| it.is_of_another_log);
        self.snapshot = Some(Snapshot {
            seq,
            is_of_another_log: has_new_id || before,
        });
    }

    /// What the device asked for does not come any more.
    pub(crate) fn broken(&mut self) {
        self.snapshot = None;
    }

    /// Takes the messages of a snapshot. In the same log what is known from outcomes beyond it stays
    /// (PROTOCOL.md §6.3). Returns what it contains.
    pub(crate) fn take_snapshot(&mut self, log: &[Event]) -> Option<Vec<Key>> {
        let snapshot = self.snapshot.take()?;
        let messages: Vec<Key> = created(log.get(..snapshot.seq)?).collect();
        if snapshot.is_of_another_log {
            self.known = Default::default();
        }
        for key in &messages {
            self.add(key.device, key.number, None);
        }
        self.cursor = snapshot.seq;
        Some(messages)
    }
}
