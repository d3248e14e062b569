//! What piles up.

use std::time::Duration;

use fulmar_engine::{Command, NetworkState, NewConversation};
use fulmar_protocol::{
    MessageHide, MessageSend, Method, OperationKey, OutcomeStatus, ParticipantAdd, ReceiptUpdate,
};

use crate::stage::{Stage, user};

/// Something of which there is more and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pile {
    /// Messages of Alice's in this conversation that wait for the network.
    Unsent,
    /// The same, in other conversations, ten in each.
    UnsentElsewhere,
    /// Messages in this conversation, which were read.
    Messages,
    /// Messages of Bob's in this conversation that Alice has not read.
    Unread,
    /// Messages in this conversation that Alice has not read, and has hidden.
    Hidden,
    /// Replies in a thread of this conversation.
    Replies,
    /// Other conversations, each with a message.
    Conversations,
    /// People in this conversation.
    People,
}

impl Pile {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Unsent,
        Self::UnsentElsewhere,
        Self::Messages,
        Self::Unread,
        Self::Hidden,
        Self::Replies,
        Self::Conversations,
        Self::People,
    ];

    /// Whether it is one that piles up while there is no network.
    #[must_use]
    pub fn is_offline(self) -> bool {
        matches!(self, Self::Unsent | Self::UnsentElsewhere)
    }

    /// So much of it.
    #[must_use]
    pub fn of(self, amount: u64) -> Stage {
        let mut stage = Stage::new();
        match self {
            Self::Unsent => {
                stage.go(NetworkState::Unavailable);
                for _ in 0..amount {
                    stage.send();
                }
            }
            Self::UnsentElsewhere => {
                stage.go(NetworkState::Unavailable);
                for number in 0..amount {
                    if number.is_multiple_of(10) {
                        stage.begin_elsewhere();
                    }
                    stage.send_elsewhere();
                }
            }
            Self::Messages => {
                for _ in 0..amount {
                    stage.say("bob");
                }
                stage.read_all();
            }
            Self::Unread => {
                for _ in 0..amount {
                    stage.say("bob");
                }
            }
            Self::Hidden => {
                for _ in 0..amount {
                    let key = stage.say("bob");
                    stage.hide(key);
                }
            }
            Self::Replies => {
                let root = stage.say("bob");
                for _ in 0..amount {
                    stage.reply("bob", root);
                }
                stage.read_all();
            }
            Self::Conversations => {
                for _ in 0..amount {
                    let here = stage.group(&["bob"]);
                    let before = std::mem::replace(&mut stage.here, here);
                    stage.say("bob");
                    stage.here = before;
                }
            }
            Self::People => stage.crowd(amount),
        }
        stage.pass(Duration::from_secs(2));
        stage
    }
}

impl Stage {
    /// Alice sends a message.
    pub(crate) fn send(&mut self) -> OperationKey {
        let (operation_key, message) = (self.key(), self.message());
        self.command(Command::Send {
            operation_key,
            message,
        });
        operation_key
    }

    pub(crate) fn message(&mut self) -> MessageSend {
        let text = format!("word{}z of a message", self.number());
        MessageSend::text(self.here.clone(), text)
    }

    /// Somebody says something, at the server.
    pub(crate) fn say(&mut self, name: &str) -> OperationKey {
        let message = self.message();
        self.said(name, message)
    }

    pub(crate) fn reply(&mut self, name: &str, root: OperationKey) {
        let message = MessageSend {
            thread_root: Some(root),
            ..self.message()
        };
        self.said(name, message);
    }

    fn said(&mut self, name: &str, message: MessageSend) -> OperationKey {
        match self.act(name, &Method::MessageSend(message)) {
            OutcomeStatus::Applied {
                message: Some(message),
                ..
            } => message.operation_key,
            other => panic!("{other:?}"),
        }
    }

    /// Alice has read everything, as another device of hers tells the server.
    pub(crate) fn read_all(&mut self) {
        let all = fulmar_engine::query::conversation(self.engine().reader(), None, &self.here);
        let last = all.unwrap().unwrap().last_position;
        let receipt = ReceiptUpdate {
            conversation_id: self.here.clone(),
            delivered_to: Some(last),
            read_to: Some(last),
        };
        self.act("alice", &Method::ReceiptUpdate(receipt));
    }

    fn hide(&mut self, message_key: OperationKey) {
        let conversation_id = self.here.clone();
        self.act(
            "alice",
            &Method::MessageHide(MessageHide {
                conversation_id,
                message_key,
            }),
        );
    }

    fn begin_elsewhere(&mut self) {
        let operation_key = self.key();
        let number = self.number();
        self.command(Command::Create {
            operation_key,
            conversation: NewConversation::Group {
                title: format!("group {number}"),
                participants: vec![user("bob")],
                avatar_url: None,
                context: None,
            },
        });
    }

    fn send_elsewhere(&mut self) {
        let newest = fulmar_engine::query::conversations(
            self.engine().reader(),
            None,
            fulmar_engine::query::ConversationFilter::default(),
            1,
        );
        let newest = newest.unwrap().remove(0).conversation_id;
        let here = std::mem::replace(&mut self.here, newest);
        self.send();
        self.here = here;
    }

    fn crowd(&mut self, amount: u64) {
        for number in 0..amount {
            let name = format!("p{number}");
            self.add_user(&name);
            let conversation_id = self.here.clone();
            self.act(
                "alice",
                &Method::ParticipantAdd(ParticipantAdd {
                    conversation_id,
                    user_ids: vec![user(&name)],
                }),
            );
        }
    }
}
