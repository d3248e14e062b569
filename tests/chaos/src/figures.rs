//! What is counted while it happens, by everybody. It decides nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ledger::Promise;

/// Shared by all who count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    worlds: u64,
    /// What drivers acknowledged, by kind.
    acknowledged: BTreeMap<&'static str, u64>,
    /// Asked for without an answer, because the process was killed.
    unanswered: u64,
    /// Refused by the driver: the disk was full, the user was removed, or the message was gone.
    refused: u64,
    faults: BTreeMap<&'static str, u64>,
    converged: Vec<Duration>,
}

impl Figures {
    pub(crate) fn fault(&self, kind: &'static str) {
        *self.counts().faults.entry(kind).or_default() += 1;
    }

    pub(crate) fn acknowledged(&self, promise: &Promise) {
        let kind = promise.kind();
        *self.counts().acknowledged.entry(kind).or_default() += 1;
    }

    pub(crate) fn unanswered(&self) {
        self.counts().unanswered += 1;
    }

    pub(crate) fn refused(&self) {
        self.counts().refused += 1;
    }

    /// A world has converged, so long after its last fault.
    pub(crate) fn converged(&self, after: Duration) {
        let mut counts = self.counts();
        counts.worlds += 1;
        counts.converged.push(after);
    }

    /// Nothing that counts can panic in between.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        writeln!(
            out,
            "{} worlds converged; {} changes acknowledged, {} without an answer, {} refused",
            counts.worlds,
            counts.acknowledged.values().sum::<u64>(),
            counts.unanswered,
            counts.refused
        )?;
        for (kind, count) in &counts.acknowledged {
            writeln!(out, "  {count:7} {kind}")?;
        }
        for (kind, count) in &counts.faults {
            writeln!(out, "  {count:7} {kind}")?;
        }
        let mut seconds: Vec<f64> = counts.converged.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        if let (Some(middle), Some(longest)) = (seconds.get(seconds.len() / 2), seconds.last()) {
            writeln!(
                out,
                "seconds to converge: median {middle:.1}, longest {longest:.1}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_counted_is_told() {
        let figures = Figures::default();
        figures.clone().fault("a");
        figures.fault("a");
        figures.acknowledged(&Promise::Delete { sent: 0 });
        figures.unanswered();
        figures.refused();
        for seconds in [3, 1, 2] {
            figures.converged(Duration::from_secs(seconds));
        }
        assert_eq!(
            figures.to_string(),
            "3 worlds converged; 1 changes acknowledged, 1 without an answer, 1 refused\n\
             \x20       1 deletions\n        2 a\n\
             seconds to converge: median 2.0, longest 3.0\n"
        );
    }
}
