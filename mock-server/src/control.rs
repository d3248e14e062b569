//! What a test does to a running server, from Rust or over the admin API.

use std::time::Duration;

use fulmar_backend::{AuditEntry, BackendError, RecordedPush};
use fulmar_protocol::{Code, Problem, Secret, UserId};

use crate::core::Core;

impl Core {
    pub(crate) fn add_user(&self, user_id: &str, password: &str) -> Result<(), BackendError> {
        let user = user(user_id)?;
        let password = Secret::from(password);
        self.with_backend(|backend, now| {
            let added = backend.add_user(&user, user_id, &password, now);
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

    pub(crate) fn cut_log(&self, user_id: &str) -> Result<(), BackendError> {
        let user = user(user_id)?;
        self.with_backend(|backend, now| (backend.cut_log(&user, now), Vec::new()));
        Ok(())
    }

    pub(crate) fn pushes(&self) -> Vec<RecordedPush> {
        self.with_backend(|backend, now| (backend.pushes(now), Vec::new()))
    }

    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        self.with_backend(|backend, now| (backend.audit(now), Vec::new()))
    }

    pub(crate) fn revoke_sessions(&self, user_id: &str) -> Result<(), BackendError> {
        let user = user(user_id)?;
        self.with_backend(|backend, now| ((), backend.revoke_sessions(&user, now)));
        Ok(())
    }
}

fn user(user_id: &str) -> Result<UserId, BackendError> {
    UserId::new(user_id).map_err(|error| {
        BackendError::Refused(
            Problem::new(Code::ParamsInvalid, "That is not a user id")
                .with_detail(error.to_string()),
        )
    })
}
