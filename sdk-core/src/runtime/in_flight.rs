//! What the engine asked for over the network or of the app, and has no answer to yet.

use std::collections::BTreeMap;
use std::future::Future;

use fulmar_engine::{Input, RequestId};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// One task per request, by the name of its answer.
///
/// Only the engine gives up on an answer; nothing here has a time limit of its own. What is called off ends
/// on the wire, and an answer that crosses it is dropped.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    tasks: BTreeMap<RequestId, AbortHandle>,
}

impl InFlight {
    /// Starts something that ends with an answer for the engine, on the current runtime.
    pub(super) fn start(
        &mut self,
        request: RequestId,
        inputs: &mpsc::Sender<Input>,
        work: impl Future<Output = Input> + Send + 'static,
    ) {
        let inputs = inputs.clone();
        let task = tokio::spawn(async move {
            // The driver is gone only when everything is.
            let _ = inputs.send(work.await).await;
        });
        self.tasks.insert(request, task.abort_handle());
    }

    /// Ends it, wherever it is.
    pub(super) fn cancel(&mut self, request: RequestId) {
        if let Some(task) = self.tasks.remove(&request) {
            task.abort();
        }
    }

    /// Ends everything: the engine that asked is gone.
    pub(super) fn cancel_all(&mut self) {
        for task in std::mem::take(&mut self.tasks).into_values() {
            task.abort();
        }
    }

    /// Whether somebody waits for this. What is an answer is answered then.
    pub(super) fn admit(&mut self, input: &Input) -> bool {
        match input {
            Input::Answer { request, .. }
            | Input::Transferred { request, .. }
            | Input::Token { request, .. } => self.tasks.remove(request).is_some(),
            Input::Command { .. }
            | Input::Socket { .. }
            | Input::CancelDownload(_)
            | Input::Typing { .. }
            | Input::Network(_)
            | Input::App(_) => true,
        }
    }
}
