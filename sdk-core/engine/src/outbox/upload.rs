//! Uploads: the files of a message go up before the message does (PROTOCOL.md §7.10).
//!
//! A row says which files there are and how far each is; what is under way is in memory, and found out
//! again by asking the server how much it has. The message waits in its place in the lane until all of its
//! files are up. Nothing in here may give a file up on its own account.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{
    Answer, AnswerError, ApiRequest, Code, FailureClass, FileId, NewUpload, OperationKey, Problem,
};

use crate::brain::Purpose;
use crate::deadline::Why;
use crate::defects::{self, Defect};
use crate::effect::{Effect, FilePart};
use crate::input::{RequestFailure, TransferFailure};
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, State};
use crate::store::uploads::{self, UploadKey, UploadRow};
use crate::store::{Result, operations};
use crate::turn::Turn;

/// How many files go up at once.
const AT_ONCE: usize = 2;
/// How many waiting files are looked at.
const LOOKED_AT: u32 = 100;
/// How often a file goes up anew because it did not arrive as it was; then it is not what it was here, either.
const DAMAGED: u32 = 2;
/// The least that goes in one request: small enough to get through a bad network in time.
const LEAST: u64 = 16 * 1024;

/// What is known of uploads while the process lives.
#[derive(Debug)]
pub(crate) struct Uploads {
    /// Of these something is asked at this moment.
    under_way: BTreeSet<UploadKey>,
    /// Of these the server has said in this process how much it has.
    known: BTreeSet<UploadKey>,
    /// How often each has failed in a row.
    failures: BTreeMap<UploadKey, u32>,
    /// How often all of a file went up, and was something else there.
    damaged: BTreeMap<UploadKey, u32>,
    /// How much goes in one request: more while it goes well, less when it does not.
    chunk: u64,
    /// More than this the server did not take, whatever it said of its limits; over HTTP it says nothing.
    most: u64,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            under_way: BTreeSet::new(),
            known: BTreeSet::new(),
            failures: BTreeMap::new(),
            damaged: BTreeMap::new(),
            chunk: 8 * LEAST,
            most: u64::MAX,
        }
    }
}

impl Uploads {
    /// How much of a file goes next.
    fn length(&self, row: &UploadRow, limit: u32) -> u64 {
        let most = self.most.min(u64::from(limit)).max(1);
        self.chunk.min(most).min(row.size - row.sent)
    }

    fn forget(&mut self, key: UploadKey) {
        self.known.remove(&key);
        self.failures.remove(&key);
        self.damaged.remove(&key);
    }
}

