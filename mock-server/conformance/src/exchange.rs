//! The newest requests, answers and frames, for the report.

use std::sync::{Arc, Mutex, PoisonError};

use crate::secrets::{Secrets, first};

/// How many of the newest requests, answers and frames are kept. They are enough to understand a failure.
const REMEMBERED: usize = 24;
/// How many characters of each are kept, from its beginning.
pub(crate) const KEPT: usize = 4_096;
/// How many characters of each are shown, once nothing secret is in them.
const SHOWN: usize = 600;

/// Requests, answers and frames, the newest last, and what must not be shown of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    lines: Arc<Mutex<Vec<String>>>,
    pub(crate) secrets: Secrets,
}

impl Exchange {
    pub(crate) fn note(&self, who: &str, what: &str) {
        // One more than is looked at: what is cut is seen to be cut.
        let kept = first(what, KEPT + 1);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("{who} {kept}"));
        if lines.len() > REMEMBERED {
            lines.remove(0);
        }
    }

    /// Takes all lines so far, as they may be shown.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let shown = |line: &String| first(&self.secrets.hide(line), SHOWN).to_owned();
        lines.iter().map(shown).collect()
    }

    /// Forgets all lines so far.
    pub(crate) fn clear(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clear();
    }
}
