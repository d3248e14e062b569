//! `conversation.create` (PROTOCOL.md §5.6).

use fulmar_protocol::{ConversationCreate, ConversationKind};

use super::conversation_update::check_looks;
use super::{Checked, Operation, Situation};
use crate::io::{CommandError, Field, FieldRule};
use crate::store::Result;

impl Operation for ConversationCreate {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        if self.kind == ConversationKind::Direct && self.participant_ids.contains(at.owner) {
            return Ok(Checked::Refused(CommandError::Invalid {
                field: Field::Participants,
                rule: FieldRule::OnlyOneself,
            }));
        }
        let (title, url) = (self.title.as_deref(), self.avatar_url.as_deref());
        Ok(check_looks(title, url, self.context.as_ref()).into())
    }

    fn holds_lane(&self) -> bool {
        true
    }
}
