//! What is remembered of a file in this process: no longer than its message waits. A file that was lost goes up
//! again under the same name, so what is remembered outlives its upload, but not its row.

use std::collections::BTreeSet;

use super::Uploads;
use crate::defects::{self, Defect};
use crate::store::Result;
use crate::store::uploads::{self, UploadKey};
use crate::tx::Tx;

impl Uploads {
    pub(super) fn forget(&mut self, key: UploadKey) {
        self.known.remove(&key);
        self.failures.remove(&key);
        self.farthest.remove(&key);
        self.damaged.remove(&key);
    }

    /// Forgets the files of messages that are done, however they came to that.
    pub(super) fn forget_gone(&mut self, tx: &Tx<'_>) -> Result<()> {
        let remembered: BTreeSet<UploadKey> = self
            .known
            .iter()
            .chain(self.failures.keys())
            .chain(self.farthest.keys())
            .chain(self.damaged.keys())
            .copied()
            .collect();
        if remembered.is_empty() || defects::active(Defect::RemembersFiles) {
            return Ok(());
        }
        let here = uploads::keys(&tx.db)?;
        for gone in remembered.difference(&here) {
            self.forget(*gone);
        }
        Ok(())
    }

    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        let about_files =
            self.known.len() + self.failures.len() + self.farthest.len() + self.damaged.len();
        self.asks.len() + about_files
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Dock, LIMIT, SIZE, Wants};
    use crate::pace::Gate;
    use crate::store::operations;
    use crate::testing::server::key;

    /// A process lives for weeks and sends files all the time.
    #[test]
    fn nothing_is_remembered_of_a_file_whose_message_was_confirmed() {
        let mut dock = Dock::new();
        while let Some((request, wants)) = dock.next() {
            match wants {
                Wants::Create => dock.name(request),
                Wants::Send { offset, length } => drop(dock.sent(request, Ok(offset + length))),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(dock.row().sent, SIZE);
        assert!(!dock.uploads.known.is_empty(), "the server may yet lose it");
        dock.bench
            .run(|tx| operations::delete(&tx.db, key(100)).unwrap());
        dock.reconcile_with(Gate::OPEN, LIMIT);
        let uploads = &dock.uploads;
        assert!(uploads.known.is_empty() && uploads.farthest.is_empty());
        assert!(uploads.failures.is_empty() && uploads.damaged.is_empty());
    }
}
