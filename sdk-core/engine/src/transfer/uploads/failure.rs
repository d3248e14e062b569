//! What is made of every answer that is no yes: go on, ask anew, begin anew, rest, or fail.

use fulmar_protocol::{AnswerError, Code, FailureClass, Problem};

use super::{DAMAGED, LEAST, UploadNews, Uploads};
use crate::config::Config;
use crate::io::RequestFailure;
use crate::store::Result;
use crate::store::state::FailureReason;
use crate::store::uploads::{self, UploadKey, UploadRow};
use crate::timer::Timer;
use crate::tx::Tx;

impl Uploads {
    pub(super) fn failed(
        &mut self,
        tx: &mut Tx<'_>,
        key: UploadKey,
        failure: &RequestFailure,
        config: &Config,
    ) -> Result<Vec<UploadNews>> {
        let Some(row) = self.row(tx, key)? else {
            return Ok(Vec::new());
        };
        let was_known = self.known.remove(&key);
        match failure {
            RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) => {
                self.refused(tx, &row, problem, was_known, config)
            }
            RequestFailure::ErrorAnswer(AnswerError::Foreign { status }) => {
                // The answer to the question how much is there has no body (PROTOCOL.md §8).
                let gone = matches!(status, 404 | 410);
                if gone && row.file_id.is_some() && !was_known {
                    uploads::begin_anew(&tx.db, key)?;
                }
                Ok(self.rest(tx, &row, None, config))
            }
            RequestFailure::Unreachable(_) => {
                self.chunk = (self.chunk / 2).max(LEAST);
                Ok(self.rest(tx, &row, None, config))
            }
        }
    }

    fn refused(
        &mut self,
        tx: &mut Tx<'_>,
        row: &UploadRow,
        problem: &Problem,
        was_known: bool,
        config: &Config,
    ) -> Result<Vec<UploadNews>> {
        let key = row.key;
        if problem.code == Code::FileDamaged && self.is_damaged_again(key) {
            uploads::begin_anew(&tx.db, key)?;
            return Ok(vec![UploadNews::Failed(
                row.message,
                FailureReason::FileLost,
            )]);
        }
        if problem.code == Code::FileNotFound || problem.code == Code::FileDamaged {
            uploads::begin_anew(&tx.db, key)?;
            return Ok(self.rest(tx, row, None, config));
        }
        if problem.code == Code::UploadConflict && was_known && !self.failures.contains_key(&key) {
            // Asking how much is there says where to go on; but only once until it has.
            self.failures.insert(key, 1);
            return Ok(Vec::new());
        }
        let length = self.length(row);
        if problem.code == Code::RequestTooLarge && was_known && length > 1 {
            self.most = length / 2;
            self.known.insert(key);
            return Ok(Vec::new());
        }
        if problem.code == Code::RequestTooLarge {
            // Not even one byte: it was not the size.
            self.most = u64::MAX;
        }
        match problem.code.class() {
            FailureClass::Permanent => {
                tracing::warn!(message = %row.message, code = %problem.code, "the server refused a file");
                uploads::begin_anew(&tx.db, key)?;
                let problem = problem.clone();
                let reason = FailureReason::Refused { problem };
                Ok(vec![UploadNews::Failed(row.message, reason)])
            }
            // It goes on with the next token.
            FailureClass::Authentication => Ok(Vec::new()),
            FailureClass::Transient => Ok(self.rest(tx, row, problem.retry_after_ms, config)),
        }
    }

    /// Whether a file did not arrive as it was too often to be the network's fault.
    fn is_damaged_again(&mut self, key: UploadKey) -> bool {
        let damaged = self.damaged.entry(key).or_default();
        *damaged += 1;
        *damaged > DAMAGED
    }

    pub(super) fn rest(
        &mut self,
        tx: &mut Tx<'_>,
        row: &UploadRow,
        asked_ms: Option<u64>,
        config: &Config,
    ) -> Vec<UploadNews> {
        let failures = self.failures.entry(row.key).or_default();
        *failures += 1;
        let (failures, now) = (*failures, tx.now.mono);
        let at = config.backoff.until(failures, asked_ms, now, &mut tx.rng);
        self.timers.set(Timer::UploadAgain(row.key), at);
        vec![UploadNews::Moved(row.message)]
    }
}
