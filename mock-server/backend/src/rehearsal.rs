//! What only a test does to a backend: acting as anybody, going back to an earlier state, renaming logs.
//!
//! It must not bend a rule: an operation that a user may not do is refused here as well.

use fulmar_protocol::{
    Conversation, DeviceId, Operation, Outcome, Problem, ResetFrame, Secret, ServerFrame,
    Timestamp, UserId,
};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::edge::socket::{State, say};
use crate::store::{log, users};
use crate::{Backend, BackendError, Error, Outgoing, SocketId};

/// A state of the backend to come back to.
pub struct Checkpoint(Connection);

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint").finish_non_exhaustive()
    }
}

impl Backend {
    /// Applies operations as a user, without a token.
    ///
    /// # Errors
    /// A problem when there is no such user, or when they are refused as a whole.
    pub fn act(
        &mut self,
        user: &UserId,
        operations: &[Operation],
        now: Timestamp,
    ) -> (std::result::Result<Vec<Outcome>, Problem>, Vec<Outgoing>) {
        let (result, pending) = self.scoped(now, |scope| {
            scope.rooms.accounts.check_known(scope.tx, user)?;
            scope.apply_all(user, operations)
        });
        let outgoing = self.after(&pending, now);
        (result.map_err(Error::into_problem), outgoing)
    }

    /// Begins a session without a password, and gives its access token.
    ///
    /// # Errors
    /// A problem when there is no such user.
    pub fn open_session(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        now: Timestamp,
    ) -> std::result::Result<Secret, Problem> {
        let (session, _) = self.scoped(now, |scope| {
            scope.rooms.accounts.check_known(scope.tx, user)?;
            let (session, news) = scope.rooms.accounts.start_session(scope.tx, user, device)?;
            scope.rooms.pass_on(scope.tx, news)?;
            Ok(session)
        });
        session
            .map(|session| session.access_token)
            .map_err(Error::into_problem)
    }

    /// The conversations of a user, as `GET /v1/conversations` gives them.
    ///
    /// # Errors
    /// A problem when there is no such user.
    pub fn conversations_for(
        &mut self,
        user: &UserId,
        now: Timestamp,
    ) -> std::result::Result<Vec<Conversation>, Problem> {
        let (conversations, _) = self.scoped(now, |scope| {
            scope.rooms.accounts.check_known(scope.tx, user)?;
            scope.conversations_of(user)
        });
        conversations.map_err(Error::into_problem)
    }

    /// Who has said hello over a socket, and on which device.
    #[must_use]
    pub fn caller_of_socket(&self, socket: SocketId) -> Option<(&UserId, &DeviceId)> {
        match &self.sockets.get(&socket)?.state {
            State::Ready { caller, .. } => Some((&caller.user_id, &caller.device_id)),
            State::Greeting { .. } => None,
        }
    }

    /// Whose access token this is; `None` when it is nobody's, or has run out.
    pub fn caller_of(&mut self, token: &str, now: Timestamp) -> Option<(UserId, DeviceId)> {
        let (caller, _) = self.scoped(now, |scope| {
            scope.rooms.accounts.authenticate(scope.tx, Some(token))
        });
        caller.ok().map(|caller| (caller.user_id, caller.device_id))
    }

    /// Gives a user's log another name (PROTOCOL.md §6.3): every device has to take a snapshot.
    pub fn reset_log(&mut self, user: &UserId, now: Timestamp) -> Vec<Outgoing> {
        let (renamed, _) = self.scoped(now, |scope| {
            let log_id = scope.rooms.log.rename(scope.tx, user)?;
            let head = log::state(scope.tx.db(), user)?.head;
            Ok(ResetFrame { log_id, head })
        });
        let Ok(reset) = renamed else {
            // There is no such user.
            return Vec::new();
        };
        self.sockets
            .iter()
            .filter(|(_, socket)| {
                matches!(&socket.state, State::Ready { caller, .. } if caller.user_id == *user)
            })
            .map(|(id, _)| say(*id, ServerFrame::Reset(reset.clone())))
            .collect()
    }

    /// Remembers everything as it is now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn checkpoint(&self) -> std::result::Result<Checkpoint, BackendError> {
        let mut copy = Connection::open_in_memory()?;
        Backup::new(self.database.connection(), &mut copy)?.step(-1)?;
        Ok(Checkpoint(copy))
    }

    /// Goes on as after a restart: no socket is known any more. With a checkpoint everything is as it was then,
    /// and since numbers of events will be given out again, every log has a new name.
    ///
    /// # Errors
    /// When the database cannot be written; it is as it was then.
    pub fn restart(
        &mut self,
        from: Option<&Checkpoint>,
        now: Timestamp,
    ) -> std::result::Result<(), BackendError> {
        self.sockets.clear();
        let Some(Checkpoint(copy)) = from else {
            return Ok(());
        };
        Backup::new(copy, self.database.connection_mut())?.step(-1)?;
        let (renamed, _) = self.scoped(now, |scope| {
            for user in users::ids(scope.tx.db())? {
                scope.rooms.log.rename(scope.tx, &user)?;
            }
            Ok(())
        });
        renamed.map_err(|error| BackendError::Refused(error.into_problem()))
    }
}
