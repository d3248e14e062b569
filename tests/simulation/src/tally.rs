//! What one process has tried, and what it was told: counted in windows of virtual time. It knows nothing of
//! sockets and requests.

use std::collections::{BTreeMap, VecDeque};

use fulmar_protocol::Secret;

use crate::effort::Effort;
use crate::progress::Known;

/// Tries are counted in so long, in virtual milliseconds.
const WINDOW: u64 = 60_000;

/// What was tried, and what was heard.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    spent: BTreeMap<Effort, VecDeque<u64>>,
    pub(crate) known: Known,
    /// The newest token that a refresh brought, and when it will have proven itself, until it has or was refused.
    pub(crate) fresh: Option<(u64, Secret)>,
}

impl Tally {
    /// One more try; how many are in the window with it.
    pub(crate) fn spend(&mut self, effort: Effort, now: u64) -> usize {
        let spent = self.spent.entry(effort).or_default();
        spent.push_back(now);
        in_window(spent, now)
    }

    /// The newest try made progress.
    pub(crate) fn take_back(&mut self, effort: Effort) {
        if let Some(spent) = self.spent.get_mut(&effort) {
            spent.pop_back();
        }
    }
}

/// How many of these moments are in the window; forgets the others.
pub(crate) fn in_window(moments: &mut VecDeque<u64>, now: u64) -> usize {
    while moments.front().is_some_and(|at| at + WINDOW <= now) {
        moments.pop_front();
    }
    moments.len()
}
