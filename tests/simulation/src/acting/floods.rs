//! A lot at once, in large worlds: hundreds of messages in one conversation, or dozens of conversations.

use fulmar_engine::Command;
use fulmar_engine::query::ConversationItem;
use fulmar_protocol::MessageSend;

use crate::device::{Promise, Waiting};
use crate::network::DeviceIndex;
use crate::storm::Fault;
use crate::world::{Step, World};

/// How many messages or conversations come at once, at most.
const MESSAGES: u32 = 250;
const CONVERSATIONS: u32 = 40;

impl World {
    /// Writes or begins a lot, sometimes; whether it did.
    pub(super) fn flood(
        &mut self,
        index: DeviceIndex,
        chosen: &ConversationItem,
    ) -> Result<bool, String> {
        // Where a server takes few messages a minute, it would take them for hours.
        let is_slow = self.deployment.server.messages_per_minute.is_some();
        if !self.population.is_large || is_slow || !self.happens(Fault::Flood) {
            return Ok(false);
        }
        if self.rng.u32(0..4) > 0 {
            for _ in 0..self.rng.u32(20..MESSAGES) {
                self.say(index, chosen)?;
            }
        } else {
            for _ in 0..self.rng.u32(5..CONVERSATIONS) {
                if self.devices[index].engine.is_some() {
                    self.create(index)?;
                }
            }
        }
        Ok(true)
    }

    /// One message that says nothing but its number.
    fn say(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        if self.devices[index].engine.is_none() {
            return Ok(());
        }
        let operation_key = self.operation_key();
        let conversation = chosen.conversation_id.clone();
        let device = &mut self.devices[index];
        let text = device.next_text();
        let promise = Promise {
            sender: device.user.clone(),
            conversation: conversation.clone(),
            thread: None,
            text: Some(text.clone()),
        };
        let command = device.command(Waiting::Sent {
            key: operation_key,
            promise,
        });
        let body = Command::Send {
            operation_key,
            message: MessageSend::text(conversation, text),
        };
        self.command(index, command, body)
    }
}
