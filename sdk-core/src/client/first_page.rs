//! A timeline that has little to show yet, although the server has more: replies in threads and hidden messages have
//! places too, and may be all that is on this device. What lies before them is asked for by itself.
//! Must never hold a reader up, nor ask for one place twice over one connection.

use fulmar_engine::ConnectionState;
use fulmar_engine::query::{Older, TimelineItem, TimelineSnapshot, Window};
use fulmar_protocol::Position;
use tokio::sync::watch;

/// So many rows fill a screen. A snapshot brings as many of each conversation (PROTOCOL.md §4.1), so where all of
/// them are shown, nothing is asked for.
const ENOUGH: usize = 20;

#[derive(Debug)]
pub(super) struct FirstPage {
    connection: watch::Receiver<ConnectionState>,
    /// Whether it was there when it was looked at last.
    connected: bool,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// There was no reason to ask yet.
    Begun,
    /// The server was asked for what is before this place, perhaps in vain.
    Asked(Position),
    /// It is there: enough rows, or all that there are.
    Done,
}

impl FirstPage {
    pub(super) fn new(connection: watch::Receiver<ConnectionState>) -> Self {
        Self {
            connection,
            connected: false,
            progress: Progress::Begun,
        }
    }

    /// A timeline was read. Gives the place before which the server has to be asked.
    pub(super) fn read(&mut self, snapshot: &TimelineSnapshot, window: Window) -> Option<Position> {
        let missing = match (window, snapshot.older) {
            (Window::Newest, Older::AtServer(place)) if rows(snapshot) < ENOUGH => place,
            (Window::Newest | Window::From(_) | Window::Between(..), _) => {
                self.progress = Progress::Done;
                return None;
            }
        };
        match self.progress {
            Progress::Asked(asked) if asked <= missing => None,
            Progress::Begun | Progress::Asked(_) | Progress::Done => {
                self.connected = is_connected(&self.connection.borrow());
                self.progress = Progress::Asked(missing);
                Some(missing)
            }
        }
    }

    /// Whether the timeline begins where it was read to begin: nothing has to come before that first.
    pub(super) fn is_there(&self) -> bool {
        match self.progress {
            Progress::Done => true,
            Progress::Begun | Progress::Asked(_) => false,
        }
    }

    /// Waits until what was asked for in vain is worth asking for again; for ever when nothing was. Safe to cancel.
    pub(super) async fn can_ask_again(&mut self) {
        match self.progress {
            Progress::Asked(_) => {}
            Progress::Begun | Progress::Done => return std::future::pending().await,
        }
        loop {
            let connected = is_connected(&self.connection.borrow_and_update());
            let before = std::mem::replace(&mut self.connected, connected);
            if connected && !before {
                self.progress = Progress::Begun;
                return;
            }
            if self.connection.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn is_connected(state: &ConnectionState) -> bool {
    match state {
        ConnectionState::Live | ConnectionState::Polling { .. } => true,
        ConnectionState::SignedOut
        | ConnectionState::Offline
        | ConnectionState::Connecting { .. }
        | ConnectionState::CatchingUp
        | ConnectionState::Waiting { .. } => false,
    }
}

fn rows(snapshot: &TimelineSnapshot) -> usize {
    let messages = snapshot.items.iter().filter_map(TimelineItem::message);
    messages
        .filter(|message| message.position.is_some())
        .count()
}
