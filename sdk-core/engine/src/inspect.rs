//! What only the simulation sees of an engine: its rows, and how much its machines keep in memory. It exists only with
//! the feature `defects`, and must
//! change nothing.

use fulmar_protocol::Timestamp;
use rusqlite::Connection;

use crate::Engine;
use crate::store::remains::{self, Owed};

/// How many entries the collections of a machine have.
pub type Kept = (&'static str, usize);

impl Engine {
    /// How much each machine keeps in memory, timers included.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        self.state.kept()
    }

    /// Whether nothing that is gone remains in the file or its log, as far as the engine knows.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let owed = remains::owed(self.database(), Timestamp(0));
        owed.is_ok_and(|owed| owed == Owed::Nothing)
    }

    /// The database, to look at its rows between transactions.
    #[must_use]
    pub fn database(&self) -> &Connection {
        self.store.reader().connection()
    }
}
