//! `message.pin` (PROTOCOL.md §4.9, §5.13): for everyone, or no longer.

use fulmar_protocol::{MessagePin, Method, Pin, Role};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::io::Rule;
use crate::store::Result;

impl Operation for MessagePin {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        let shown = match at.live_message(self.message_key)? {
            Ok(shown) => shown,
            Err(refused) => return Ok(refused),
        };
        let own = shown.sender == *at.owner;
        let may = own || !at.is_group()? || at.role()? != Role::Member;
        if shown.content.notice.is_some() || !may {
            return Ok(Checked::not_allowed(Rule::NotPinnable));
        }
        if shown.pinned.is_some() == self.pinned {
            return Ok(Checked::Nothing);
        }
        if self.pinned && at.pinned_count()? >= Pin::MOST {
            return Ok(Checked::not_allowed(Rule::TooManyPinned));
        }
        at.may_write()
    }

    /// The last word counts. Somebody else may have pinned it meanwhile, so that one does not undo the other.
    fn fold(&self, earlier: &Method) -> Fold {
        if let Method::MessagePin(_) = earlier {
            Fold::Replaces
        } else {
            Fold::Beside
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        let (Shown::Message(row), Some(user)) = (shown, by.user) else {
            return;
        };
        if !self.pinned {
            row.pinned = None;
        } else if row.deleted.is_none() {
            row.pinned.get_or_insert_with(|| Pin {
                at: by.at,
                by: user.clone(),
            });
        }
    }
}
