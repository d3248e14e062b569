//! Lanes that wait after a transient failure, and what the screen shows of that.

use std::collections::{BTreeMap, BTreeSet};

use crate::defects::{self, Defect};
use crate::store::{LaneId, Result, conversations, operations};
use crate::time::Mono;
use crate::timer::{Timer, Timers};
use crate::tx::Tx;

#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Which lanes wait, and until when.
    resting: BTreeMap<LaneId, Mono>,
    /// What of that the store says.
    shown: BTreeMap<LaneId, Mono>,
}

impl Lanes {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(super) fn kept(&self) -> usize {
        self.resting.len() + self.shown.len()
    }

    /// A lane waits until then.
    pub(super) fn rest(&mut self, timers: &mut Timers, lane: LaneId, at: Mono) {
        self.resting.insert(lane, at);
        timers.set(Timer::LaneRetry(lane), at);
    }

    /// The wait of a lane is over.
    pub(super) fn awake(&mut self, lane: LaneId) {
        self.resting.remove(&lane);
    }

    /// Something of a lane came to its end while the lane waited: where nothing is left, nothing has to wait.
    pub(super) fn done(&mut self, tx: &Tx<'_>, timers: &mut Timers, lane: LaneId) -> Result<()> {
        if self.resting.contains_key(&lane) && !operations::any_queued_in(&tx.db, lane)? {
            timers.clear(Timer::LaneRetry(lane));
            self.awake(lane);
        }
        Ok(())
    }

    /// None waits any longer.
    pub(super) fn wake(&mut self, timers: &mut Timers) {
        for lane in std::mem::take(&mut self.resting).into_keys() {
            timers.clear(Timer::LaneRetry(lane));
        }
    }

    pub(super) fn resting(&self) -> BTreeSet<LaneId> {
        self.resting.keys().copied().collect()
    }

    /// Shows which lanes wait, and until when.
    pub(super) fn show(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        if self.resting == self.shown {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.shown, self.resting.clone());
        let lanes: BTreeSet<LaneId> = before.keys().chain(self.shown.keys()).copied().collect();
        for lane in lanes {
            let at = self.shown.get(&lane);
            if at == before.get(&lane) || !conversations::exists(&tx.db, lane.conversation())? {
                continue;
            }
            if at.is_none() && defects::active(Defect::WaitsOn) {
                continue;
            }
            let at = at.map(|at| tx.now.wall_at(*at));
            operations::set_retry_at(&tx.db, lane, at)?;
            tx.touch(lane.conversation());
        }
        Ok(())
    }
}
