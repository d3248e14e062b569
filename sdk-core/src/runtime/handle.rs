//! The app's side of a driver.

use fulmar_engine::query::files_in_use;
use fulmar_engine::{
    Command, CommandError, ConnectionState, FailurePolicy, Input, OpenError, Reader, Reply,
    SessionState, StoreError,
};
use tokio::sync::{mpsc, oneshot, watch};

use super::app_work::AppWork;
use super::late_hints::LateHints;
use super::process::DRIVERS;
use super::published::{DownloadsNow, PresentNow, Published, TypingNow};
use super::readers::Readers;
use super::setup::{Ends, Request, Setup, WAITING_INPUTS};
use super::suspension::Suspension;
use super::sync::thread::{self, JoinHandle, ThreadId};
use super::sync::{Arc, Mutex, PoisonError};
use super::thread::run;
use super::watchers::Watchers;
use crate::error::BuildError;
use crate::files::Files;

/// The app's side of a running driver. Dropping it ends the driver at once, as a crash would.
#[derive(Debug)]
pub(crate) struct Runtime {
    requests: mpsc::Sender<Request>,
    late_hints: Arc<LateHints>,
    suspension: Arc<Suspension>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    work: AppWork,
    thread: Mutex<Option<JoinHandle<()>>>,
    thread_id: ThreadId,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) files: Arc<Files>,
    /// How many bytes of files stay on the disk.
    file_cache_bytes: u64,
    pub(crate) downloads: watch::Receiver<DownloadsNow>,
    file_bytes: watch::Receiver<u64>,
    pub(crate) connection: watch::Receiver<ConnectionState>,
    pub(crate) session: watch::Receiver<SessionState>,
    pub(crate) typing: watch::Receiver<TypingNow>,
    pub(crate) present: watch::Receiver<PresentNow>,
    /// What the screen of the outbox needs to know of the settings.
    pub(crate) failure_policy: FailurePolicy,
}

impl Runtime {
    /// Starts the thread and opens the store on it. Never touches the network before it returns.
    pub(crate) async fn start(setup: Setup) -> Result<Self, BuildError> {
        let failure_policy = setup.config.failure_policy;
        let file_cache_bytes = setup.config.file_cache_bytes;
        let (requests, incoming) = mpsc::channel(WAITING_INPUTS);
        let (stop, stopping) = watch::channel(false);
        let (ending, ended) = watch::channel(false);
        let published = Published::new(&setup.path);
        let connection = published.connection.subscribe();
        let session = published.session.subscribe();
        let typing = published.typing.subscribe();
        let present = published.present.subscribe();
        let downloads = published.downloads.subscribe();
        let file_bytes = published.file_bytes.subscribe();
        let watchers = Arc::clone(&published.watchers);
        let readers = Arc::clone(&published.readers);
        let files = Arc::new(Files::beside(&setup.path));
        let (opened, opening) = oneshot::channel();
        let (suspension, gate) = Suspension::new();
        let work = AppWork::default();
        let ends = Ends {
            requests: incoming,
            gate,
            stopping,
            over: DRIVERS.over(),
            work: work.clone(),
        };
        let of_driver = Arc::clone(&files);
        let running = DRIVERS.begin().ok_or_else(|| OpenError::Unusable {
            reason: "this process ends".to_owned(),
        })?;
        let thread = thread::Builder::new()
            .name("fulmar".to_owned())
            .spawn(move || {
                run(setup, published, of_driver, ends, opened);
                // Everybody who waits for the end is gone: then nobody need be told.
                let _ = ending.send(true);
                drop((ending, running));
            })
            .map_err(|error| unusable(&error))?;
        // The thread answers, or it has panicked.
        let answer = opening.await;
        if let Err(error) = answer.map_err(|error| unusable(&error).into()).flatten() {
            join(thread);
            return Err(error);
        }
        let runtime = Self {
            late_hints: Arc::default(),
            suspension: Arc::new(suspension),
            files,
            file_cache_bytes,
            downloads,
            file_bytes,
            requests,
            stop,
            ended,
            work,
            thread_id: thread.thread().id(),
            thread: Mutex::new(Some(thread)),
            watchers,
            readers,
            connection,
            session,
            typing,
            present,
            failure_policy,
        };
        runtime.trim_files();
        Ok(runtime)
    }

