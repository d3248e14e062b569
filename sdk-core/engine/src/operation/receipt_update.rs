//! `receipt.update` (PROTOCOL.md §5.5): a pointer that only grows.

use fulmar_protocol::{Method, ReceiptUpdate};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::store::Result;

impl Operation for ReceiptUpdate {
    fn check(&self, _: &Situation<'_>) -> Result<Checked> {
        Ok(Checked::Go)
    }

    fn fold(&self, earlier: &Method) -> Fold {
        let Method::ReceiptUpdate(earlier) = earlier else {
            return Fold::Beside;
        };
        Fold::becomes(Method::ReceiptUpdate(Self {
            conversation_id: earlier.conversation_id.clone(),
            delivered_to: self.delivered_to.max(earlier.delivered_to),
            read_to: self.read_to.max(earlier.read_to),
        }))
    }

    /// Reading ends a mark as unread, and the other way round: they keep their order.
    fn folds_with(&self) -> &'static [&'static str] {
        &["receipt.update", "settings.update"]
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        if let Shown::Settings(settings) = shown
            && self.read_to.is_some()
        {
            settings.marked_unread = false;
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}
