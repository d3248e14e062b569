//! The driver and its store: opening it, letting go of it, and opening it again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fulmar_engine::{
    CommandError, CommandId, ConnectionState, Engine, Input, Now, OpenError, Reader, Released,
    Store, WaitReason, query,
};
use fulmar_protocol::{DeviceId, OperationKey};
use tokio::sync::mpsc;

use super::driver::{Driver, REOPEN_PAUSE};
use super::setup::{Request, WAITING_INPUTS};
use crate::clock;

/// How long a store may stay locked by a client that is just ending.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

impl Driver {
    /// Sees to it that there is an engine. Otherwise says why there is none.
    pub(super) fn reopen(&mut self) -> Result<(), String> {
        if self.engine.is_some() {
            return Ok(());
        }
        if self.reopen_at.is_some_and(|at| at > Instant::now()) {
            return Err(self.closed_because.clone());
        }
        match self.open(clock::now()) {
            Ok(released) => {
                self.reopen_at = None;
                self.published.start_anew();
                self.carry_out(released);
                self.handle(self.hints.inputs())
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot be opened again");
                self.wait_for_the_store(&error);
                Err(self.closed_because.clone())
            }
        }
    }

    /// There is no engine for now. It is tried again; meanwhile commands and the screen are told why.
    fn wait_for_the_store(&mut self, error: &OpenError) {
        self.reopen_at = Some(Instant::now() + REOPEN_PAUSE);
        self.closed_because = error.to_string();
        self.published
            .connection
            .send_replace(ConnectionState::Waiting {
                reason: WaitReason::StoreFailed {
                    reason: error.to_string(),
                },
                retry_at: None,
                attempt: 0,
            });
    }

    /// Begins without an engine when the disk is full: what is in the store can be read.
    pub(super) fn begin_reading(&mut self) -> Result<(), OpenError> {
        // It also looks whether this is a store of ours, of this version, with all that was promised.
        let reader = Reader::open_alone(&self.setup.path)?;
        let session = query::session(&reader, self.vault.as_deref())?;
        if let (Some(expected), Some(owner)) = (&self.setup.owner, session.user_id())
            && expected != owner
        {
            return Err(OpenError::OtherUser {
                owner: owner.clone(),
                expected: expected.clone(),
            });
        }
        self.published.session.send_replace(session);
        self.wait_for_the_store(&OpenError::DiskFull);
        Ok(())
    }

    /// A client of this store that was dropped a moment ago may still be letting go of it.
    pub(super) fn open_patiently(&mut self) -> Result<Released, OpenError> {
        let give_up = Instant::now() + LOCK_PATIENCE;
        loop {
            match self.open(clock::now()) {
                Err(OpenError::AlreadyOpen { .. }) if Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => return other,
            }
        }
    }

    pub(super) fn open(&mut self, now: Now) -> Result<Released, OpenError> {
        let readers = Arc::clone(&self.published.readers);
        let _way = readers.make_way();
        let mut store = Store::open(&self.setup.path)?;
        if let Some(vault) = &self.vault {
            store = store.with_vault(Arc::clone(vault));
        }
        let random = clock::random().ok_or_else(|| OpenError::Unusable {
            reason: "the system has no randomness".to_owned(),
        })?;
        // A UUID is a valid id; only a store that is new takes this one.
        let fresh = OperationKey::from_parts(now.wall, random).to_string();
        let device = DeviceId::new(fresh).map_err(|error| OpenError::Unusable {
            reason: error.to_string(),
        })?;
        let config = self.setup.config.clone();
        let pace = self.pace.clone();
        let (engine, released) = Engine::reopen(store, config, device, now, pace)?;
        if let (Some(expected), Some(owner)) = (&self.setup.owner, engine.user_id())
            && expected != owner
        {
            return Err(OpenError::OtherUser {
                owner: owner.clone(),
                expected: expected.clone(),
            });
        }
        self.engine = Some(engine);
        self.stop_listening();
        Ok(released)
    }

    /// Closes the store. What was tried in vain counts for the next engine, too.
    pub(super) fn drop_engine(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.pace = engine.into_pace();
        }
    }

    /// What an engine before this one asked for has numbers that mean something else now: it is called off, and
    /// its answers go nowhere.
    fn stop_listening(&mut self) {
        self.sockets.clear();
        self.in_flight.cancel_all();
        (self.network, self.from_network) = mpsc::channel(WAITING_INPUTS);
    }

    /// Handles the requests that were handed over before it closes the store. Those that need the network are
    /// told that there is none.
    pub(super) fn suspend(&mut self, requests: &mut mpsc::Receiver<Request>) {
        while let Ok(request) = requests.try_recv() {
            let batch = self.take(request).into_iter().collect();
            self.turn(batch);
        }
        self.let_go("the app was suspended", &[]);
        self.published
            .connection
            .send_replace(ConnectionState::Waiting {
                reason: WaitReason::Background,
                retry_at: None,
                attempt: 0,
            });
    }

    pub(super) async fn resume(&mut self) {
        self.reopen_at = None;
        let give_up = Instant::now() + LOCK_PATIENCE;
        // A notification extension may be at it for a moment.
        while self.reopen().is_err() && Instant::now() < give_up {
            self.reopen_at = None;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The engine is gone, and with it what it had been asked for: nobody waits in vain. What is asked for
    /// in `again` is asked for once more.
    pub(super) fn let_go(&mut self, reason: &str, again: &[Input]) {
        self.drop_engine();
        self.sockets.clear();
        self.in_flight.cancel_all();
        let anew: Vec<CommandId> = again.iter().filter_map(command_of).collect();
        let waiting: Vec<CommandId> = self.waiting.keys().copied().collect();
        for command in waiting.into_iter().filter(|it| !anew.contains(it)) {
            let reason = reason.to_owned();
            self.answer(command, Err(CommandError::Unreachable { reason }));
        }
    }
}

/// Who waits for an answer to this input.
fn command_of(input: &Input) -> Option<CommandId> {
    if let Input::Command { command, .. } = input {
        Some(*command)
    } else {
        None
    }
}
