//! Where the driver puts what the app sees: states to watch, and the watchers to wake.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fulmar_engine::{ConnectionState, ConversationKey, DownloadState, SessionState};
use fulmar_protocol::{ContentHash, Limits, Presence, UserId, UserPresence};
use tokio::sync::watch;

use super::readers::Readers;
use super::watchers::Watchers;

/// The presence of the users for which it is known.
pub(crate) type PresentNow = BTreeMap<UserId, Presence>;
/// Who else types, and where.
pub(crate) type TypingNow = BTreeMap<ConversationKey, Vec<UserId>>;

/// How much has come of the files that somebody wants.
pub(crate) type DownloadsNow = BTreeMap<ContentHash, (u64, DownloadState)>;

pub(crate) struct Published {
    pub(crate) connection: watch::Sender<ConnectionState>,
    pub(crate) session: watch::Sender<SessionState>,
    pub(crate) typing: watch::Sender<TypingNow>,
    pub(crate) present: watch::Sender<PresentNow>,
    pub(crate) downloads: watch::Sender<DownloadsNow>,
    /// How many bytes a file may have, as the server said last.
    pub(crate) file_bytes: watch::Sender<u64>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) readers: Arc<Readers>,
}

impl Published {
    pub(crate) fn new(store: &Path) -> Self {
        Self {
            connection: watch::Sender::default(),
            session: watch::Sender::default(),
            typing: watch::Sender::default(),
            present: watch::Sender::default(),
            downloads: watch::Sender::default(),
            file_bytes: watch::Sender::new(Limits::default().file_bytes),
            watchers: Arc::default(),
            readers: Arc::new(Readers::new(store)),
        }
    }

    pub(crate) fn typing(&self, conversation: ConversationKey, users: Vec<UserId>) {
        self.typing.send_modify(|now| {
            if users.is_empty() {
                now.remove(&conversation);
            } else {
                now.insert(conversation, users);
            }
        });
    }

    pub(crate) fn present(&self, users: Vec<UserPresence>) {
        self.present.send_modify(|now| {
            for UserPresence { user_id, presence } in users {
                if presence == Presence::Unknown {
                    now.remove(&user_id);
                } else {
                    now.insert(user_id, presence);
                }
            }
        });
    }

    pub(crate) fn downloading(&self, content: ContentHash, received: u64, state: DownloadState) {
        self.downloads.send_modify(|now| {
            now.insert(content, (received, state));
        });
    }

    pub(crate) fn download_ended(&self, content: ContentHash) {
        self.downloads.send_modify(|now| {
            now.remove(&content);
        });
    }

    /// The store was opened again: what was only in memory is forgotten.
    pub(crate) fn start_anew(&self) {
        self.typing.send_replace(TypingNow::new());
        self.present.send_replace(PresentNow::new());
        self.downloads.send_replace(DownloadsNow::new());
        self.watchers.all_changed();
    }
}
