//! `message.edit` (PROTOCOL.md §5.7).

use fulmar_protocol::{MessageEdit, Method};

use super::message_send::check_text;
use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::io::Rule;
use crate::store::Result;

impl Operation for MessageEdit {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        let shown = match at.live_message(self.message_key)? {
            Ok(shown) => shown,
            Err(refused) => return Ok(refused),
        };
        let content = &shown.content;
        let own = shown.sender == *at.owner && content.notice.is_none();
        if !own || content.forwarded_from.is_some() {
            return Ok(Checked::not_allowed(Rule::NotEditable));
        }
        match check_text(&self.text, &content.attachments, at.limits) {
            Ok(()) => at.may_write(),
            Err(error) => Ok(Checked::Refused(error)),
        }
    }

    fn fold(&self, earlier: &Method) -> Fold {
        if let Method::MessageSend(message) = earlier {
            // It was never said otherwise.
            let mut message = message.clone();
            message.text.clone_from(&self.text);
            message.mentions.clone_from(&self.mentions);
            Fold::becomes(Method::MessageSend(message))
        } else if let Method::MessageEdit(_) = earlier {
            Fold::becomes(Method::MessageEdit(self.clone()))
        } else {
            Fold::Beside
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        if let Shown::Message(row) = shown {
            row.content.text.clone_from(&self.text);
            row.content.mentions.clone_from(&self.mentions);
            row.edited_at = Some(by.at);
        }
    }
}
