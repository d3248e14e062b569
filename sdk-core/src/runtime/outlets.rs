//! Where the driver puts what the app sees: states to watch, and whom to wake.

use std::collections::BTreeMap;
use std::sync::Arc;

use fulmar_engine::{ConnectionState, ConversationKey, SessionState};
use fulmar_protocol::{PersonPresence, Presence, UserId};
use tokio::sync::watch;

use super::readers::Readers;
use super::watchers::Watchers;

/// Who is there, of those of whom that is known.
pub(crate) type PresentNow = BTreeMap<UserId, Presence>;
/// Who else types, and where.
pub(crate) type TypingNow = BTreeMap<ConversationKey, Vec<UserId>>;

pub(crate) struct Outlets {
    pub(crate) connection: watch::Sender<ConnectionState>,
    pub(crate) session: watch::Sender<SessionState>,
    pub(crate) typing: watch::Sender<TypingNow>,
    pub(crate) present: watch::Sender<PresentNow>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) readers: Arc<Readers>,
}

impl Outlets {
    pub(crate) fn typing(&self, conversation: ConversationKey, users: Vec<UserId>) {
        self.typing.send_modify(|now| match users.is_empty() {
            true => {
                now.remove(&conversation);
            }
            false => {
                now.insert(conversation, users);
            }
        });
    }

    pub(crate) fn present(&self, people: Vec<PersonPresence>) {
        self.present.send_modify(|now| {
            for PersonPresence { user_id, presence } in people {
                match presence {
                    Presence::Unknown => now.remove(&user_id),
                    known => now.insert(user_id, known),
                };
            }
        });
    }

    /// The store was opened again: what was only in memory is forgotten.
    pub(crate) fn start_anew(&self) {
        self.typing.send_replace(TypingNow::new());
        self.present.send_replace(PresentNow::new());
        self.watchers.all_changed();
    }
}
