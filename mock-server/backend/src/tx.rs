//! One request: a database transaction, the time, randomness, and what has to be said to sockets and
//! devices once the transaction is committed.
//!
//! It knows no rules. Nothing of [`Pending`] may go out before the commit; after a rollback none of it
//! exists.

use std::collections::BTreeSet;
use std::rc::Rc;

use fulmar_protocol::{Message, OperationKey, Timestamp, UserId};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::defects::{Defect, active};
use crate::entropy::Entropy;
use crate::error::Result;

/// What waits for the commit.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Users with new events in their logs.
    pub(crate) notify_events: BTreeSet<UserId>,
    /// Users who share a conversation that they did not share before.
    pub(crate) notify_introduced: BTreeSet<UserId>,
    /// Pairs who do not see each other come and go any more.
    pub(crate) notify_separated: BTreeSet<(UserId, UserId)>,
    /// Users who show or hide from now on whether they are there.
    pub(crate) notify_presence: BTreeSet<UserId>,
    /// Sessions that ended; their sockets are closed.
    pub(crate) ended_sessions: Vec<String>,
    /// New messages, each with those who are told of it if they have no live connection.
    pub(crate) pushes: Vec<(Rc<Message>, Vec<UserId>)>,
}

impl Pending {
    fn extend(&mut self, later: Self) {
        let Self {
            notify_events,
            notify_introduced,
            notify_separated,
            notify_presence,
            ended_sessions,
            pushes,
        } = later;
        self.notify_events.extend(notify_events);
        self.notify_introduced.extend(notify_introduced);
        self.notify_separated.extend(notify_separated);
        self.notify_presence.extend(notify_presence);
        self.ended_sessions.extend(ended_sessions);
        self.pushes.extend(pushes);
    }

    /// There is no such user any more: nobody is left to be told.
    pub(crate) fn forget(&mut self, user: &UserId) {
        self.notify_events.remove(user);
        self.notify_introduced.remove(user);
    }
}

/// The database, and what a transaction on it takes beside it.
pub(crate) struct Database {
    connection: Connection,
    entropy: Entropy,
}

/// One request's transaction.
pub(crate) struct Tx<'a> {
    db: Transaction<'a>,
    entropy: &'a mut Entropy,
    now: Timestamp,
    pub(crate) pending: Pending,
}

impl Database {
    pub(crate) fn new(connection: Connection, entropy: Entropy) -> Self {
        Self {
            connection,
            entropy,
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Runs `work` in one transaction, which is kept only when it succeeds.
    pub(crate) fn transact<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<(T, Pending)> {
        let mut tx = Tx {
            db: self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?,
            entropy: &mut self.entropy,
            now,
            pending: Pending::default(),
        };
        // Dropping the transaction on the way out rolls it back.
        let done = work(&mut tx);
        if done.is_err() && !keeps(&[Defect::AppliesTooMany, Defect::HalfAProfile]) {
            return done.map(|done| (done, Pending::default()));
        }
        let Tx { db, pending, .. } = tx;
        db.commit()?;
        done.map(|done| (done, pending))
    }
}

/// Whether a defect keeps what failed.
fn keeps(defects: &[Defect]) -> bool {
    defects.iter().any(|defect| active(*defect))
}

impl Tx<'_> {
    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn entropy(&mut self) -> &mut Entropy {
        self.entropy
    }

    pub(crate) fn new_operation_key(&mut self) -> OperationKey {
        self.entropy.operation_key(self.now)
    }

    /// Runs `work` so that all of it is undone when it fails, and nobody is told of it; what came before
    /// stays.
    pub(crate) fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.db.execute_batch("SAVEPOINT attempt")?;
        let before = std::mem::take(&mut self.pending);
        let result = work(self);
        let during = std::mem::replace(&mut self.pending, before);
        match result {
            Ok(done) => {
                self.db.execute_batch("RELEASE attempt")?;
                self.pending.extend(during);
                Ok(done)
            }
            Err(error) => {
                let undo = if keeps(&[
                    Defect::AppliesHalf,
                    Defect::RefusedTakesPlace,
                    Defect::BeginsRefused,
                ]) {
                    "RELEASE attempt"
                } else {
                    "ROLLBACK TO attempt; RELEASE attempt"
                };
                self.db.execute_batch(undo)?;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::Code;

    use crate::error::Error;
    use crate::store::users;
    use crate::testing::{PASSWORD, Stage, accounts, user};

    #[test]
    fn what_fails_leaves_nothing_and_an_attempt_leaves_what_came_before() {
        let accounts = accounts();
        let mut stage = Stage::with(&[]);
        let password = fulmar_protocol::Secret::from(PASSWORD);
        let add = |tx: &mut super::Tx<'_>, name: &str| {
            accounts.add_user(tx, &user(name), name, &password)
        };
        let refusal = || Error::refused(Code::ParamsInvalid, "no");
        stage.refused(|tx| {
            add(tx, "ann")?;
            Err::<(), _>(refusal())
        });
        stage.ok(|tx| {
            add(tx, "ben")?;
            let failed = tx.attempt(|tx| {
                add(tx, "cat")?;
                tx.attempt(|tx| add(tx, "dan"))?;
                Err::<(), _>(refusal())
            });
            assert!(failed.is_err());
            tx.attempt(|tx| add(tx, "eve"))
        });
        let there = stage.ok(|tx| users::ids(tx.db()));
        assert_eq!(there, [user("ben"), user("eve")]);
    }
}
