//! What is planted in a backend, and acts while it works.

use std::cell::Cell;

use super::Defect;

thread_local! {
    static ACTIVE: Cell<Option<Defect>> = const { Cell::new(None) };
}

/// What is planted in one backend.
#[derive(Default)]
pub(crate) struct Planted(Option<Defect>);

/// As long as it lives, the defect acts in this thread.
pub(crate) struct Acting(());

impl Planted {
    pub(crate) fn plant(&mut self, defect: Option<Defect>) {
        self.0 = defect;
    }

    pub(crate) fn acting(&self) -> Acting {
        ACTIVE.set(self.0);
        Acting(())
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        ACTIVE.set(None);
    }
}

pub(crate) fn active(defect: Defect) -> bool {
    ACTIVE.get() == Some(defect)
}
