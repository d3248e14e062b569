//! Defects that are planted on purpose, to prove that the simulation finds them.
//!
//! They exist only with the feature `defects`, which the simulation turns on and nothing that an app is made
//! of; without it `active` is a constant `false` and the compiler removes them. With it none is planted until
//! `plant` is called.

/// A known way of getting it wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "defects"), allow(dead_code))]
pub enum Defect {
    /// Events are applied again after a reconnect, and count again.
    ApplyTwice,
    /// A hole in the event log is not fetched.
    IgnoreGaps,
    /// A sent message is dropped at the outcome, to come back with the event.
    ForgetAtOutcome,
    /// Operations that were in flight at a crash stay in flight for ever.
    NoRecovery,
    /// Every try has a new operation key.
    FreshKeys,
    /// Later messages of a lane overtake one that waits.
    Overtake,
    /// A part of a file counts as sent when it is handed to the network.
    TrustUploads,
    /// Nothing that is tried takes from a budget, and every wait is as short as the first.
    Restless,
    /// A socket is a success as soon as the server says `ready`.
    ReadyIsProgress,
    /// A fresh token is worth its refresh before it was accepted anywhere.
    FreshIsProgress,
}

impl Defect {
    /// Every defect that can be planted.
    pub const ALL: &'static [Self] = &[
        Self::ApplyTwice,
        Self::IgnoreGaps,
        Self::ForgetAtOutcome,
        Self::NoRecovery,
        Self::FreshKeys,
        Self::Overtake,
        Self::TrustUploads,
        Self::Restless,
        Self::ReadyIsProgress,
        Self::FreshIsProgress,
    ];
}

#[cfg(feature = "defects")]
mod switch {
    use super::Defect;
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<Defect>> = const { Cell::new(None) };
    }

    /// Plants a defect in every engine of this thread, or none.
    pub fn plant(defect: Option<Defect>) {
        ACTIVE.set(defect);
    }

    pub(crate) fn active(defect: Defect) -> bool {
        ACTIVE.get() == Some(defect)
    }
}

#[cfg(feature = "defects")]
pub(crate) use switch::active;
#[cfg(feature = "defects")]
pub use switch::plant;

#[cfg(not(feature = "defects"))]
pub(crate) const fn active(_: Defect) -> bool {
    false
}