impl Turn<'_> {
    /// Lets files go up, as long as there is a connection. Called at the end of every turn.
    pub(crate) fn settle_uploads(&mut self) -> Result<()> {
        if !self.brain.link.carries() || self.brain.uploads.under_way.len() >= AT_ONCE {
            return Ok(());
        }
        let Ok(token) = self.online_token() else {
            return Ok(());
        };
        for row in uploads::open(&self.db, LOOKED_AT)? {
            let uploads = &self.brain.uploads;
            if uploads.under_way.len() >= AT_ONCE {
                break;
            }
            let rests = self
                .brain
                .deadlines
                .get(Why::UploadAgain(row.key))
                .is_some();
            if rests || uploads.under_way.contains(&row.key) {
                continue;
            }
            let purpose = Purpose::Upload { upload: row.key };
            match &row.file_id {
                None => {
                    let (size, sha256) = (row.size, row.content);
                    let call = ApiRequest::CreateUpload(NewUpload { size, sha256 });
                    self.request(call, purpose, Some(token.clone()));
                }
                Some(file) if !uploads.known.contains(&row.key) => {
                    let call = ApiRequest::FindUpload(file.clone());
                    self.request(call, purpose, Some(token.clone()));
                }
                Some(file) => {
                    let length = uploads.length(&row, self.brain.limits.chunk_bytes);
                    if defects::active(Defect::TrustUploads) {
                        uploads::set_sent(&self.db, row.key, row.sent + length)?;
                    }
                    let request = self.expect_answer(purpose, Some(token.clone()));
                    self.hold(Effect::SendChunk {
                        request,
                        part: FilePart {
                            file_id: file.clone(),
                            content: row.content,
                            offset: row.sent,
                            length,
                        },
                        access_token: token.clone(),
                    });
                }
            }
            self.brain.uploads.under_way.insert(row.key);
        }
        Ok(())
    }

    /// The server has named an upload, or has said how much of it is there.
    pub(crate) fn upload_answered(
        &mut self,
        key: UploadKey,
        result: std::result::Result<Answer, RequestFailure>,
    ) -> Result<()> {
        match result {
            Ok(Answer::UploadCreated(file)) => {
                let Some(row) = self.upload_row(key)? else {
                    // Given up meanwhile.
                    self.end_upload(file);
                    return Ok(());
                };
                uploads::begun(&self.db, key, &file)?;
                self.upload_went_well(&row)
            }
            Ok(Answer::UploadOffset(offset)) => self.upload_is_at(key, offset),
            Ok(_) => {
                let reason = "another answer".to_owned();
                self.upload_failed(key, &RequestFailure::Unreachable(reason))
            }
            Err(failure) => self.upload_failed(key, &failure),
        }
    }

    /// A part of a file went up, or did not.
    pub(crate) fn chunk_sent(
        &mut self,
        key: UploadKey,
        result: std::result::Result<u64, TransferFailure>,
    ) -> Result<()> {
        match result {
            Ok(offset) => {
                let uploads = &mut self.brain.uploads;
                uploads.chunk = uploads.chunk.saturating_mul(2).min(u64::from(u32::MAX));
                self.upload_is_at(key, offset)
            }
            Err(TransferFailure::Request(failure)) => self.upload_failed(key, &failure),
            Err(TransferFailure::FileLost | TransferFailure::Damaged) => {
                let Some(row) = self.upload_row(key)? else {
                    return Ok(());
                };
                self.fail_message(row.message, &FailureReason::FileLost)
            }
            Err(TransferFailure::Disk(reason)) => {
                self.upload_failed(key, &RequestFailure::Unreachable(reason))
            }
        }
    }

    fn upload_is_at(&mut self, key: UploadKey, offset: u64) -> Result<()> {
        let Some(row) = self.upload_row(key)? else {
            return Ok(());
        };
        if offset > row.size {
            uploads::begin_anew(&self.db, key)?;
            return self.upload_rests(&row, None);
        }
        uploads::set_sent(&self.db, key, offset)?;
        if offset == row.sent && self.brain.uploads.known.contains(&key) {
            // A server that takes nothing is not asked in a hot loop.
            return self.upload_rests(&row, None);
        }
        self.upload_went_well(&row)
    }

    fn upload_went_well(&mut self, row: &UploadRow) -> Result<()> {
        self.brain.uploads.known.insert(row.key);
        self.brain.uploads.failures.remove(&row.key);
        self.touch_message(row.message)
    }

    fn upload_failed(&mut self, key: UploadKey, failure: &RequestFailure) -> Result<()> {
        let Some(row) = self.upload_row(key)? else {
            return Ok(());
        };
        let uploads = &mut self.brain.uploads;
        let was_known = uploads.known.remove(&key);
        if matches!(failure, RequestFailure::Unreachable(_)) {
            uploads.chunk = (uploads.chunk / 2).max(LEAST);
        }
        let problem = match failure {
            RequestFailure::Answered(AnswerError::Problem(problem)) => Some(problem),
            // The answer to the question how much is there has no body (PROTOCOL.md §8).
            RequestFailure::Answered(AnswerError::Foreign { status: 404 | 410 }) => {
                if row.file_id.is_some() && !was_known {
                    uploads::begin_anew(&self.db, key)?;
                }
                None
            }
            _ => None,
        };
        let Some(problem) = problem else {
            return self.upload_rests(&row, None);
        };
        let length = self
            .brain
            .uploads
            .length(&row, self.brain.limits.chunk_bytes);
        match (&problem.code, problem.code.class()) {
            (Code::FileDamaged, _) if self.is_damaged_again(key) => {
                uploads::begin_anew(&self.db, key)?;
                self.fail_message(row.message, &FailureReason::FileLost)
            }
            (Code::FileNotFound | Code::FileDamaged, _) => {
                uploads::begin_anew(&self.db, key)?;
                self.upload_rests(&row, None)
            }
            // Asking how much is there says where to go on.
            (Code::UploadConflict, _) if was_known => Ok(()),
            (Code::RequestTooLarge, _) if was_known && length > 1 => {
                let uploads = &mut self.brain.uploads;
                uploads.most = length / 2;
                uploads.known.insert(key);
                Ok(())
            }
            (_, FailureClass::Permanent) => {
                uploads::begin_anew(&self.db, key)?;
                self.upload_refused(row.message, problem.clone())
            }
            // It goes on with the next token.
            (_, FailureClass::Authentication) => Ok(()),
            _ => self.upload_rests(&row, problem.retry_after_ms),
        }
    }

    /// Whether a file did not arrive as it was too often to be the network's fault.
    fn is_damaged_again(&mut self, key: UploadKey) -> bool {
        let damaged = self.brain.uploads.damaged.entry(key).or_default();
        *damaged += 1;
        *damaged > DAMAGED
    }

    fn upload_refused(&mut self, message: OperationKey, problem: Problem) -> Result<()> {
        tracing::warn!(%message, code = %problem.code, "the server refused a file");
        self.fail_message(message, &FailureReason::Refused { problem })
    }

    /// The message will not go out by itself any more.
    fn fail_message(&mut self, message: OperationKey, reason: &FailureReason) -> Result<()> {
        match operations::find(&self.db, message)? {
            Some(row) if row.state == State::Queued => {
                self.transition(&row, Happening::Refused, Some(reason))
            }
            _ => Ok(()),
        }
    }

    fn upload_rests(&mut self, row: &UploadRow, asked_ms: Option<u64>) -> Result<()> {
        let failures = self.brain.uploads.failures.entry(row.key).or_default();
        *failures += 1;
        let failures = *failures;
        let at = self.when_to_try_again(failures, asked_ms);
        self.brain.deadlines.set(Why::UploadAgain(row.key), at);
        self.touch_message(row.message)
    }

    /// The row that an answer is about; `None` when the message was given up meanwhile.
    fn upload_row(&mut self, key: UploadKey) -> Result<Option<UploadRow>> {
        self.brain.uploads.under_way.remove(&key);
        let row = uploads::find(&self.db, key)?;
        if row.is_none() {
            self.brain.uploads.forget(key);
        }
        Ok(row)
    }

    fn touch_message(&mut self, message: OperationKey) -> Result<()> {
        if let Some(row) = operations::find(&self.db, message)? {
            self.touch(row.lane);
        }
        Ok(())
    }

    /// The server does not have these files, although they were up: they go up once more.
    pub(super) fn upload_again(&mut self, message: OperationKey) -> Result<()> {
        for row in uploads::of_message(&self.db, message)? {
            self.brain.uploads.forget(row.key);
            uploads::begin_anew(&self.db, row.key)?;
        }
        Ok(())
    }

    /// The message was given up, and its files with it.
    pub(super) fn abandon_uploads(&mut self, message: OperationKey) -> Result<()> {
        for row in uploads::of_message(&self.db, message)? {
            self.brain.uploads.forget(row.key);
            self.brain.deadlines.clear(Why::UploadAgain(row.key));
            if let Some(file) = row.file_id {
                self.end_upload(file);
            }
        }
        Ok(())
    }

    /// Tells the server that it may forget a file; if it does not hear it, it forgets it in time.
    fn end_upload(&mut self, file: FileId) {
        if let Ok(token) = self.online_token() {
            let call = ApiRequest::EndUpload(file);
            self.request(call, Purpose::EndUpload, Some(token));
        }
    }
}
