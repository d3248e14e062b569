//! What a process was told so far: whether what arrives is new (PROTOCOL.md §3.9).
//!
//! It is kept from frames, answers and the place in the log, never from what the engine takes for progress.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{
    Code, ContentHash, FailureClass, FileId, LogId, OperationKey, Outcome, OutcomeStatus, Seq,
};

/// What a process was told.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    log_id: Option<LogId>,
    /// How far any log was followed.
    farthest: Seq,
    /// Operations that got an outcome.
    ended: BTreeSet<OperationKey>,
    /// How much of each file went up.
    sent: BTreeMap<FileId, u64>,
    /// How much of each file came, and is here.
    fetched: BTreeMap<FileId, u64>,
    /// Uploads that were begun, and of which no byte went up since.
    begun: BTreeSet<ContentHash>,
}

impl Known {
    /// A process begins at this place of its log.
    pub(crate) fn begin(&mut self, log_id: Option<LogId>, cursor: Seq) {
        self.log_id = log_id;
        self.farthest = cursor;
    }

    /// Somebody signed in: what was followed is read from the disk again.
    pub(crate) fn read_again(&mut self) {
        self.farthest = Seq(0);
    }

    /// The process is at this place now; only what is farther than ever is new. Logs that take turns bring
    /// nothing new, however new each of them is.
    pub(crate) fn followed(&mut self, log_id: Option<LogId>, cursor: Seq) -> bool {
        let (before, now) = (self.log_id.take(), log_id);
        let farther = cursor > self.farthest;
        self.farthest = self.farthest.max(cursor);
        let (first, same) = (before.is_none() && now.is_some(), before == now);
        self.log_id = now;
        (farther && same) || first
    }

    /// The server has lost what it had of files, so all that goes up is new to it.
    pub(crate) fn bytes_lost(&mut self) {
        self.sent.clear();
        self.begun.clear();
    }

    /// No file is on the device any more: what comes is new to it.
    pub(crate) fn files_dropped(&mut self) {
        self.fetched.clear();
    }

    /// What is said of another log than the process follows says nothing (PROTOCOL.md §6.4).
    pub(crate) fn outcomes(&mut self, log_id: &Option<LogId>, outcomes: &[Outcome]) -> bool {
        if log_id.is_some() && *log_id != self.log_id {
            return false;
        }
        let mut new = false;
        for outcome in outcomes {
            let ends = match &outcome.status {
                OutcomeStatus::Applied { .. } => true,
                // It goes out again after its files.
                OutcomeStatus::Failed { problem } if problem.code == Code::FileNotFound => false,
                OutcomeStatus::Failed { problem } => {
                    problem.code.class() == FailureClass::Permanent
                }
                OutcomeStatus::Skipped => false,
            };
            new |= ends && self.ended.insert(outcome.operation_key);
        }
        new
    }

    /// An upload has a name at the server. That is new once, and again after bytes went up.
    pub(crate) fn upload_begun(&mut self, content: ContentHash) -> bool {
        self.begun.insert(content)
    }

    /// So much of a file is at the server.
    pub(crate) fn sent(&mut self, file: &FileId, there: u64) -> bool {
        let more = is_more(&mut self.sent, file, there);
        if more {
            self.begun.clear();
        }
        more
    }

    /// So much of a file is on the device.
    pub(crate) fn fetched(&mut self, file: &FileId, here: u64) -> bool {
        is_more(&mut self.fetched, file, here)
    }
}

fn is_more(bytes: &mut BTreeMap<FileId, u64>, file: &FileId, there: u64) -> bool {
    let before = bytes.entry(file.clone()).or_default();
    let more = there > *before;
    *before = there.max(*before);
    more
}
