//! What the platform said last about network and app. An engine does not store it, so each new one is told.

use fulmar_engine::{AppState, Input, NetworkState};

/// The last word of each; `None` while the app has said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hints {
    network: Option<NetworkState>,
    app: Option<AppState>,
}

impl Hints {
    /// Keeps what this says, if it says something that lasts.
    pub(super) fn note(&mut self, input: &Input) {
        match input {
            Input::Network(network) => self.network = Some(*network),
            Input::App(app) => self.app = Some(*app),
            Input::Command { .. }
            | Input::Socket { .. }
            | Input::Answer { .. }
            | Input::Transferred { .. }
            | Input::CancelDownload(_)
            | Input::Token { .. }
            | Input::Typing { .. } => {}
        }
    }

    /// What to tell an engine that knows nothing.
    pub(super) fn inputs(self) -> Vec<Input> {
        let network = self.network.map(Input::Network);
        network
            .into_iter()
            .chain(self.app.map(Input::App))
            .collect()
    }
}
