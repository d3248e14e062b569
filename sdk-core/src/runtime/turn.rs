//! Handing inputs to the engine, and what becomes of them when its store fails.

use fulmar_engine::{CommandError, Input};

use super::driver::Driver;
use crate::clock;

impl Driver {
    /// One transaction for the whole batch; if that fails, as after a crash: open the store again, and try
    /// what the app wants one at a time. What the network said was for an engine that is gone.
    pub(super) fn turn(&mut self, mut batch: Vec<Input>) {
        if self.engine.is_none() {
            batch.retain(Input::is_from_app);
            if let Err(reason) = self.reopen() {
                return self.refuse(batch, &reason);
            }
        }
        let alone = batch.len() == 1;
        let again: Vec<Input> = batch
            .iter()
            .filter(|it| it.is_from_app())
            .cloned()
            .collect();
        let Err(reason) = self.handle(batch) else {
            return;
        };
        self.let_go(&format!("the store failed: {reason}"), &again);
        if alone {
            return self.refuse(again, &reason);
        }
        for input in again {
            let done = self
                .reopen()
                .and_then(|()| self.handle(vec![input.clone()]));
            if let Err(reason) = done {
                self.refuse(vec![input], &reason);
            }
        }
    }

    /// One transaction. When it fails, there is no engine any more, and why is kept.
    pub(super) fn handle(&mut self, batch: Vec<Input>) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            return Err(self.closed_because.clone());
        };
        match engine.handle(batch, clock::now()) {
            Ok(released) => {
                self.carry_out(released);
                Ok(())
            }
            Err(failed) => {
                tracing::error!(%failed, "a transaction failed");
                self.drop_engine();
                self.closed_because = failed.to_string();
                Err(self.closed_because.clone())
            }
        }
    }

    fn refuse(&mut self, batch: Vec<Input>, reason: &str) {
        for input in batch {
            if let Input::Command { command, .. } = input {
                let reason = reason.to_owned();
                self.answer(command, Err(CommandError::Store { reason }));
            }
        }
    }
}