    /// Hands a command over and waits for its answer.
    pub(crate) async fn command(&self, body: Command) -> Result<Reply, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request::Command { body, reply })
            .await
            .map_err(|_| CommandError::Closed)?;
        answer.await.unwrap_or(Err(CommandError::Closed))
    }

    /// Hands a command over whose answer nobody waits for, and returns at once.
    pub(crate) fn begin(&self, body: Command) {
        let (reply, _) = oneshot::channel();
        let requests = self.requests.clone();
        self.work.spawn(async move {
            // The driver has ended: then nobody looks at what would have come either.
            let _ = requests.send(Request::Command { body, reply }).await;
        });
    }

    /// Tells the engine something, without an answer, and returns at once. When the queue is full, what
    /// lasts is told when there is room; that somebody types goes unheard.
    pub(crate) fn hint(&self, input: Input) {
        if self.late_hints.put(&self.requests, input) {
            let (late, requests) = (Arc::clone(&self.late_hints), self.requests.clone());
            self.work
                .spawn(async move { late.hand_over(&requests).await });
        }
    }

    /// Runs a blocking read on the SDK's own threads, not on the caller's.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Readers) -> T + Send + 'static,
    ) -> Option<T> {
        let readers = Arc::clone(&self.readers);
        let mut ended = self.ended.clone();
        let awake = tokio::select! {
            biased;
            awake = self.suspension.awake() => awake,
            // Nobody takes up a suspended client that has ended.
            _ = ended.wait_for(|ended| *ended) => return None,
        };
        let reading = move || {
            let result = work(&readers);
            drop(awake);
            result
        };
        self.work.run(reading).await
    }

    /// Reads the store for a call that fails as commands do.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CommandError> {
        self.read(move |readers| readers.read(query))
            .await
            .ok_or(CommandError::Closed)?
            .map_err(|error| CommandError::Store {
                reason: error.to_string(),
            })
    }

    /// Lets go of the store, without ending: nothing of it is open when this returns.
    pub(crate) async fn suspend(&self) {
        let (suspension, readers) = (Arc::clone(&self.suspension), Arc::clone(&self.readers));
        self.to_its_end(async move { suspension.begin(|| readers.let_go()).await })
            .await;
    }

    /// Opens the store again after a suspension.
    pub(crate) async fn resume(&self) {
        let suspension = Arc::clone(&self.suspension);
        self.to_its_end(async move { suspension.end().await }).await;
    }

    /// Does something that must not be half done when its caller gives it up. Returns when it is done, or when the
    /// client has ended.
    async fn to_its_end(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (done, over) = oneshot::channel();
        self.work.spawn(async move {
            work.await;
            let _ = done.send(());
        });
        let _ = over.await;
    }

    /// Reads or writes files on the SDK's own threads; `None` when the client has ended.
    pub(crate) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> T + Send + 'static,
    ) -> Option<T> {
        let files = Arc::clone(&self.files);
        self.work.run(move || work(&files)).await
    }

    /// How many bytes a file may have: what the server said last, or what every server takes. The engine
    /// refuses what is larger; this is for not copying it first.
    pub(crate) fn file_bytes(&self) -> u64 {
        *self.file_bytes.borrow()
    }

    /// Lets go of files that are too many, some time.
    pub(crate) fn trim_files(&self) {
        let (files, readers) = (Arc::clone(&self.files), Arc::clone(&self.readers));
        let limit = self.file_cache_bytes;
        let Some(awake) = self.suspension.awake_now() else {
            return;
        };
        self.work.begin_blocking(move || {
            let _awake = awake;
            if let Err(error) = files.trim(limit, || readers.read(files_in_use)) {
                tracing::warn!(%error, "files stay, because it cannot be read which are needed");
            }
        });
    }

    /// Runs something on the SDK's own thread.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.work.spawn(work);
    }

    /// Stops the driver and waits until it has closed the store, and its thread has ended.
    ///
    /// Who waits here is woken by that thread, perhaps with a call into another language. A process that ends
    /// in the middle of such a call dies of it; so the thread is joined, which takes as long as that call.
    pub(crate) async fn close(&self) {
        let _ = self.stop.send(true);
        self.files.close();
        let mut ended = self.ended.clone();
        let _ = ended.wait_for(|ended| *ended).await;
        if thread::current().id() == self.thread_id {
            return;
        }
        let mut running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = running.take() {
            join(thread);
        }
    }

    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.clone()
    }
}

/// Waits for the end of a thread, unless it is this one: polled by the call that tells of its end.
fn join(thread: JoinHandle<()>) {
    if thread::current().id() != thread.thread().id() {
        // A panic on it was reported where it happened.
        let _ = thread.join();
    }
}

fn unusable(error: &dyn std::error::Error) -> OpenError {
    OpenError::Unusable {
        reason: error.to_string(),
    }
}
