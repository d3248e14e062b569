//! `runtime/published.rs` with states that say nothing.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::readers::Readers;
use super::watchers::Watchers;
use crate::{ConnectionState, SessionState};

pub(crate) type PresentNow = ();
pub(crate) type TypingNow = ();
pub(crate) type DownloadsNow = ();

pub(crate) struct Published {
    pub(crate) connection: watch::Sender<ConnectionState>,
    pub(crate) session: watch::Sender<SessionState>,
    pub(crate) typing: watch::Sender<TypingNow>,
    pub(crate) present: watch::Sender<PresentNow>,
    pub(crate) downloads: watch::Sender<DownloadsNow>,
    pub(crate) file_bytes: watch::Sender<u64>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) readers: Arc<Readers>,
}

impl Published {
    pub(crate) fn new(store: &Path) -> Self {
        Self {
            connection: watch::channel(ConnectionState).0,
            session: watch::channel(SessionState).0,
            typing: watch::channel(()).0,
            present: watch::channel(()).0,
            downloads: watch::channel(()).0,
            file_bytes: watch::channel(0).0,
            watchers: Arc::default(),
            readers: Arc::new(Readers::new(store)),
        }
    }
}
