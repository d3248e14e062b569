//! The front door: what the owner of the sockets, and tests, may ask of a backend.

mod demo;
mod test_hooks;

use std::path::Path;

use fulmar_protocol::{CloseCode, Secret, Timestamp, UserId};

use crate::config::Config;
use crate::defects::Planted;
use crate::edge::http::{self, HttpRequest, HttpResponse};
use crate::edge::notify::{close, forget, notify};
use crate::edge::sockets::{Outgoing, SocketId, Sockets};
use crate::edge::{frames, upkeep::Upkeep};
use crate::error::{BackendError, Error, Result};
use crate::service::Service;
use crate::store::audit::AuditEntry;
use crate::store::pushes::RecordedPush;

/// A backend with its state.
pub struct Backend {
    service: Service,
    sockets: Sockets,
    upkeep: Upkeep,
    planted: Planted,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend")
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}

impl Backend {
    /// A backend whose state goes with it. `seed` is random, except where a run is to be repeated.
    pub fn in_memory(config: Config, seed: [u8; 32]) -> std::result::Result<Self, BackendError> {
        Service::open(None, config, seed).map(Self::new)
    }

    /// A backend that keeps everything in a file: users, sessions, messages, logs and operation
    /// keys are there again after a restart.
    pub fn in_file(
        path: &Path,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        Service::open(Some(path), config, seed).map(Self::new)
    }

    fn new(service: Service) -> Self {
        Self {
            service,
            sockets: Sockets::default(),
            upkeep: Upkeep::default(),
            planted: Planted::default(),
        }
    }

    /// Plants a defect in this backend, or none.
    #[cfg(feature = "defects")]
    pub fn plant(&mut self, defect: Option<crate::defects::Defect>) {
        self.planted.plant(defect);
    }

    /// What this backend was set up with.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.service.config()
    }

    /// Handles a request. Never fails: what is wrong is in the response. What has to be sent over sockets
    /// because of it comes along.
    pub fn http(
        &mut self,
        request: &HttpRequest<'_>,
        now: Timestamp,
    ) -> (HttpResponse, Vec<Outgoing>) {
        let _acting = self.planted.acting();
        http::http(&mut self.service, &mut self.sockets, request, now)
    }

    /// A socket was opened, with the token of its handshake if it had one.
    pub fn connect(&mut self, token: Option<&str>, now: Timestamp) -> SocketId {
        self.sockets.open(token, now)
    }

    /// A socket is gone. A user who typed there, and does nowhere else, has stopped.
    pub fn disconnect(&mut self, socket: SocketId) -> Vec<Outgoing> {
        let _acting = self.planted.acting();
        forget(&mut self.service, &mut self.sockets, socket)
    }

    /// A text message came in.
    pub fn frame(&mut self, socket: SocketId, text: &str, now: Timestamp) -> Vec<Outgoing> {
        let _acting = self.planted.acting();
        frames::frame(&mut self.service, &mut self.sockets, socket, text, now)
    }

    /// Time passed: sockets whose token has run out, or that were silent for too long, are closed, and
    /// users who have not said for a while that they type have stopped.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Outgoing> {
        let _acting = self.planted.acting();
        self.upkeep.tick(&mut self.service, &mut self.sockets, now)
    }

    /// Closes every socket, because the server is going away.
    pub fn close_all(&mut self) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        for socket in self.sockets.ids() {
            let (service, sockets) = (&mut self.service, &mut self.sockets);
            outgoing.extend(close(service, sockets, socket, CloseCode::GoingAway));
        }
        outgoing
    }

    /// Adds a user who can sign in with a password.
    pub fn add_user(
        &mut self,
        user_id: &UserId,
        name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> std::result::Result<(), BackendError> {
        let added = self.service.quiet(now, |rooms, tx| {
            rooms.accounts.add_user(tx, user_id, name, password)
        });
        added.map_err(|error| BackendError::Refused(error.into_problem()))
    }

    /// Ends every session of a user, as an administrator would.
    pub fn revoke_sessions(&mut self, user_id: &UserId, now: Timestamp) -> Vec<Outgoing> {
        let ended = self.service.run(now, |rooms, tx| {
            let news = rooms.accounts.end_sessions_of(tx, user_id)?;
            rooms.pass_on(tx, news)
        });
        match ended {
            Ok(((), pending)) => notify(&mut self.service, &mut self.sockets, pending, now),
            Err(error) => {
                error.report();
                Vec::new()
            }
        }
    }

    /// Everything that was done so far, in its order.
    pub fn audit(&mut self, now: Timestamp) -> Vec<AuditEntry> {
        let entries = self.service.quiet(now, |rooms, tx| rooms.audit.entries(tx));
        or_empty(entries)
    }

    /// Every push so far, the oldest first.
    pub fn pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        or_empty(self.service.quiet(now, |rooms, tx| rooms.push.all(tx)))
    }

    /// The pushes that are to be handed over now.
    pub fn due_pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        or_empty(self.service.quiet(now, |rooms, tx| rooms.push.due(tx)))
    }

    /// A push was taken by what carries notifications, or was not: then it is tried again after 2, 4 and
    /// 8 seconds.
    pub fn push_handed_over(&mut self, push_id: u64, taken: bool, now: Timestamp) {
        let noted = self
            .service
            .quiet(now, |rooms, tx| rooms.push.handed_over(tx, push_id, taken));
        noted.unwrap_or_else(Error::report);
    }
}

/// For lists that no client waits for.
fn or_empty<T>(found: Result<Vec<T>>) -> Vec<T> {
    found.unwrap_or_else(|error| {
        error.report();
        Vec::new()
    })
}
