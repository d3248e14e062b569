//! What a server without fault does with operations.

use fulmar_engine::Mono;
use fulmar_protocol::{
    Code, Content, Deletion, Event, EventData, Message, MessageId, Method, Operation, OperationKey,
    Outcome, OutcomeStatus, Position, Problem, Revision,
};

use super::{Server, user};

impl Server {
    pub(crate) fn submit(&mut self, operations: &[Operation], now: Mono) -> Vec<Outcome> {
        operations
            .iter()
            .map(|operation| {
                self.seen.push(operation.clone());
                let known = self.applied.get(&operation.operation_key).cloned();
                known.unwrap_or_else(|| self.apply(operation, now))
            })
            .collect()
    }

    fn apply(&mut self, operation: &Operation, now: Mono) -> Outcome {
        let operation_key = operation.operation_key;
        let mut written = None;
        match operation.read().unwrap() {
            Method::MessageSend(send) => {
                let known = |key| {
                    self.messages
                        .iter()
                        .any(|message| message.operation_key == key)
                };
                if send.thread_root.is_some_and(|root| !known(root)) {
                    let problem = Problem::new(Code::MessageNotFound, "no root");
                    let status = OutcomeStatus::Failed { problem };
                    return Outcome {
                        operation_key,
                        status,
                    };
                }
                let content = Content {
                    text: send.text,
                    reply_to: send.reply_to,
                    thread_root: send.thread_root,
                    attachments: send.attachments,
                    ..Content::default()
                };
                written = Some(self.write("alice", operation_key, content, now));
            }
            Method::MessageDelete(delete) => self.delete(delete.message_key, now),
            Method::ReceiptUpdate(receipt) => {
                self.read_to = self.read_to.max(receipt.read_to.unwrap_or_default());
                let delivered = receipt.delivered_to.unwrap_or_default();
                self.delivered_to = self.delivered_to.max(delivered).max(self.read_to);
            }
            Method::SettingsUpdate(settings) => {
                self.settings.pinned = settings.pinned.unwrap_or(self.settings.pinned);
            }
            other => panic!("{} is not played here", other.name()),
        }
        let outcome = Outcome {
            operation_key,
            status: OutcomeStatus::Applied {
                applied_at: Self::time(now),
                seq: self.head(),
                message: written.map(Box::new),
                conversation: None,
            },
        };
        self.applied.insert(operation_key, outcome.clone());
        outcome
    }

    /// Somebody writes a message.
    pub(crate) fn write(
        &mut self,
        sender: &str,
        key: OperationKey,
        content: Content,
        now: Mono,
    ) -> Message {
        let position = Position(self.messages.len() as u64 + 1);
        let message = Message {
            message_id: MessageId::new(format!("m-{position}")).unwrap(),
            operation_key: key,
            conversation_id: "c-1".parse().unwrap(),
            position,
            sender_id: user(sender),
            sent_at: Self::time(now),
            revision: Revision::ZERO,
            thread_position: content.thread_root.map(|_| Position(1)),
            content,
            thread: None,
            edited_at: None,
            deleted: None,
            pinned: None,
            hidden: false,
            reactions: Vec::new(),
        };
        self.messages.push(message.clone());
        self.tell(&EventData::MessageCreated(message.clone()), now);
        message
    }

    fn delete(&mut self, key: OperationKey, now: Mono) {
        self.revision += 1;
        let found = self
            .messages
            .iter_mut()
            .find(|message| message.operation_key == key);
        if let Some(message) = found {
            message.content = message.content.emptied();
            message.revision = Revision(self.revision);
            message.deleted = Some(Deletion {
                at: Self::time(now),
                by: user("alice"),
            });
            let message = message.clone();
            self.tell(&EventData::MessageUpdated(message), now);
        }
    }

    pub(crate) fn tell(&mut self, data: &EventData, now: Mono) {
        let seq = self.head().next();
        self.events.push(Event::new(seq, Self::time(now), data));
    }
}
