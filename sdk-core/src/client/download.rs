//! Files of messages that come onto this device.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fulmar_engine::{Command, CommandError, DownloadId, DownloadState, Input};
use fulmar_protocol::{Attachment, ContentHash};
use tokio::sync::watch;

use super::Client;
use crate::files::Source;
use crate::runtime::DownloadsNow;
use crate::runtime::Runtime;

/// How long to wait before an engine that began anew is asked once more.
const PAUSE: Duration = Duration::from_millis(100);
/// Names wishes of this process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadProgress {
    /// How many bytes of it are here.
    pub received: u64,
    /// How many bytes it has.
    pub total: u64,
    /// Whether more is coming at this moment.
    pub state: DownloadState,
}

/// A file that comes onto this device: it goes on by itself when the network comes back, until it is here.
/// Dropping this stops it; what has come stays, and the next download of the file goes on from there.
///
/// However many downloads of a file there are, it comes once.
#[derive(Debug)]
pub struct Download {
    runtime: Arc<Runtime>,
    id: DownloadId,
    content: ContentHash,
    total: u64,
    now: watch::Receiver<DownloadsNow>,
    ended: watch::Receiver<Option<Result<PathBuf, CommandError>>>,
    /// Its task ends with it. An abort handle would hold the client's runtime for as long as an app holds this.
    wanted: Option<watch::Sender<()>>,
    shown: Option<DownloadProgress>,
}

impl Client {
    /// Gets a file of a message onto this device, unless it is here: then nothing is asked of the network.
    /// Own files are here from the start, as long as they are not too many ([`Config::file_cache_bytes`]).
    /// PROTOCOL.md §7.10.
    ///
    /// [`Config::file_cache_bytes`]: crate::Config::file_cache_bytes
    #[must_use]
    pub fn download(&self, attachment: &Attachment) -> Download {
        let runtime = self.shared_runtime();
        let id = DownloadId(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        let (ending, ended) = watch::channel(None);
        let getting = get(Arc::clone(&runtime), id, attachment.clone());
        let (wanted, mut given_up) = watch::channel(());
        runtime.spawn(async move {
            tokio::select! {
                biased;
                _ = given_up.changed() => {}
                // The caller may drop the download just now.
                result = getting => drop(ending.send(Some(result))),
            }
        });
        Download {
            now: runtime.downloads.clone(),
            runtime,
            id,
            content: attachment.sha256,
            total: attachment.size,
            ended,
            wanted: Some(wanted),
            shown: None,
        }
    }

    /// Where a file of a message is on this device; `None` when it is not, or not all of it. Reads the disk
    /// only. The file belongs to the client: copy it to change it or to keep it.
    pub async fn downloaded(&self, attachment: &Attachment) -> Option<PathBuf> {
        let content = attachment.sha256;
        self.runtime()
            .on_disk(move |files| files.find(content))
            .await?
    }
}

async fn get(
    runtime: Arc<Runtime>,
    id: DownloadId,
    attachment: Attachment,
) -> Result<PathBuf, CommandError> {
    let (content, size) = (attachment.sha256, attachment.size);
    let look = |runtime: Arc<Runtime>| async move {
        let found = runtime.on_disk(move |files| (files.find(content), files.received(content)));
        found.await.ok_or(CommandError::Closed)
    };
    let (found, have) = look(Arc::clone(&runtime)).await?;
    if let Some(path) = found {
        return Ok(path);
    }
    if size == 0 {
        // Nothing has to come.
        let empty = Source::Bytes(Vec::new());
        let made = runtime.on_disk(move |files| files.import(&empty, 0)).await;
        made.ok_or(CommandError::Closed)?
            .map_err(|error| CommandError::Store {
                reason: error.to_string(),
            })?;
    } else {
        let mut have = have;
        let ask = |have| Command::Download {
            id,
            file_id: attachment.file_id.clone(),
            content,
            size,
            have,
        };
        // The engine waits for the network by itself; when it was suspended, or had to begin anew, it is
        // asked once more.
        while let Err(error) = runtime.command(ask(have)).await {
            let CommandError::Unreachable { .. } = error else {
                return Err(error);
            };
            tokio::time::sleep(PAUSE).await;
            (_, have) = look(Arc::clone(&runtime)).await?;
        }
    }
    let (found, _) = look(Arc::clone(&runtime)).await?;
    runtime.trim_files();
    found.ok_or(CommandError::FileDamaged)
}

impl Download {
    /// Waits until more of it is here, and says how much; the first time at once. `None` when it came
    /// to its end: then [`Download::finish`] says how. Steps in between may be skipped. Safe to cancel.
    /// Waits for the network, as the download does.
    pub async fn next(&mut self) -> Option<DownloadProgress> {
        loop {
            if self.ended.borrow_and_update().is_some() {
                return None;
            }
            let progress = self.progress();
            if self.shown != Some(progress) {
                self.shown = Some(progress);
                return Some(progress);
            }
            tokio::select! {
                ended = self.ended.changed() => ended.ok()?,
                changed = self.now.changed() => changed.ok()?,
            }
        }
    }

    fn progress(&mut self) -> DownloadProgress {
        // Nothing is told before it begins and after it ended.
        let before = self.shown.map_or(0, |shown| shown.received);
        let told = self.now.borrow_and_update().get(&self.content).copied();
        let (received, state) = told.unwrap_or((before, DownloadState::Waiting));
        DownloadProgress {
            received,
            total: self.total,
            state,
        }
    }

    /// Waits until all of it is here, and says where: a file that belongs to the client, so copy it to
    /// change it or to keep it. Waits for the network as long as it takes.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `file.notFound` when there is no such file for this user (any more),
    /// [`CommandError::FileDamaged`], [`CommandError::Store`] for a full or broken disk,
    /// [`CommandError::SignedOut`], [`CommandError::Closed`].
    pub async fn finish(mut self) -> Result<PathBuf, CommandError> {
        let ended = self.ended.wait_for(Option::is_some).await;
        match ended.as_deref() {
            Ok(Some(result)) => result.clone(),
            _ => Err(CommandError::Closed),
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if self.ended.borrow().is_none() {
            // What is not asked for yet never is; what is, is withdrawn behind the question.
            self.wanted = None;
            self.runtime.hint(Input::CancelDownload(self.id));
        }
    }
}
