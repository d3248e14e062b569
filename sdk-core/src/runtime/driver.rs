//! The loop on the driver's thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fulmar_engine::{
    CommandError, CommandId, Engine, Input, OpenError, Pace, Reply, SocketEvent, SocketId, Vault,
};
use fulmar_protocol::ServerFrame;
use tokio::sync::{mpsc, oneshot, watch};

use super::app_code;
use super::app_work::AppWork;
use super::file_transfer::FileTransfer;
use super::hints::Hints;
use super::in_flight::InFlight;
use super::published::Published;
use super::setup::{Ends, Request, Setup, WAITING_INPUTS};
use crate::clock;
use crate::error::BuildError;
use crate::files::Files;
use crate::transport::Outbound;

/// How many waiting inputs share a transaction at most.
const BATCH: usize = 256;
/// The timer below counts no suspended time, the engine's clock does: look at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long the sockets get in the end.
const GOODBYE: Duration = Duration::from_millis(100);
/// How long to wait before a store that failed is opened again.
pub(super) const REOPEN_PAUSE: Duration = Duration::from_millis(500);

pub(super) type Waiting = oneshot::Sender<Result<Reply, CommandError>>;

pub(super) struct Driver {
    pub(super) setup: Setup,
    pub(super) vault: Option<Arc<dyn Vault>>,
    pub(super) published: Published,
    pub(super) file_transfer: FileTransfer,
    pub(super) engine: Option<Engine>,
    /// How often the engine before that tried what came to nothing.
    pub(super) pace: Pace,
    /// Not before this is a store tried again that could not be opened.
    pub(super) reopen_at: Option<Instant>,
    /// Why there is no engine, when there is none: the last error of the store.
    pub(super) closed_because: String,
    /// What each engine is told first.
    pub(super) hints: Hints,
    pub(super) sockets: BTreeMap<SocketId, Outbound>,
    pub(super) in_flight: InFlight,
    pub(super) waiting: BTreeMap<CommandId, Waiting>,
    pub(super) last_command: u64,
    pub(super) network: mpsc::Sender<Input>,
    pub(super) from_network: mpsc::Receiver<Input>,
}

impl Driver {
    /// One whose store is open, or on a full disk can be read.
    pub(super) async fn begin(
        setup: Setup,
        published: Published,
        files: Arc<Files>,
        work: AppWork,
    ) -> Result<Self, BuildError> {
        let vault = app_code::vault(&setup)
            .await
            .map_err(|reason| BuildError::Secrets { reason })?;
        let mut driver = Self::new(setup, vault, published, files, work);
        match driver.open_patiently() {
            Ok(released) => driver.carry_out(released),
            Err(OpenError::DiskFull) => driver.begin_reading()?,
            Err(error) => return Err(error.into()),
        }
        Ok(driver)
    }

    pub(super) fn new(
        setup: Setup,
        vault: Option<Arc<dyn Vault>>,
        published: Published,
        files: Arc<Files>,
        work: AppWork,
    ) -> Self {
        let (network, from_network) = mpsc::channel(WAITING_INPUTS);
        let file_transfer = FileTransfer {
            http: setup.transport.http.clone(),
            files,
            work,
        };
        Self {
            setup,
            vault,
            published,
            file_transfer,
            engine: None,
            pace: Pace::default(),
            reopen_at: None,
            closed_because: "the store is not open yet".to_owned(),
            hints: Hints::default(),
            sockets: BTreeMap::new(),
            in_flight: InFlight::default(),
            waiting: BTreeMap::new(),
            last_command: 0,
            network,
            from_network,
        }
    }

    /// Until it is told to stop, or nobody is left who could.
    pub(super) async fn drive(&mut self, ends: &mut Ends) {
        let Ends {
            requests,
            gate,
            stopping,
            over,
            ..
        } = ends;
        loop {
            let mut batch = Vec::new();
            if *gate.wanted.borrow_and_update() {
                self.suspend(requests);
                gate.suspended.send_replace(true);
                tokio::select! {
                    biased;
                    () = stopped(stopping, over) => break,
                    Ok(_) = gate.wanted.wait_for(|wanted| !wanted) => {}
                }
                self.resume().await;
                gate.suspended.send_replace(false);
            }
            let pause = self.sleep();
            tokio::select! {
                biased;
                // Told to stop, or everyone who could tell is gone.
                () = stopped(stopping, over) => break,
                Ok(()) = gate.wanted.changed() => continue,
                request = requests.recv() => match request {
                    Some(request) => batch.extend(self.take(request)),
                    None => break,
                },
                Some(input) = self.from_network.recv() => batch.extend(self.admitted(input)),
                () = tokio::time::sleep(pause) => {}
            }
            while batch.len() < BATCH {
                match (requests.try_recv(), self.from_network.try_recv()) {
                    (Err(_), Err(_)) => break,
                    (request, input) => {
                        batch.extend(request.ok().and_then(|request| self.take(request)));
                        batch.extend(input.ok().and_then(|input| self.admitted(input)));
                    }
                }
            }
            self.turn(batch);
            // Writers and timers of this thread get their turn, also under load.
            tokio::task::yield_now().await;
        }
        self.in_flight.cancel_all();
        self.drop_engine();
    }

    /// Closes the sockets, which takes as long as it takes to say so.
    pub(super) async fn say_goodbye(&mut self) {
        let ending = std::mem::take(&mut self.sockets).into_values();
        let said = futures_util::future::join_all(ending.map(Outbound::end));
        let _ = tokio::time::timeout(GOODBYE, said).await;
    }

    pub(super) fn take(&mut self, request: Request) -> Option<Input> {
        match request {
            Request::Hint(input) => {
                self.hints.note(&input);
                Some(input)
            }
            Request::Command { body, reply } => {
                self.last_command += 1;
                let command = CommandId(self.last_command);
                self.waiting.insert(command, reply);
                Some(Input::Command { command, body })
            }
        }
    }

    /// What the network said, unless it answers something that was called off.
    pub(super) fn admitted(&mut self, input: Input) -> Option<Input> {
        if let Input::Socket { event, .. } = &input
            && let SocketEvent::Frame(ServerFrame::Ready(ready)) = event
        {
            self.published
                .file_bytes
                .send_replace(ready.limits.file_bytes);
        }
        self.in_flight.admit(&input).then_some(input)
    }

    fn sleep(&self) -> Duration {
        let reopen = match (self.reopen_at, &self.engine) {
            (Some(at), _) => Some(at.saturating_duration_since(Instant::now())),
            // Nobody has tried yet: the app may, at once, or else this.
            (None, None) => Some(REOPEN_PAUSE),
            (None, Some(_)) => None,
        };
        let deadline = self
            .engine
            .as_ref()
            .and_then(Engine::next_timeout)
            .map(|deadline| deadline.at.until(clock::now().mono));
        reopen
            .into_iter()
            .chain(deadline)
            .chain([LONGEST_SLEEP])
            .min()
            .unwrap_or(LONGEST_SLEEP)
    }

    pub(super) fn answer(&mut self, command: CommandId, reply: Result<Reply, CommandError>) {
        if let Some(waiting) = self.waiting.remove(&command) {
            // The caller may have stopped waiting.
            let _ = waiting.send(reply);
        }
    }
}

/// Told to stop, this one or all, or nobody is left who could.
async fn stopped(stopping: &mut watch::Receiver<bool>, over: &mut watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => {}
        _ = over.wait_for(|over| *over) => {}
    }
}
