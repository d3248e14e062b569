//! What only the simulation sees of an engine: its rows, and how much its machines keep in memory. It exists only with the feature `defects`, and must
//! change nothing.

use rusqlite::Connection;

use crate::Engine;

/// How many entries the collections of a machine have.
pub type Kept = (&'static str, usize);

impl Engine {
    /// How much each machine keeps in memory, timers included.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        self.state.kept()
    }

    /// The database, to look at its rows between transactions.
    #[must_use]
    pub fn database(&self) -> &Connection {
        self.store.reader().connection()
    }
}
