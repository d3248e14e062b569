//! `settings.update` (PROTOCOL.md §5.12): what only the user sees of a conversation.

use fulmar_protocol::{Method, SettingsUpdate};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::store::Result;

impl Operation for SettingsUpdate {
    fn check(&self, _: &Situation<'_>) -> Result<Checked> {
        Ok(Checked::Go)
    }

    /// The later one counts where both say something.
    fn fold(&self, earlier: &Method) -> Fold {
        let Method::SettingsUpdate(earlier) = earlier else {
            return Fold::Beside;
        };
        Fold::becomes(Method::SettingsUpdate(Self {
            conversation_id: earlier.conversation_id.clone(),
            muted_until: self.muted_until.or(earlier.muted_until),
            pinned: self.pinned.or(earlier.pinned),
            archived: self.archived.or(earlier.archived),
            hidden_to: self.hidden_to.or(earlier.hidden_to),
            marked_unread: self.marked_unread.or(earlier.marked_unread),
        }))
    }

    /// Messages bring back what is hidden, and reading ends a mark as unread: they keep their order.
    fn folds_with(&self) -> &'static [&'static str] {
        &["settings.update", "receipt.update", "message.send"]
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        let Shown::Settings(settings) = shown else {
            return;
        };
        if let Some(until) = self.muted_until {
            settings.muted_until = (until > by.at).then_some(until);
        }
        settings.pinned = self.pinned.unwrap_or(settings.pinned);
        settings.archived = self.archived.unwrap_or(settings.archived);
        settings.marked_unread = self.marked_unread.unwrap_or(settings.marked_unread);
        settings.hidden_to = self.hidden_to.or(settings.hidden_to);
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}
