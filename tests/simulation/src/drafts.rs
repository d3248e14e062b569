//! Drafts: what somebody has begun to write stays on their device, through crashes, until they send it, sign out, or are
//! no longer in the conversation. A power cut may take the last change back.

use fulmar_engine::query::conversation_key;
use fulmar_protocol::ConversationId;

use crate::device::Device;

impl Device {
    /// A draft was kept.
    pub(crate) fn drafted(&mut self, conversation: ConversationId, text: String) {
        if let Some(engine) = &self.engine {
            let key_of = |id: &ConversationId| conversation_key(engine.reader(), id).ok().flatten();
            let here = key_of(&conversation);
            self.drafts.retain(|id, _| key_of(id) != here);
            self.drafts.insert(conversation, text);
        }
    }

    /// Every draft is on the screen as long as its conversation is on this device.
    pub(crate) fn judge_drafts(&mut self) -> Result<(), String> {
        let Some(engine) = self.engine.as_ref().filter(|_| !self.drafts.is_empty()) else {
            return Ok(());
        };
        if engine.user_id() != Some(&self.user) {
            self.drafts.clear();
            return Ok(());
        }
        let key_of = |id: &ConversationId| conversation_key(engine.reader(), id).ok().flatten();
        let list = self.list()?;
        self.drafts.retain(|id, _| key_of(id).is_some());
        for (id, text) in &self.drafts {
            let here = key_of(id);
            let item = list
                .iter()
                .find(|item| key_of(&item.conversation_id) == here);
            if let Some(item) = item.filter(|item| item.draft != *text) {
                return Err(format!("the draft {text:?} became {:?}", item.draft));
            }
        }
        Ok(())
    }
}
