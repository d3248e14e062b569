//! Defects that are planted on purpose, to prove that the simulation finds them.
//!
//! They exist only in builds with `--cfg fulmar_defects`; in every other build `active` is a
//! constant `false` and the compiler removes them.

/// A known way of getting it wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(fulmar_defects), allow(dead_code))]
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
}

impl Defect {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::ApplyTwice,
        Self::IgnoreGaps,
        Self::ForgetAtOutcome,
        Self::NoRecovery,
        Self::FreshKeys,
        Self::Overtake,
        Self::TrustUploads,
    ];
}

#[cfg(fulmar_defects)]
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

#[cfg(fulmar_defects)]
pub(crate) use switch::active;
#[cfg(fulmar_defects)]
pub use switch::plant;

#[cfg(not(fulmar_defects))]
pub(crate) const fn active(_: Defect) -> bool {
    false
}
