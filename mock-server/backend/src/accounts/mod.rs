//! Accounts: who may sign in, what others see of a user, and which users a user has blocked
//! (PROTOCOL.md §7.1, §7.2, §7.4).
//!
//! It owns the tables `user` (but for the columns of the log), `deleted_user`, `session` and `block`. It
//! writes nothing to logs and closes no socket: it reports what happened as [`AccountNews`].

mod blocks;
mod chosen;
mod guesses;
mod password;
mod profile;
mod registrations;
mod sessions;
mod tokens;

use std::cell::RefCell;
use std::time::Duration;

use fulmar_protocol::{Code, RegisterRequest, Secret, Session, UserId, UserUpdated};

pub(crate) use sessions::Refreshed;

use crate::config::Config;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::users::{self, write};
use crate::tx::Tx;
use guesses::Guesses;
use registrations::Registrations;
use tokens::Keys;

/// The shortest password of a user who registers, in bytes (PROTOCOL.md §7.1).
const PASSWORD_BYTES: usize = 8;

/// The accounts.
pub(crate) struct Accounts {
    keys: Keys,
    access_token_lifetime: Duration,
    guesses: RefCell<Guesses>,
    registrations: RefCell<Registrations>,
}

/// What happened to an account, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccountNews {
    Registered(UserId),
    SessionStarted(UserId),
    SessionEnded {
        user_id: UserId,
        session_id: String,
    },
    Blocked {
        user_id: UserId,
        blocked: UserId,
    },
    Unblocked {
        user_id: UserId,
        unblocked: UserId,
    },
    ProfileChanged(UserUpdated),
    /// Whether others see that the user is there.
    PresenceSettingChanged(UserId),
    Deleted(UserId),
}

/// An answer, and what others have to hear of.
pub(crate) type WithNews<T> = (T, Vec<AccountNews>);

impl Accounts {
    pub(crate) fn new(secret: &[u8], config: &Config) -> Self {
        Self {
            keys: Keys::new(secret),
            access_token_lifetime: config.access_token_lifetime,
            guesses: RefCell::new(Guesses::new(config.wrong_passwords_per_minute, secret)),
            registrations: RefCell::new(Registrations::new(config.registrations_per_minute)),
        }
    }

    pub(crate) fn add_user(
        &self,
        tx: &mut Tx<'_>,
        user_id: &UserId,
        name: &str,
        password: &Secret,
    ) -> Result<()> {
        let name = chosen::name(name)?;
        let hash = password::hash(password, tx.entropy().bytes())?;
        let log_id = tx.entropy().id("log-");
        let added = write::insert(tx.db(), user_id, &name, &hash, &log_id)?;
        if added || active(Defect::RegistersTwice) {
            Ok(())
        } else {
            Err(taken())
        }
    }

    pub(crate) fn register(
        &self,
        tx: &mut Tx<'_>,
        request: &RegisterRequest,
    ) -> Result<WithNews<Session>> {
        let short = request.password.expose().len() < PASSWORD_BYTES;
        if short && !active(Defect::ShortPasswords) {
            return Err(Error::invalid("The password is too short"));
        }
        let user = &request.user_id;
        chosen::check_id(user)?;
        let passed_over = active(Defect::LookAlikes) || active(Defect::RegistersTwice);
        if users::looks_taken(tx.db(), user)? && !passed_over {
            return Err(taken());
        }
        self.registrations.borrow_mut().count(tx.now())?;
        self.add_user(tx, user, &request.name, &request.password)?;
        let (session, started) = self.start_session(tx, user, &request.device_id)?;
        let mut news = vec![AccountNews::Registered(user.clone())];
        news.extend(started);
        Ok((session, news))
    }

    /// Refuses an id that is nobody's.
    pub(crate) fn check_known(&self, tx: &Tx<'_>, user: &UserId) -> Result<()> {
        if users::find(tx.db(), user)?.is_some() {
            Ok(())
        } else {
            Err(Error::no_such_user())
        }
    }

    /// Deletes an account with its sessions. What the user wrote is other rooms' to delete, and before.
    pub(crate) fn delete(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<AccountNews>> {
        write::delete(tx.db(), user)?;
        Ok(vec![AccountNews::Deleted(user.clone())])
    }
}

fn taken() -> Error {
    Error::refused(
        Code::UserExists,
        "There is such a user already, or one whose id looks like that",
    )
}

#[cfg(test)]
mod tests;
