//! Conversations that the server would not begin: one of their people is gone, or has blocked somebody.

use fulmar_engine::query::{Action, OutboxState, outbox};
use fulmar_engine::{Command, FailurePolicy, FailureReason};
use fulmar_protocol::{Code, OperationKey};

use crate::device::{Device, Waiting};
use crate::network::DeviceIndex;
use crate::world::{Step, World};

impl World {
    /// They are given up, with all that waits in them.
    pub(crate) fn give_up_creations(&mut self, index: DeviceIndex) -> Step {
        for (creation, waiting) in self.devices[index].refused_creations()? {
            let device = &mut self.devices[index];
            if device.engine.is_none() {
                return Ok(());
            }
            for message in waiting {
                device.forget(message);
            }
            let command = device.command(Waiting::Other);
            let body = Command::Discard {
                operation_key: creation,
                delete_key: None,
            };
            self.command(index, command, body)?;
        }
        Ok(())
    }
}

impl Device {
    /// Each with the messages that wait in it.
    fn refused_creations(&self) -> Result<Vec<(OperationKey, Vec<OperationKey>)>, String> {
        let Some(engine) = &self.engine else {
            return Ok(Vec::new());
        };
        let items = outbox(engine.reader(), FailurePolicy::default());
        let items = items.map_err(|error| error.to_string())?;
        let mut refused = Vec::new();
        for item in items
            .iter()
            .filter(|it| it.action == Action::CreateConversation)
        {
            let OutboxState::Failed { reason } = &item.state else {
                continue;
            };
            match reason {
                FailureReason::Refused { problem } if problem.code == Code::UserNotFound => {}
                reason => return Err(format!("{} failed: {reason}", item.operation)),
            }
            let waiting = items
                .iter()
                .filter(|it| it.conversation == item.conversation && it.action == Action::Send);
            refused.push((item.operation, waiting.map(|it| it.operation).collect()));
        }
        Ok(refused)
    }
}
