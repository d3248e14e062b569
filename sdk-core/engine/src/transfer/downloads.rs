//! Downloads: files of messages come when somebody wants them (PROTOCOL.md §7.10).
//!
//! Nothing of it is in the store: what has come of a file is on the disk, and the command that asks for it
//! says how much that is. A download goes on by itself when the network comes back, until nobody wants it any
//! more.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fulmar_protocol::{AnswerError, ContentHash, FailureClass, FileId, Secret};

use crate::config::Config;
use crate::io::error::command_error;
use crate::io::{
    CommandError, CommandId, CommandResult, DownloadId, DownloadState, Effect, FilePart, Reply,
    RequestFailure, RequestId, TransferFailure,
};
use crate::pace::Gate;
use crate::timer::{Timed, Timer, Timers};
use crate::tx::{Owner, Patience, Tx};

/// How many files come down at once.
const AT_ONCE: usize = 3;
/// How much is asked for at once, at first, at least and at most.
const FIRST: u64 = 256 * 1024;
const LEAST: u64 = 16 * 1024;
const MOST: u64 = 1024 * 1024;
/// How often a server may answer with something that is no part of the file until the download fails: a
/// proxy's page passes, a server that cannot do it does not.
const MOST_SENSELESS: u32 = 8;

/// The files that somebody wants.
#[derive(Debug)]
pub(crate) struct Downloads {
    wanted: BTreeMap<ContentHash, Download>,
    /// Which file each request is for.
    asks: BTreeMap<RequestId, ContentHash>,
    chunk: u64,
    timers: Timers,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            wanted: BTreeMap::new(),
            asks: BTreeMap::new(),
            chunk: FIRST,
            timers: Timers::default(),
        }
    }
}

#[derive(Debug)]
struct Download {
    file_id: FileId,
    size: u64,
    received: u64,
    /// How much of it was ever here: less is no progress.
    farthest: u64,
    /// Everyone who wants it.
    askers: Vec<(DownloadId, CommandId)>,
    under_way: Option<RequestId>,
    failures: u32,
    /// How often all of it came and was something else.
    damaged: u32,
    /// How often in a row something came that is no part of a file.
    senseless: u32,
}

/// A file that somebody waits for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: DownloadId,
    pub(crate) command: CommandId,
    pub(crate) file_id: FileId,
    pub(crate) content: ContentHash,
    pub(crate) size: u64,
    /// How many bytes of it are here.
    pub(crate) have: u64,
}

/// Whether an answer brought something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DownloadNews {
    /// More bytes are here.
    Progress,
    Nothing,
}

impl Timed for Downloads {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Downloads {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        self.asks.len() + self.wanted.len()
    }

    pub(crate) fn want(&mut self, tx: &mut Tx<'_>, wanted: Wanted) {
        if wanted.size == 0 {
            tx.reply(wanted.command, Ok(Reply::Done));
            return;
        }
        let content = wanted.content;
        let asker = (wanted.id, wanted.command);
        if let Some(download) = self.wanted.get_mut(&content) {
            // What it is doing is shown already.
            download.askers.push(asker);
            return;
        }
        let download = Download {
            file_id: wanted.file_id,
            size: wanted.size,
            // A whole file that is not known as one is none.
            received: if wanted.have < wanted.size {
                wanted.have
            } else {
                0
            },
            farthest: 0,
            askers: vec![asker],
            under_way: None,
            failures: 0,
            damaged: 0,
            senseless: 0,
        };
        self.wanted.insert(content, download);
        self.show(tx, content, DownloadState::Waiting);
    }

    /// One of those who want a file does not want it any more. What came of it stays.
    pub(crate) fn cancel(&mut self, tx: &mut Tx<'_>, id: DownloadId) {
        for download in self.wanted.values_mut() {
            download.askers.retain(|(asker, _)| *asker != id);
        }
        let unwanted: Vec<ContentHash> = self
            .wanted
            .iter()
            .filter(|(_, download)| download.askers.is_empty())
            .map(|(content, _)| *content)
            .collect();
        for content in unwanted {
            self.forget(tx, content);
        }
    }

    fn forget(&mut self, tx: &mut Tx<'_>, content: ContentHash) -> Option<Download> {
        let download = self.wanted.remove(&content)?;
        self.timers.clear(Timer::DownloadAgain(content));
        if let Some(request) = download.under_way {
            self.asks.remove(&request);
            tx.call_off(request);
        }
        tx.emit(Effect::DownloadEnded { content });
        Some(download)
    }

    /// Asks for what comes next of each file.
    pub(crate) fn reconcile(&mut self, tx: &mut Tx<'_>, token: Option<&Secret>, gate: Gate) {
        let Some(token) = token else { return };
        let mut busy = self.asks.len();
        let mut begun = 0;
        for (content, download) in &mut self.wanted {
            if busy >= AT_ONCE {
                return;
            }
            let timer = Timer::DownloadAgain(*content);
            if download.under_way.is_some() || self.timers.is_set(timer) {
                continue;
            }
            match gate {
                Gate::ClosedUntil(at) => {
                    self.timers.set(timer, at);
                    continue;
                }
                // The answers to those that were begun bring the next look.
                Gate::Open { left } if begun >= left => return,
                Gate::Open { .. } => begun += 1,
            }
            let (size, offset) = (download.size, download.received);
            let part = FilePart {
                file_id: download.file_id.clone(),
                content: *content,
                offset,
                length: self.chunk.min(size - offset).max(1),
            };
            let request = tx.expect(Owner::Download, Some(token.clone()), Patience::Server);
            download.under_way = Some(request);
            self.asks.insert(request, *content);
            busy += 1;
            tx.emit(Effect::FetchChunk {
                request,
                part,
                size,
                access_token: token.clone(),
            });
        }
    }

