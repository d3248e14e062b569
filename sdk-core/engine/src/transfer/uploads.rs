//! Uploads: the files of a message go up before the message does (PROTOCOL.md §7.10).
//!
//! A row says which files there are and how far each is; what is under way is in memory, and found out
//! again by asking the server how much it has. The message waits in its place in the lane until all of its
//! files are up. Nothing in here may give a file up by itself.

mod failure;
mod memory;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{Answer, ApiRequest, FileId, NewUpload, OperationKey, Secret};

use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::OnlineToken;
use crate::io::{Effect, FilePart, RequestFailure, RequestId, TransferFailure};
use crate::pace::Gate;
use crate::store::Result;
use crate::store::state::FailureReason;
use crate::store::uploads::{self, UploadKey, UploadRow};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::{Owner, Patience, Tx};

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
    /// Which file each request is about, and what was asked.
    asks: BTreeMap<RequestId, (UploadKey, Ask)>,
    /// Of these the server has said in this process how much it has.
    known: BTreeSet<UploadKey>,
    /// How often each came to nothing since it last moved on.
    failures: BTreeMap<UploadKey, u32>,
    /// How much of each the server ever had: less is no progress.
    farthest: BTreeMap<UploadKey, u64>,
    /// How often all of a file went up, and was something else there.
    damaged: BTreeMap<UploadKey, u32>,
    /// How much goes in one request: more while it goes well, less when it does not.
    chunk: u64,
    /// More than this the server did not take, whatever it said of its limits; over HTTP it says nothing.
    most: u64,
    /// The most that the server says it takes in one request.
    limit: u32,
    timers: Timers,
}

/// What was asked for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// To give it a name.
    Create,
    /// How much of it is there.
    Find,
    /// To take a part of it.
    Send,
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UploadNews {
    /// The server has more of it than before.
    Progress,
    /// The screen shows something else of this message now.
    Moved(OperationKey),
    /// The message will not go out by itself any more.
    Failed(OperationKey, FailureReason),
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            asks: BTreeMap::new(),
            known: BTreeSet::new(),
            failures: BTreeMap::new(),
            farthest: BTreeMap::new(),
            damaged: BTreeMap::new(),
            chunk: 8 * LEAST,
            most: u64::MAX,
            limit: u32::MAX,
            timers: Timers::default(),
        }
    }
}

impl Timed for Uploads {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Uploads {
    /// Lets files go up, as long as there is a connection.
    pub(crate) fn reconcile(
        &mut self,
        tx: &mut Tx<'_>,
        token: Option<&Secret>,
        chunk_limit: u32,
        gate: Gate,
    ) -> Result<()> {
        self.forget_gone(tx)?;
        let Some(token) = token else { return Ok(()) };
        self.limit = chunk_limit;
        if self.asks.len() >= AT_ONCE {
            return Ok(());
        }
        let mut begun = 0;
        for row in uploads::open(&tx.db, LOOKED_AT)? {
            if self.asks.len() >= AT_ONCE {
                break;
            }
            let busy = self.asks.values().any(|(key, _)| *key == row.key);
            if busy || self.timers.is_set(Timer::UploadAgain(row.key)) {
                continue;
            }
            match gate {
                Gate::ClosedUntil(at) => {
                    self.timers.set(Timer::UploadAgain(row.key), at);
                    continue;
                }
                // The answers to those that were begun bring the next look.
                Gate::Open { left } if begun >= left => break,
                Gate::Open { .. } => begun += 1,
            }
            let (request, ask) = self.next_step(tx, &row, token)?;
            self.asks.insert(request, (row.key, ask));
        }
        Ok(())
    }

    /// Names the file, asks how much of it is there, or sends the next part.
    fn next_step(
        &self,
        tx: &mut Tx<'_>,
        row: &UploadRow,
        token: &Secret,
    ) -> Result<(RequestId, Ask)> {
        let access_token = token.clone();
        Ok(match &row.file_id {
            None => {
                let (size, sha256) = (row.size, row.content);
                let call = ApiRequest::CreateUpload(NewUpload { size, sha256 });
                (tx.ask(Owner::Upload, call, Some(access_token)), Ask::Create)
            }
            Some(file) if !self.known.contains(&row.key) => {
                let call = ApiRequest::FindUpload(file.clone());
                (tx.ask(Owner::Upload, call, Some(access_token)), Ask::Find)
            }
            Some(file) => {
                let length = self.length(row);
                if defects::active(Defect::TrustUploads) {
                    uploads::set_sent(&tx.db, row.key, row.sent + length)?;
                }
                let patience = Patience::Server;
                let request = tx.expect(Owner::Upload, Some(access_token.clone()), patience);
                tx.emit(Effect::SendChunk {
                    request,
                    part: FilePart {
                        file_id: file.clone(),
                        content: row.content,
                        offset: row.sent,
                        length,
                    },
                    access_token,
                });
                (request, Ask::Send)
            }
        })
    }

    /// How much of a file goes next.
    fn length(&self, row: &UploadRow) -> u64 {
        let most = self.most.min(u64::from(self.limit)).max(1);
        self.chunk.min(most).min(row.size - row.sent)
    }

