//! The loop on the driver's thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fulmar_engine::{
    CommandError, CommandId, Effect, Engine, Input, OpenError, Released, Reply, SocketEvent,
    SocketFailure, SocketId, Vault,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use super::carrier::Carrier;
use super::rest::Bed;
use super::{Request, Setup, WAITING_INPUTS, clock, foreign};
use crate::client::BuildError;
use crate::files::Files;
use crate::runtime::outlets::Outlets;
use crate::transport::{Outbound, SocketTask};

/// How many waiting inputs share a transaction at most.
const BATCH: usize = 256;
/// The timer below counts no suspended time, the engine's clock does: look at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

pub(super) type Waiting = oneshot::Sender<Result<Reply, CommandError>>;

pub(super) struct Driver {
    pub(super) setup: Setup,
    pub(super) vault: Option<Arc<dyn Vault>>,
    pub(super) outlets: Outlets,
    pub(super) carrier: Carrier,
    pub(super) engine: Option<Engine>,
    /// When a store that failed is opened again.
    pub(super) reopen_at: Option<Instant>,
    pub(super) sockets: BTreeMap<SocketId, Outbound>,
    pub(super) waiting: BTreeMap<CommandId, Waiting>,
    pub(super) last_command: u64,
    pub(super) network: mpsc::Sender<Input>,
    pub(super) from_network: mpsc::Receiver<Input>,
}

/// Runs until it is told to stop, or nobody is left who could.
pub(crate) fn run(
    setup: Setup,
    outlets: Outlets,
    files: Arc<Files>,
    requests: mpsc::Receiver<Request>,
    bed: Bed,
    stopping: watch::Receiver<bool>,
    opened: oneshot::Sender<Result<Handle, BuildError>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_name("fulmar-io")
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = error.to_string();
            let _ = opened.send(Err(OpenError::Unusable { reason }.into()));
            return;
        }
    };
    let (network, from_network) = mpsc::channel(WAITING_INPUTS);
    let vault = match runtime.block_on(foreign::vault(&setup)) {
        Ok(vault) => vault,
        Err(reason) => {
            let _ = opened.send(Err(BuildError::Secrets { reason }));
            return;
        }
    };
    let carrier = Carrier {
        http: setup.transport.http.clone(),
        files,
        inputs: network.clone(),
    };
    let mut driver = Driver {
        carrier,
        setup,
        vault,
        outlets,
        engine: None,
        reopen_at: None,
        sockets: BTreeMap::new(),
        waiting: BTreeMap::new(),
        last_command: 0,
        network,
        from_network,
    };
    let outcome = runtime.block_on(async {
        let released = driver.open_patiently()?;
        driver.carry_out(released);
        Ok(())
    });
    match outcome {
        Ok(()) => {
            let _ = opened.send(Ok(runtime.handle().clone()));
        }
        Err(error) => {
            let _ = opened.send(Err(BuildError::Store(error)));
            return;
        }
    }
    runtime.block_on(driver.drive(requests, bed, stopping));
    driver.outlets.readers.close();
    drop(driver);
    // Sockets that are saying goodbye get a moment; reads that are under way end by themselves.
    runtime.shutdown_timeout(Duration::from_millis(100));
}

