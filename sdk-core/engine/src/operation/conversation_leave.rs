//! `conversation.leave` (PROTOCOL.md §5.11).

use fulmar_protocol::ConversationLeave;

use super::{Checked, Operation, Situation};
use crate::io::Rule;
use crate::store::Result;

impl Operation for ConversationLeave {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        Ok(Checked::allowed_if(at.is_group()?, Rule::RoleMissing))
    }
}
