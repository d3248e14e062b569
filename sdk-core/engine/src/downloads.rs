//! Downloads: files of messages come when somebody wants them (PROTOCOL.md §7.10).
//!
//! Nothing of it is in the store: what has come of a file is on the disk, and whoever asks for it says how
//! much that is. A download goes on by itself when the network comes back, until nobody wants it any more.

use std::collections::BTreeMap;

use fulmar_protocol::{AnswerError, ContentHash, FailureClass, FileId};

use crate::auth::command_error;
use crate::brain::Purpose;
use crate::command_error::CommandError;
use crate::deadline::Why;
use crate::effect::{CommandId, DownloadId, DownloadState, Effect, FilePart, Reply, RequestId};
use crate::input::{RequestFailure, TransferFailure};
use crate::store::Result;
use crate::turn::Turn;

/// How many files come down at once.
const AT_ONCE: usize = 3;
/// How much is asked for at once, at first, at least and at most.
const FIRST: u64 = 256 * 1024;
const LEAST: u64 = 16 * 1024;
const MOST: u64 = 1024 * 1024;

/// The files that somebody wants.
#[derive(Debug)]
pub(crate) struct Downloads {
    wanted: BTreeMap<ContentHash, Download>,
    chunk: u64,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            wanted: BTreeMap::new(),
            chunk: FIRST,
        }
    }
}

#[derive(Debug)]
struct Download {
    file_id: FileId,
    size: u64,
    received: u64,
    /// Everyone who wants it.
    askers: Vec<(DownloadId, CommandId)>,
    under_way: Option<RequestId>,
    failures: u32,
    /// How often all of it came and was something else.
    damaged: u32,
}

