//! The audit log: who did what and when, but never a text. It outlives the users it is about.
//!
//! It owns the table `audit`, and only ever adds to it.

use fulmar_protocol::{OperationKey, UserId};

use crate::error::Result;
use crate::store::audit::{self, AuditEntry, write};
use crate::tx::Tx;

/// The audit log.
pub(crate) struct Audit;

impl Audit {
    pub(crate) fn record(&self, tx: &mut Tx<'_>, user: &UserId, action: &str) -> Result<()> {
        write::insert(tx.db(), tx.now(), user, action, None, None)
    }

    /// Records an operation. `conversation` is what the operation calls it: perhaps a person instead.
    pub(crate) fn record_operation(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        method: &str,
        conversation: Option<&str>,
        key: OperationKey,
    ) -> Result<()> {
        write::insert(tx.db(), tx.now(), user, method, conversation, Some(key))
    }

    /// Everything so far, in its order.
    pub(crate) fn entries(&self, tx: &Tx<'_>) -> Result<Vec<AuditEntry>> {
        audit::all(tx.db())
    }
}