impl Driver {
    async fn drive(
        &mut self,
        mut requests: mpsc::Receiver<Request>,
        mut bed: Bed,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            let mut batch = Vec::new();
            if *bed.wanted.borrow_and_update() {
                self.lie_down(&mut requests);
                bed.resting.send_replace(true);
                tokio::select! {
                    biased;
                    () = stopped(&mut stopping) => break,
                    _ = bed.wanted.wait_for(|wanted| !wanted) => {}
                }
                self.get_up().await;
                bed.resting.send_replace(false);
            }
            let pause = self.sleep();
            tokio::select! {
                biased;
                // Told to stop, or everyone who could tell is gone.
                () = stopped(&mut stopping) => break,
                _ = bed.wanted.changed() => continue,
                request = requests.recv() => match request {
                    Some(request) => batch.extend(self.take(request)),
                    None => break,
                },
                Some(input) = self.from_network.recv() => batch.push(input),
                () = tokio::time::sleep(pause) => {}
            }
            while batch.len() < BATCH {
                match (requests.try_recv(), self.from_network.try_recv()) {
                    (Err(_), Err(_)) => break,
                    (request, input) => {
                        batch.extend(request.ok().and_then(|request| self.take(request)));
                        batch.extend(input);
                    }
                }
            }
            self.turn(batch);
            // Writers and timers of this thread get their turn, also under load.
            tokio::task::yield_now().await;
        }
        self.sockets.clear();
        self.engine = None;
    }

    pub(super) fn take(&mut self, request: Request) -> Option<Input> {
        match request {
            Request::Hint(input) => Some(input),
            Request::Command { body, reply } => {
                self.last_command += 1;
                let command = CommandId(self.last_command);
                self.waiting.insert(command, reply);
                Some(Input::Command { command, body })
            }
        }
    }

    fn sleep(&self) -> Duration {
        let reopen = self
            .reopen_at
            .map(|at| at.saturating_duration_since(Instant::now()));
        let deadline = self
            .engine
            .as_ref()
            .and_then(Engine::next_deadline)
            .map(|deadline| deadline.at.until(clock::now().mono));
        reopen
            .into_iter()
            .chain(deadline)
            .chain([LONGEST_SLEEP])
            .min()
            .unwrap_or(LONGEST_SLEEP)
    }

    /// One transaction for the whole batch; if that fails, as after a crash: open the store again, and try
    /// what the app wants one at a time. What the network said was for an engine that is gone.
    pub(super) fn turn(&mut self, mut batch: Vec<Input>) {
        if self.engine.is_none() {
            batch.retain(is_the_apps);
            if !self.reopen() {
                return self.refuse(batch, "the store is not open");
            }
        }
        let alone = batch.len() == 1;
        let again: Vec<Input> = batch.iter().filter(|it| is_the_apps(it)).cloned().collect();
        let Err(reason) = self.handle(batch) else {
            return;
        };
        self.let_go("the store failed", &again);
        if alone {
            return self.refuse(again, &reason);
        }
        for input in again {
            if self.engine.is_none() && !self.reopen() {
                self.refuse(vec![input], "the store is not open");
            } else if let Err(reason) = self.handle(vec![input.clone()]) {
                self.refuse(vec![input], &reason);
            }
        }
    }

    fn handle(&mut self, batch: Vec<Input>) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            return Err("the store is not open".to_owned());
        };
        match engine.handle(batch, clock::now()) {
            Ok(released) => {
                self.carry_out(released);
                Ok(())
            }
            Err(failed) => {
                tracing::error!(%failed, "a transaction failed");
                self.engine = None;
                Err(failed.to_string())
            }
        }
    }

    fn refuse(&mut self, batch: Vec<Input>, reason: &str) {
        for input in batch {
            if let Input::Command { command, .. } = input {
                let reason = reason.to_owned();
                self.answer(command, Err(CommandError::Store { reason }));
            }
        }
    }

    pub(super) fn carry_out(&mut self, released: Released) {
        for effect in released {
            match effect {
                Effect::OpenSocket {
                    socket,
                    access_token,
                } => {
                    let task = SocketTask {
                        socket,
                        transport: self.setup.transport.clone(),
                        inputs: self.network.clone(),
                    };
                    self.sockets.clear();
                    self.sockets.insert(socket, task.start(access_token));
                }
                Effect::SendFrame { socket, frame } => self.send(socket, frame),
                Effect::CloseSocket { socket } => {
                    self.sockets.remove(&socket);
                }
                Effect::Request {
                    request,
                    call,
                    access_token,
                } => {
                    let http = self.setup.transport.http.clone();
                    let network = self.network.clone();
                    tokio::spawn(async move {
                        let result = http.ask(&call, access_token.as_ref()).await;
                        // The driver is gone only when everything is.
                        let _ = network.send(Input::Answer { request, result }).await;
                    });
                }
                Effect::SendChunk {
                    request,
                    part,
                    access_token,
                } => self.carrier.send(request, part, access_token),
                Effect::FetchChunk {
                    request,
                    part,
                    size,
                    access_token,
                } => self.carrier.fetch(request, part, size, access_token),
                Effect::Downloading {
                    content,
                    received,
                    state,
                } => self.outlets.downloading(content, received, state),
                Effect::DownloadEnded { content } => self.outlets.download_ended(content),
                Effect::DropFiles => self.carrier.drop_files(),
                Effect::FetchToken { request, user_id } => {
                    let provider = self.setup.token_provider.clone();
                    let patience = self.setup.config.token_timeout;
                    let inputs = self.network.clone();
                    tokio::spawn(async move {
                        let result = foreign::token(provider, user_id, patience).await;
                        let _ = inputs.send(Input::Token { request, result }).await;
                    });
                }
                Effect::Reply { command, reply } => self.answer(command, reply),
                Effect::Connection(state) => {
                    self.outlets.connection.send_replace(state);
                }
                Effect::Session(state) => {
                    self.outlets.session.send_replace(state);
                }
                Effect::Typing {
                    conversation,
                    users,
                } => self.outlets.typing(conversation, users),
                Effect::Presence(people) => self.outlets.present(people),
                Effect::Changed(topic) => self.outlets.watchers.changed(topic),
            }
        }
    }

    fn send(&mut self, socket: SocketId, frame: fulmar_protocol::ClientFrame) {
        let Some(outbound) = self.sockets.get(&socket) else {
            return;
        };
        if outbound.try_send(frame).is_err() {
            // Full or gone: nothing goes through any more. The engine is told by the same way as
            // of any other broken socket.
            self.sockets.remove(&socket);
            let network = self.network.clone();
            let failure = SocketFailure::Unreachable("frames do not get through".to_owned());
            let event = SocketEvent::Failed(failure);
            tokio::spawn(async move {
                let _ = network.send(Input::Socket { socket, event }).await;
            });
        }
    }

    pub(super) fn answer(&mut self, command: CommandId, reply: Result<Reply, CommandError>) {
        if let Some(waiting) = self.waiting.remove(&command) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(reply);
        }
    }
}

/// Whether an input comes from the app, and means the same to any engine.
fn is_the_apps(input: &Input) -> bool {
    match input {
        Input::Command { .. }
        | Input::Typing { .. }
        | Input::Network(_)
        | Input::App(_)
        | Input::CancelDownload(_) => true,
        Input::Socket { .. }
        | Input::Answer { .. }
        | Input::Transferred { .. }
        | Input::Token { .. } => false,
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