impl Turn<'_> {
    pub(crate) fn download(
        &mut self,
        command: CommandId,
        id: DownloadId,
        (file_id, content): (FileId, ContentHash),
        size: u64,
        have: u64,
    ) -> std::result::Result<(), CommandError> {
        if !self.signed_in() {
            return Err(CommandError::SignedOut);
        }
        if size == 0 {
            self.reply(command, Ok(Reply::Done));
            return Ok(());
        }
        let wanted = self.brain.downloads.wanted.entry(content);
        wanted
            .or_insert_with(|| Download {
                file_id,
                size,
                // A whole file that is not known as one is none.
                received: if have < size { have } else { 0 },
                askers: Vec::new(),
                under_way: None,
                failures: 0,
                damaged: 0,
            })
            .askers
            .push((id, command));
        self.show_download(content, DownloadState::Waiting);
        Ok(())
    }

    /// One of those who want a file does not want it any more. What came of it stays.
    pub(crate) fn cancel_download(&mut self, id: DownloadId) {
        for download in self.brain.downloads.wanted.values_mut() {
            download.askers.retain(|(asker, _)| *asker != id);
        }
        let unwanted: Vec<ContentHash> = self
            .brain
            .downloads
            .wanted
            .iter()
            .filter(|(_, download)| download.askers.is_empty())
            .map(|(content, _)| *content)
            .collect();
        for content in unwanted {
            self.forget_download(content);
        }
    }

    fn forget_download(&mut self, content: ContentHash) -> Option<Download> {
        let download = self.brain.downloads.wanted.remove(&content)?;
        self.brain.deadlines.clear(Why::DownloadAgain(content));
        self.hold(Effect::DownloadEnded { content });
        Some(download)
    }

    /// Asks for what comes next of each file. Called at the end of every turn.
    pub(crate) fn settle_downloads(&mut self) {
        if self.brain.downloads.wanted.is_empty() {
            return;
        }
        let Ok(token) = self.online_token() else {
            return;
        };
        let contents: Vec<ContentHash> = self.brain.downloads.wanted.keys().copied().collect();
        for content in contents {
            let all = self.brain.downloads.wanted.values();
            let busy = all.filter(|download| download.under_way.is_some()).count();
            if busy >= AT_ONCE {
                return;
            }
            let Some(download) = self.brain.downloads.wanted.get(&content) else {
                continue;
            };
            let rests = self
                .brain
                .deadlines
                .get(Why::DownloadAgain(content))
                .is_some();
            if rests || download.under_way.is_some() {
                continue;
            }
            let (size, offset) = (download.size, download.received);
            let part = FilePart {
                file_id: download.file_id.clone(),
                content,
                offset,
                length: self.brain.downloads.chunk.min(size - offset).max(1),
            };
            let purpose = Purpose::Download { content };
            let request = self.expect_answer(purpose, Some(token.clone()));
            if let Some(download) = self.brain.downloads.wanted.get_mut(&content) {
                download.under_way = Some(request);
            }
            self.hold(Effect::FetchChunk {
                request,
                part,
                size,
                access_token: token.clone(),
            });
        }
    }

    /// A part of a file came and is on the disk, or is not.
    pub(crate) fn chunk_fetched(
        &mut self,
        content: ContentHash,
        result: std::result::Result<u64, TransferFailure>,
    ) -> Result<()> {
        let downloads = &mut self.brain.downloads;
        let Some(download) = downloads.wanted.get_mut(&content) else {
            return Ok(());
        };
        download.under_way = None;
        match result {
            Ok(received) => {
                download.received = received.min(download.size);
                download.failures = 0;
                downloads.chunk = (downloads.chunk * 2).min(MOST);
                if received >= download.size {
                    self.end_download(content, &Ok(Reply::Done));
                } else {
                    self.show_download(content, DownloadState::Receiving);
                }
            }
            Err(TransferFailure::Request(failure)) => {
                if matches!(failure, RequestFailure::Unreachable(_)) {
                    downloads.chunk = (downloads.chunk / 2).max(LEAST);
                }
                self.download_failed(content, failure);
            }
            Err(TransferFailure::Damaged) if download.damaged == 0 => {
                download.damaged += 1;
                download.received = 0;
            }
            Err(TransferFailure::Damaged) => {
                self.end_download(content, &Err(CommandError::FileDamaged));
            }
            // What came of it is gone from the disk: it begins anew.
            Err(TransferFailure::FileLost) => download.received = 0,
            Err(TransferFailure::Disk(reason)) => {
                self.end_download(content, &Err(CommandError::Store { reason }));
            }
        }
        Ok(())
    }

    fn download_failed(&mut self, content: ContentHash, failure: RequestFailure) {
        let (class, asked) = match &failure {
            RequestFailure::Answered(AnswerError::Problem(problem)) => {
                (problem.code.class(), problem.retry_after_ms)
            }
            _ => (FailureClass::Transient, None),
        };
        match class {
            FailureClass::Permanent => self.end_download(content, &Err(command_error(failure))),
            // It goes on with the next token.
            FailureClass::Authentication => self.show_download(content, DownloadState::Waiting),
            FailureClass::Transient => {
                if let Some(download) = self.brain.downloads.wanted.get_mut(&content) {
                    download.failures += 1;
                    let failures = download.failures;
                    let at = self.when_to_try_again(failures, asked);
                    self.brain.deadlines.set(Why::DownloadAgain(content), at);
                }
                self.show_download(content, DownloadState::Waiting);
            }
        }
    }

    fn end_download(
        &mut self,
        content: ContentHash,
        reply: &std::result::Result<Reply, CommandError>,
    ) {
        let ended = self.forget_download(content);
        let askers = ended.into_iter().flat_map(|download| download.askers);
        self.reply_all(askers.map(|(_, command)| command).collect(), reply);
    }

    fn show_download(&mut self, content: ContentHash, state: DownloadState) {
        if let Some(download) = self.brain.downloads.wanted.get(&content) {
            let received = download.received;
            self.hold(Effect::Downloading {
                content,
                received,
                state,
            });
        }
    }

    /// The session is over: nothing comes any more.
    pub(crate) fn drop_downloads(&mut self) {
        let contents: Vec<ContentHash> = self.brain.downloads.wanted.keys().copied().collect();
        for content in contents {
            self.end_download(content, &Err(CommandError::SignedOut));
        }
    }
}
