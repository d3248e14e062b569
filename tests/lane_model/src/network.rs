//! What is under way between one device and the server. Loses nothing by itself: a frame that is lost is one that
//! never arrives. Each frame may arrive any number of times.

use crate::message::Operations;
use crate::mistake::Mistake;
use crate::server::Results;

/// What the server has seen of a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Arrival {
    /// Neither this one nor one that left the device later.
    New,
    /// This one: what arrives from now on are further copies.
    Taken,
    /// One that left the device later.
    Overtaken,
}

/// A submit that has left the device, and may arrive at any time from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Submit {
    pub(crate) operations: Operations,
    /// The device waits for its outcome.
    pub(crate) is_current: bool,
    pub(crate) arrival: Arrival,
}

/// An outcome that has left the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Outcome {
    pub(crate) operations: Operations,
    pub(crate) results: Results,
    /// It is that of the submit that the device waits for.
    pub(crate) is_current: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    /// In the order in which they left the device.
    submits: Vec<Submit>,
    /// The last one that left the server.
    outcome: Option<Outcome>,
}

impl Submit {
    /// Whether the server applies what it does not remember. By the rules only what is new: it applies nothing of a
    /// submit once it has taken it, or one that left the device later.
    pub(crate) fn is_applied(&self, mistake: Option<Mistake>) -> bool {
        match self.arrival {
            Arrival::New => true,
            Arrival::Taken => mistake == Some(Mistake::ACopyOfASubmitIsApplied),
            Arrival::Overtaken => mistake == Some(Mistake::AFormerSubmitIsApplied),
        }
    }
}

impl Network {
    pub(crate) fn submits(&self) -> &[Submit] {
        &self.submits
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// A submit leaves the device. Of more than `most` the first never arrives any more.
    pub(crate) fn send(&mut self, operations: Operations, most: usize) {
        if self.submits.len() >= most {
            self.submits.remove(0);
        }
        self.submits.push(Submit {
            operations,
            is_current: true,
            arrival: Arrival::New,
        });
    }

    /// The server takes a submit. Those that left the device before it are overtaken.
    pub(crate) fn taken(&mut self, index: usize, mistake: Option<Mistake>) {
        for (place, submit) in self.submits.iter_mut().take(index + 1).enumerate() {
            if place == index {
                submit.arrival = Arrival::Taken;
            } else if submit.arrival == Arrival::New {
                submit.arrival = Arrival::Overtaken;
            }
        }
        self.forget_idle(mistake);
    }

    /// An outcome leaves the server. That of a former submit changes nothing wherever it arrives.
    pub(crate) fn answer(&mut self, outcome: Outcome, mistake: Option<Mistake>) {
        self.outcome = Some(outcome);
        self.forget_idle(mistake);
    }

    /// The device waits for no outcome any more: what is still under way belongs to a former submit.
    pub(crate) fn ended(&mut self, mistake: Option<Mistake>) {
        for submit in &mut self.submits {
            submit.is_current = false;
        }
        if let Some(outcome) = &mut self.outcome {
            outcome.is_current = false;
        }
        self.forget_idle(mistake);
    }

    /// Forgets what changes nothing when it arrives, by the rules: the outcome of a former submit, and a former
    /// submit that is not new. Otherwise there would be many states that differ in nothing that counts.
    fn forget_idle(&mut self, mistake: Option<Mistake>) {
        if mistake.is_some_and(Mistake::is_of_what_is_former) {
            return;
        }
        self.outcome = self.outcome.filter(|outcome| outcome.is_current);
        self.submits
            .retain(|submit| submit.is_current || submit.arrival == Arrival::New);
    }

    /// Nothing that is under way arrives any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
