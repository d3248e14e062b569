//! A live timeline that can be closed from the other side.

use tokio::sync::{Mutex, watch};

use crate::{Change, FulmarError, OlderHistory};

/// A live view of a conversation.
#[derive(Debug, uniffi::Object)]
pub struct Timeline {
    timeline: Mutex<fulmar::Timeline>,
    closed: watch::Sender<bool>,
}

impl Timeline {
    pub(crate) fn new(timeline: fulmar::Timeline) -> Self {
        Self {
            timeline: Mutex::new(timeline),
            closed: watch::Sender::new(false),
        }
    }
}

#[uniffi::export]
impl Timeline {
    /// Waits for changes and gives them; the first time a reset at once. Ends with `Closed` when the
    /// timeline or the client is closed.
    pub async fn next(&self) -> Result<Vec<Change>, FulmarError> {
        let mut closed = self.closed.subscribe();
        let changes = async {
            let mut timeline = self.timeline.lock().await;
            timeline.next().await
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(FulmarError::Closed),
            changes = changes => Ok(changes?.into_iter().map(Change::from).collect()),
        }
    }

    /// Asks for 50 older messages; they come with the next change.
    pub async fn load_older(&self) -> Result<OlderHistory, FulmarError> {
        let mut timeline = self.timeline.lock().await;
        Ok(match timeline.load_older().await? {
            fulmar::History::More => OlderHistory::More,
            fulmar::History::Beginning => OlderHistory::Beginning,
        })
    }

    /// Ends the waiting of `next`, now and from now on.
    pub fn close(&self) -> Result<(), FulmarError> {
        self.closed.send_replace(true);
        Ok(())
    }
}