    /// The server has named an upload, or has said how much of it is there, or neither.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<Answer, RequestFailure>,
        online: &OnlineToken,
        config: &Config,
    ) -> Result<Vec<UploadNews>> {
        let Some((key, ask)) = self.asks.remove(&request) else {
            return Ok(Vec::new());
        };
        match (ask, result) {
            (Ask::Create, Ok(Answer::UploadCreated(file))) => self.named(tx, key, file, online),
            (Ask::Find, Ok(Answer::UploadOffset(offset))) => self.is_at(tx, key, offset, config),
            (Ask::Create | Ask::Find | Ask::Send, Ok(_)) => {
                let failure = RequestFailure::other_answer();
                self.failed(tx, key, &failure, config)
            }
            (Ask::Create | Ask::Find | Ask::Send, Err(failure)) => {
                self.failed(tx, key, &failure, config)
            }
        }
    }

    /// A part of a file went up, or did not.
    pub(crate) fn transferred(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<u64, TransferFailure>,
        config: &Config,
    ) -> Result<Vec<UploadNews>> {
        let Some((key, ask)) = self.asks.remove(&request) else {
            return Ok(Vec::new());
        };
        match result {
            Ok(_) if ask != Ask::Send => {
                let failure = RequestFailure::other_answer();
                self.failed(tx, key, &failure, config)
            }
            Ok(offset) => {
                let news = self.is_at(tx, key, offset, config)?;
                if news.contains(&UploadNews::Progress) {
                    self.chunk = self.chunk.saturating_mul(2).min(u64::from(u32::MAX));
                }
                Ok(news)
            }
            Err(TransferFailure::Request(failure)) => self.failed(tx, key, &failure, config),
            Err(TransferFailure::FileLost | TransferFailure::Damaged) => {
                let row = self.row(tx, key)?;
                Ok(row
                    .map(|row| UploadNews::Failed(row.message, FailureReason::FileLost))
                    .into_iter()
                    .collect())
            }
            Err(TransferFailure::Disk(reason)) => {
                self.failed(tx, key, &RequestFailure::Unreachable(reason), config)
            }
        }
    }

    /// The server has a name for an upload.
    fn named(
        &mut self,
        tx: &mut Tx<'_>,
        key: UploadKey,
        file: FileId,
        online: &OnlineToken,
    ) -> Result<Vec<UploadNews>> {
        let Some(row) = self.row(tx, key)? else {
            // Given up meanwhile.
            tell_end(tx, file, online);
            return Ok(Vec::new());
        };
        uploads::begun(&tx.db, row.key, &file)?;
        self.known.insert(row.key);
        let mut news = vec![UploadNews::Moved(row.message)];
        // Begun once more is no step forward: only bytes are.
        if !self.failures.contains_key(&row.key) {
            news.push(UploadNews::Progress);
        }
        Ok(news)
    }

    fn is_at(
        &mut self,
        tx: &mut Tx<'_>,
        key: UploadKey,
        offset: u64,
        config: &Config,
    ) -> Result<Vec<UploadNews>> {
        let Some(row) = self.row(tx, key)? else {
            return Ok(Vec::new());
        };
        if offset > row.size {
            uploads::begin_anew(&tx.db, key)?;
            self.known.remove(&key);
            return Ok(self.rest(tx, &row, None, config));
        }
        uploads::set_sent(&tx.db, key, offset)?;
        let was_known = !self.known.insert(key);
        if offset > row.sent {
            let farthest = self.farthest.entry(key).or_default();
            if offset <= *farthest {
                // It was there before.
                return Ok(vec![UploadNews::Moved(row.message)]);
            }
            *farthest = offset;
            self.failures.remove(&key);
            return Ok(vec![UploadNews::Moved(row.message), UploadNews::Progress]);
        }
        if was_known || self.failures.contains_key(&key) {
            // A server that takes nothing is not asked without rest.
            return Ok(self.rest(tx, &row, None, config));
        }
        Ok(vec![UploadNews::Moved(row.message)])
    }

    /// The row that an answer is about; `None` when the message was given up meanwhile.
    fn row(&mut self, tx: &Tx<'_>, key: UploadKey) -> Result<Option<UploadRow>> {
        let row = uploads::find(&tx.db, key)?;
        if row.is_none() {
            self.forget(key);
        }
        Ok(row)
    }

    /// The server does not have the files of this message, although they were up: they go up once more.
    pub(crate) fn begin_anew(&mut self, tx: &mut Tx<'_>, message: OperationKey) -> Result<()> {
        for row in uploads::of_message(&tx.db, message)? {
            self.forget(row.key);
            if row.file_id.is_some() {
                self.call_off(tx, row.key);
            }
            uploads::begin_anew(&tx.db, row.key)?;
        }
        Ok(())
    }

    /// The messages of these files were given up, and the files with them. The server is told; if it does
    /// not hear it, it forgets them in time.
    pub(crate) fn abandoned(
        &mut self,
        tx: &mut Tx<'_>,
        files: Vec<UploadRow>,
        online: &OnlineToken,
    ) {
        for row in files {
            self.forget(row.key);
            self.timers.clear(Timer::UploadAgain(row.key));
            // Of one without a name, only the answer says which it is to end.
            if let Some(file) = row.file_id {
                self.call_off(tx, row.key);
                tell_end(tx, file, online);
            }
        }
    }

    /// What is under way for this file is nobody's any more.
    fn call_off(&mut self, tx: &mut Tx<'_>, key: UploadKey) {
        for (request, _) in self.asks.extract_if(.., |_, (about, _)| *about == key) {
            tx.call_off(request);
        }
    }

    /// Something changed for the better: nothing waits any longer.
    pub(crate) fn retry_now(&mut self) {
        self.timers.clear_all();
    }
}

fn tell_end(tx: &mut Tx<'_>, file: FileId, online: &OnlineToken) {
    if let Ok(token) = online {
        let call = ApiRequest::EndUpload(file);
        tx.ask(Owner::Upload, call, Some(token.clone()));
    }
}
