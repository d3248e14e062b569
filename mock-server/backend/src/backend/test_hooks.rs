//! What only a test does to a backend: acting as anybody, going back to an earlier state, cutting and
//! renaming logs.
//!
//! It must not bend a rule: an operation that a user may not do is refused here as well.

use fulmar_protocol::{
    Conversation, DeviceId, LogId, Operation, Outcome, Problem, ResetFrame, Secret, Seq,
    ServerFrame, Timestamp, UserId,
};
use rusqlite::Connection;

use super::Backend;
use crate::config::Config;
use crate::edge::notify::notify;
use crate::edge::sockets::{Outgoing, SocketId};
use crate::error::{BackendError, Error};
use crate::operations::apply_all;
use crate::service::{Checkpoint, Service};
use crate::store::Described;
use crate::store::{log, users};

impl Backend {
    /// A backend on a database that the test watches.
    ///
    /// # Errors
    /// When the database is not one of this backend, or cannot be read.
    pub fn adopt(
        connection: Connection,
        config: Config,
        seed: [u8; 32],
    ) -> Result<Self, BackendError> {
        Service::adopt(connection, config, seed).map(Self::new)
    }

    /// Applies operations as a user, without a token.
    ///
    /// # Errors
    /// A problem when there is no such user, or when they are refused as a whole.
    pub fn act(
        &mut self,
        user: &UserId,
        operations: &[Operation],
        now: Timestamp,
    ) -> (Result<Vec<Outcome>, Problem>, Vec<Outgoing>) {
        let applied = self.service.run(now, |rooms, tx| {
            rooms.accounts.check_known(tx, user)?;
            apply_all(rooms, tx, user, operations)
        });
        match applied {
            Ok((outcomes, pending)) => {
                let outgoing = notify(&mut self.service, &mut self.sockets, pending, now);
                (Ok(outcomes), outgoing)
            }
            Err(error) => (Err(error.into_problem()), Vec::new()),
        }
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
    ) -> Result<Secret, Problem> {
        let token = self.service.quiet(now, |rooms, tx| {
            rooms.accounts.check_known(tx, user)?;
            let (session, news) = rooms.accounts.start_session(tx, user, device)?;
            rooms.pass_on(tx, news)?;
            Ok(session.access_token)
        });
        token.map_err(Error::into_problem)
    }

    /// The conversations of a user, as `GET /v1/conversations` gives them.
    ///
    /// # Errors
    /// A problem when there is no such user.
    pub fn conversations_for(
        &mut self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Vec<Conversation>, Problem> {
        let conversations = self.service.quiet(now, |rooms, tx| {
            rooms.accounts.check_known(tx, user)?;
            rooms.conversations.list(tx, user)
        });
        conversations.map_err(Error::into_problem)
    }

    /// Who has said hello over a socket, and on which device.
    #[must_use]
    pub fn caller_of_socket(&self, socket: SocketId) -> Option<(&UserId, &DeviceId)> {
        let caller = self.sockets.who(socket)?;
        Some((&caller.user_id, &caller.device_id))
    }

    /// Whose access token this is; `None` when it is nobody's, or has run out.
    pub fn caller_of(&mut self, token: &str, now: Timestamp) -> Option<(UserId, DeviceId)> {
        let caller = self.service.quiet(now, |rooms, tx| {
            rooms.accounts.authenticate(tx, Some(token))
        });
        caller.ok().map(|caller| (caller.user_id, caller.device_id))
    }

    /// Which log is a user's, and its newest event.
    ///
    /// # Errors
    /// A problem when there is no such user.
    pub fn log_of(&mut self, user: &UserId, now: Timestamp) -> Result<(LogId, Seq), Problem> {
        let state = self.service.quiet(now, |rooms, tx| {
            rooms.accounts.check_known(tx, user)?;
            log::state(tx.db(), user)
        });
        let state = state.map_err(Error::into_problem)?;
        Ok((state.log_id, state.head))
    }

    /// Forgets the events of a user's log so far, as a server does that keeps only a while: devices
    /// that have not seen them get a reset.
    pub fn cut_log(&mut self, user: &UserId, now: Timestamp) {
        let cut = self.service.quiet(now, |rooms, tx| rooms.log.cut(tx, user));
        cut.unwrap_or_else(Error::report);
    }

    /// Gives a user's log another name (PROTOCOL.md §6.3): every device has to take a snapshot.
    pub fn reset_log(&mut self, user: &UserId, now: Timestamp) -> Vec<Outgoing> {
        let renamed = self.service.quiet(now, |rooms, tx| {
            let log_id = rooms.log.rename(tx, user)?;
            let head = log::state(tx.db(), user)?.head;
            Ok(ResetFrame { log_id, head })
        });
        let Ok(reset) = renamed else {
            // There is no such user.
            return Vec::new();
        };
        let reset = |socket| Outgoing::Frame {
            socket,
            frame: ServerFrame::Reset(reset.clone()),
        };
        self.sockets.of(user).into_iter().map(reset).collect()
    }

    /// How far the description of a world was carried out in this database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn described(&self) -> Result<Described, BackendError> {
        self.service.described()
    }

    /// Remembers how far the description of a world was carried out, also in a later process.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_described(&mut self, how: Described) -> Result<(), BackendError> {
        self.service.set_described(how)
    }

    /// Remembers everything as it is now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, BackendError> {
        self.service.checkpoint()
    }

    /// A replica that has come as far as a checkpoint, and comes no farther: its logs have the same names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn replica(&self, as_of: &Checkpoint) -> Result<Self, BackendError> {
        self.service.copy_of(as_of).map(Self::new)
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
    ) -> Result<(), BackendError> {
        self.sockets.clear();
        let Some(checkpoint) = from else {
            return Ok(());
        };
        self.service.restore(checkpoint)?;
        let renamed = self.service.quiet(now, |rooms, tx| {
            for user in users::ids(tx.db())? {
                rooms.log.rename(tx, &user)?;
            }
            Ok(())
        });
        renamed.map_err(|error| BackendError::Refused(error.into_problem()))
    }
}
