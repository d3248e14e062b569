//! What a test does to a world, from Rust or over the admin API.

use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{AuditEntry, BackendError, RecordedPush};
use fulmar_protocol::{
    Code, Conversation, DeviceId, Operation, OperationKey, Outcome, OutcomeStatus, Problem, Secret,
    Timestamp, UserId,
};
use serde_json::Value;

use crate::core::Core;
use crate::fault::{Faults, Network, Restart, Who};
use crate::journal::Journal;
use crate::robot::{self, Act, Robot};

/// A world of a mock server: its own users, conversations, clock, faults and journal.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) core: Arc<Core>,
}

impl World {
    /// Its name on the server; `main` is the one that every server has.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its base URL, such as `http://127.0.0.1:4000` or `http://127.0.0.1:4000/worlds/w1`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Adds a user, who is called as their id.
    ///
    /// # Errors
    /// When there is such a user already, or it is no id.
    pub fn add_user(&self, user_id: &str, password: &str) -> Result<(), BackendError> {
        self.core.add_user(user_id, user_id, password)
    }

    /// What goes wrong with the network.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// What passed through the server, and a way to wait for what has to.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.core.journal
    }

    /// From now on the network is like this for everybody, instead of how it was set before.
    pub fn set_network(&self, network: Network) {
        self.core.set_network(None, network);
    }

    /// The same for one user, as far as it is known who that is: not while they sign in.
    pub fn set_network_of(&self, user_id: &str, network: Network) {
        self.core.set_network(Some(user_id), network);
    }

    /// Cuts a user off: open connections break without a word, and new ones get no answer, until
    /// [`World::reconnect`]. Signing in still works, because nobody knows who that is yet.
    pub fn disconnect(&self, user_id: &str) {
        self.core.cut_off(user_id);
    }

    /// Lets a user back in.
    pub fn reconnect(&self, user_id: &str) {
        self.core.let_in(user_id);
    }

    /// Breaks the open connections of a user once.
    pub fn cut(&self, user_id: &str) {
        self.core.cut_user(user_id);
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// Moves the clock forward: tokens run out, robots and delays have waited, and so on.
    pub fn advance(&self, by: Duration) {
        self.core.advance(by);
    }

    /// Time stands still, until [`World::advance`] moves it or [`World::start_clock`] lets it go on.
    pub fn stop_clock(&self) {
        self.core.clock.stop();
    }

    /// Time passes again as it does outside.
    pub fn start_clock(&self) {
        self.core.clock.start();
    }

    /// Forgets the events of a user's log so far: devices that have not seen them get a reset.
    ///
    /// # Errors
    /// When it is no user id.
    pub fn cut_log(&self, user_id: &str) -> Result<(), BackendError> {
        self.core.cut_log(&user(user_id)?);
        Ok(())
    }

    /// Gives a user's log another name, as after a backup was restored: every device of theirs takes a snapshot.
    ///
    /// # Errors
    /// When it is no user id.
    pub fn reset_log(&self, user_id: &str) -> Result<(), BackendError> {
        self.core.reset_log(&user(user_id)?);
        Ok(())
    }

    /// Plants a defect in the backend of this world.
    #[cfg(feature = "defects")]
    pub fn plant(&self, defect: fulmar_backend::Defect) {
        self.core.with_backend(|backend, _| {
            backend.plant(Some(defect));
            ((), Vec::new())
        });
    }

    /// Remembers everything as it is now, for [`Restart::Losing`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn checkpoint(&self) -> Result<(), BackendError> {
        self.core.checkpoint()
    }

    /// Every connection breaks, as if the server was started anew.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn restart(&self, how: Restart) -> Result<(), BackendError> {
        self.core.restart(how)
    }

    /// Sets a robot going.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_robot(&self, robot: Robot) -> Result<(), BackendError> {
        robot::start(Arc::clone(&self.core), robot)
    }

    /// Does something as a participant, and gives what became of each operation.
    ///
    /// # Errors
    /// When there is no such user or conversation, and when an operation is refused: the steps after it are not
    /// taken.
    pub async fn act(&self, act: Act) -> Result<Vec<Outcome>, BackendError> {
        act.perform(&self.core).await
    }

    /// The conversations of a user as they see them, the last active first.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn conversations_of(&self, user_id: &str) -> Result<Vec<Conversation>, BackendError> {
        self.core.conversations_of(&user(user_id)?)
    }

    /// Every push notification that was recorded so far, the oldest first: one for each user who had
    /// no live connection when a message came, and has not muted the conversation.
    #[must_use]
    pub fn pushes(&self) -> Vec<RecordedPush> {
        self.core
            .with_backend(|backend, now| (backend.pushes(now), Vec::new()))
    }

    /// Who did what so far, in its order, but never a text.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.core
            .with_backend(|backend, now| (backend.audit(now), Vec::new()))
    }

    /// Ends every session of a user, as an administrator would.
    ///
    /// # Errors
    /// When it is no user id.
    pub fn revoke_sessions(&self, user_id: &str) -> Result<(), BackendError> {
        self.core.revoke_sessions(&user(user_id)?);
        Ok(())
    }
}

