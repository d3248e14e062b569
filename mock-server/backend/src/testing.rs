//! What unit tests of the rooms stand on: a database in memory with a few users, and no edge.

use fulmar_protocol::{Code, OperationKey, Secret, Timestamp, UserId};
use rusqlite::Connection;

use crate::accounts::Accounts;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::rooms::Rooms;
use crate::store;
use crate::tx::{Database, Pending, Tx};

pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);
pub(crate) const PASSWORD: &str = "long-enough";

/// A database at a time that the test moves.
pub(crate) struct Stage {
    database: Database,
    pub(crate) now: Timestamp,
}

impl Stage {
    /// With these users, each named like their id.
    pub(crate) fn with(users: &[&str]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        store::prepare(&connection, &[7; 32]).unwrap();
        let mut stage = Self {
            database: Database::new(connection, Entropy::new([7; 32])),
            now: NOW,
        };
        let accounts = accounts();
        for name in users {
            let password = Secret::from(PASSWORD);
            stage.ok(|tx| accounts.add_user(tx, &user(name), name, &password));
        }
        stage
    }

    pub(crate) fn run<T>(
        &mut self,
        step: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<(T, Pending)> {
        self.database.transact(self.now, step)
    }

    /// Runs a step that has to succeed.
    pub(crate) fn ok<T>(&mut self, step: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> T {
        self.run(step).unwrap().0
    }

    /// Runs a step that has to be refused.
    pub(crate) fn refused<T>(&mut self, step: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Code {
        match self.run(step) {
            Ok(_) => panic!("it was not refused"),
            Err(Error::Refused(problem)) => problem.code,
            Err(Error::Internal(reason)) => panic!("{reason}"),
        }
    }
}

pub(crate) fn accounts() -> Accounts {
    Accounts::new(&[7; 32], &crate::config::Config::default())
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// All rooms, with settings that a test changes.
pub(crate) fn rooms(change: impl FnOnce(&mut Config)) -> Rooms {
    let mut config = Config::default();
    change(&mut config);
    Rooms::new(&config, &[7; 32])
}

/// The `number`th operation key.
pub(crate) fn key(number: u16) -> OperationKey {
    let [high, low] = number.to_be_bytes();
    OperationKey::from_parts(NOW, [0, 0, 0, 0, 0, 0, 0, 0, high, low])
}
