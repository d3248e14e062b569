//! The audit log: who did what and when, but never what was said. It outlives whoever it is about.

use fulmar_protocol::{ConversationId, OperationKey, Timestamp, UserId};
use serde::Serialize;

use crate::store::audit;
use crate::{Backend, Result, Scope};

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub user_id: UserId,
    /// What: the method of an operation, or `account.registered`, `account.deleted`, `session.started`,
    /// `session.ended`, `user.blocked`, `user.unblocked`.
    pub action: String,
    /// Where, if that was in a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The key of the operation, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_key: Option<OperationKey>,
}

impl Scope<'_> {
    /// Writes down what somebody did.
    pub(crate) fn note(&self, user: &UserId, action: &str) -> Result<()> {
        self.note_operation(user, action, None, None)
    }

    pub(crate) fn note_operation(
        &self,
        user: &UserId,
        action: &str,
        conversation: Option<&str>,
        key: Option<OperationKey>,
    ) -> Result<()> {
        audit::insert(&self.db, self.now, user, action, conversation, key)
    }
}

impl Backend {
    /// All that was done so far, in its order.
    pub fn audit(&mut self, now: Timestamp) -> Vec<AuditEntry> {
        let (entries, _) = self.scoped(now, |scope| audit::all(&scope.db));
        entries.unwrap_or_else(|stop| {
            // Reported by the conversion.
            let _ = stop.into_problem();
            Vec::new()
        })
    }
}