impl Core {
    pub(crate) fn add_user(
        &self,
        user_id: &str,
        name: &str,
        password: &str,
    ) -> Result<(), BackendError> {
        let user = user(user_id)?;
        let password = Secret::from(password);
        self.with_backend(|backend, now| {
            let added = backend.add_user(&user, name, &password, now);
            (added, Vec::new())
        })
    }

    pub(crate) fn cut_off(&self, user_id: &str) {
        self.faults.set_offline(user_id, true);
        self.cut_user(user_id);
    }

    pub(crate) fn let_in(&self, user_id: &str) {
        self.faults.set_offline(user_id, false);
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.with_backend(|backend, now| ((), backend.tick(now)));
    }

    pub(crate) fn set_network(&self, user: Option<&str>, network: Network) {
        self.faults.set_network(user, network);
        match user {
            _ if !network.breaks_connections() => {}
            Some(user) => self.cut_user(user),
            None => self.cut_all(),
        }
    }

    pub(crate) fn cut_log(&self, user: &UserId) {
        self.with_backend(|backend, now| (backend.cut_log(user, now), Vec::new()));
    }

    pub(crate) fn reset_log(&self, user: &UserId) {
        self.with_backend(|backend, now| ((), backend.reset_log(user, now)));
    }

    /// Resets the log of the user of a connection, if that user is known.
    pub(crate) fn reset_log_of(&self, who: &Who) {
        if let Some(user) = who.user.as_deref().and_then(|id| UserId::new(id).ok()) {
            self.reset_log(&user);
        }
    }

    pub(crate) fn revoke_sessions(&self, user: &UserId) {
        self.with_backend(|backend, now| ((), backend.revoke_sessions(user, now)));
    }

    /// A restart that nobody waits for.
    pub(crate) fn restart_by_fault(&self, how: Restart) {
        if let Err(error) = self.restart(how) {
            tracing::error!(%error, "the restart failed, and everything is as it was");
        }
    }

    pub(crate) fn conversations_of(
        &self,
        user: &UserId,
    ) -> Result<Vec<Conversation>, BackendError> {
        self.with_backend(|backend, now| (backend.conversations_for(user, now), Vec::new()))
            .map_err(BackendError::Refused)
    }

    /// Applies an operation as a user, `at` some time, and gives its outcome when it was applied.
    pub(crate) fn apply(
        &self,
        user: &UserId,
        (method, params): (&str, Value),
        at: Option<Timestamp>,
    ) -> Result<Outcome, BackendError> {
        let mut random = [0; 10];
        // Without randomness two keys could be the same: better no operation.
        getrandom::fill(&mut random).map_err(|error| refused(&error.to_string()))?;
        let outcomes = self.with_backend(|backend, now| {
            let operation = Operation {
                operation_key: OperationKey::from_parts(now, random),
                method: method.to_owned(),
                params,
            };
            backend.act(user, &[operation], at.unwrap_or(now))
        });
        match outcomes.map_err(BackendError::Refused)?.into_iter().next() {
            Some(Outcome {
                status: OutcomeStatus::Failed { problem },
                ..
            }) => Err(BackendError::Refused(problem)),
            Some(outcome) => Ok(outcome),
            None => Err(refused("there was no outcome")),
        }
    }

    pub(crate) fn open_session(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Secret, BackendError> {
        self.with_backend(|backend, now| (backend.open_session(user, device, now), Vec::new()))
            .map_err(BackendError::Refused)
    }
}

pub(crate) fn refused(why: &str) -> BackendError {
    let problem = Problem::new(Code::ParamsInvalid, "That cannot be done here");
    BackendError::Refused(problem.with_detail(why.to_owned()))
}

pub(crate) fn user(user_id: &str) -> Result<UserId, BackendError> {
    UserId::new(user_id).map_err(|error| {
        BackendError::Refused(
            Problem::new(Code::ParamsInvalid, "That is not a user id")
                .with_detail(error.to_string()),
        )
    })
}
