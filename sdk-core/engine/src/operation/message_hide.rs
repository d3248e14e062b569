//! `message.hide` (PROTOCOL.md §5.8): for the user alone.

use fulmar_protocol::{MessageHide, Method};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::store::Result;

impl Operation for MessageHide {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        Ok(match at.message(self.message_key)? {
            Ok(shown) if shown.hidden => Checked::Nothing,
            Ok(_) => Checked::Go,
            Err(refused) => refused,
        })
    }

    fn fold(&self, earlier: &Method) -> Fold {
        if let Method::MessageSend(_) = earlier {
            Fold::GivesUp
        } else {
            Fold::Beside
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        if let Shown::Message(row) = shown {
            row.hidden = true;
        }
    }
}