    /// A part of a file came and is on the disk, or is not.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: Result<u64, TransferFailure>,
        config: &Config,
    ) -> DownloadNews {
        let Some(content) = self.asks.remove(&request) else {
            return DownloadNews::Nothing;
        };
        let Some(download) = self.wanted.get_mut(&content) else {
            return DownloadNews::Nothing;
        };
        download.under_way = None;
        match result {
            Ok(received) => self.received(tx, content, received, config),
            Err(TransferFailure::Request(failure)) => {
                if is_unreachable(&failure) {
                    self.chunk = (self.chunk / 2).max(LEAST);
                }
                self.failed(tx, content, failure, config);
                DownloadNews::Nothing
            }
            Err(TransferFailure::Damaged) if download.damaged == 0 => {
                download.damaged += 1;
                download.received = 0;
                self.show(tx, content, DownloadState::Waiting);
                DownloadNews::Nothing
            }
            Err(TransferFailure::Damaged) => {
                self.end(tx, content, &Err(CommandError::FileDamaged));
                DownloadNews::Nothing
            }
            // What came of it is gone from the disk: it begins anew, after a wait.
            Err(TransferFailure::FileLost) => {
                download.received = 0;
                self.rest(tx, content, None, config);
                DownloadNews::Nothing
            }
            Err(TransferFailure::Disk(reason)) => {
                self.end(tx, content, &Err(CommandError::Store { reason }));
                DownloadNews::Nothing
            }
        }
    }

    fn received(
        &mut self,
        tx: &mut Tx<'_>,
        content: ContentHash,
        received: u64,
        config: &Config,
    ) -> DownloadNews {
        let Some(download) = self.wanted.get_mut(&content) else {
            return DownloadNews::Nothing;
        };
        if received <= download.received {
            // It says that it went well, and brought nothing.
            self.rest(tx, content, None, config);
            return DownloadNews::Nothing;
        }
        download.received = received.min(download.size);
        download.senseless = 0;
        let farther = download.received > download.farthest;
        if farther {
            download.farthest = download.received;
            download.failures = 0;
        }
        self.chunk = (self.chunk * 2).min(MOST);
        if received >= download.size {
            self.end(tx, content, &Ok(Reply::Done));
        } else {
            self.show(tx, content, DownloadState::Receiving);
        }
        if farther {
            DownloadNews::Progress
        } else {
            DownloadNews::Nothing
        }
    }

    fn failed(
        &mut self,
        tx: &mut Tx<'_>,
        content: ContentHash,
        failure: RequestFailure,
        config: &Config,
    ) {
        let (class, asked, senseless) = match &failure {
            RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) => {
                (problem.code.class(), problem.retry_after_ms, false)
            }
            RequestFailure::ErrorAnswer(AnswerError::Foreign { status }) => {
                (FailureClass::Transient, None, (200..300).contains(status))
            }
            RequestFailure::Unreachable(_) => (FailureClass::Transient, None, false),
        };
        let Some(download) = self.wanted.get_mut(&content) else {
            return;
        };
        download.senseless = if senseless { download.senseless + 1 } else { 0 };
        let hopeless = download.senseless >= MOST_SENSELESS;
        match class {
            FailureClass::Permanent => self.end(tx, content, &Err(command_error(failure))),
            // It goes on with the next token.
            FailureClass::Authentication => self.show(tx, content, DownloadState::Waiting),
            FailureClass::Transient if hopeless => {
                self.end(tx, content, &Err(command_error(failure)));
            }
            FailureClass::Transient => self.rest(tx, content, asked, config),
        }
    }

    fn rest(
        &mut self,
        tx: &mut Tx<'_>,
        content: ContentHash,
        asked_ms: Option<u64>,
        config: &Config,
    ) {
        if let Some(download) = self.wanted.get_mut(&content) {
            download.failures += 1;
            let failures = download.failures;
            let now = tx.now.mono;
            let at = config.backoff.until(failures, asked_ms, now, &mut tx.rng);
            self.timers.set(Timer::DownloadAgain(content), at);
        }
        self.show(tx, content, DownloadState::Waiting);
    }

    fn end(&mut self, tx: &mut Tx<'_>, content: ContentHash, reply: &CommandResult) {
        let ended = self.forget(tx, content);
        let askers = ended.into_iter().flat_map(|download| download.askers);
        tx.reply_all(askers.map(|(_, command)| command), reply);
    }

    fn show(&self, tx: &mut Tx<'_>, content: ContentHash, state: DownloadState) {
        if let Some(download) = self.wanted.get(&content) {
            tx.emit(Effect::Downloading {
                content,
                received: download.received,
                state,
            });
        }
    }

    /// Something changed for the better: nothing waits any longer.
    pub(crate) fn retry_now(&mut self) {
        self.timers.clear_all();
    }

    /// The session is over: nothing comes any more.
    pub(crate) fn stop(&mut self, tx: &mut Tx<'_>) {
        let contents: Vec<ContentHash> = self.wanted.keys().copied().collect();
        for content in contents {
            self.end(tx, content, &Err(CommandError::SignedOut));
        }
    }
}

fn is_unreachable(failure: &RequestFailure) -> bool {
    match failure {
        RequestFailure::Unreachable(_) => true,
        RequestFailure::ErrorAnswer(_) => false,
    }
}
