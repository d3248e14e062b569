//! What the user and the other people do, and what the user sees.

use std::time::Duration;

use fulmar_engine::{Command, CommandError, CommandId, FailureReason, Input, Reply, query};
use fulmar_protocol::{Content, MessageSend, Method, OperationKey, Secret, SettingsUpdate};

use super::{Bench, To};
use crate::server::{Said, events, user};

impl Bench {
    /// Gives a command. Its answer may come later.
    pub(crate) fn begin(&mut self, body: Command) -> CommandId {
        self.order += 1;
        let command = CommandId(self.order);
        self.step(vec![Input::Command { command, body }]);
        command
    }

    pub(crate) fn reply(&self, command: CommandId) -> Option<Result<Reply, CommandError>> {
        self.replies.get(&command).cloned()
    }

    /// Gives a command that is answered at once.
    pub(crate) fn command(&mut self, body: Command) -> Result<Reply, CommandError> {
        let command = self.begin(body);
        self.reply(command).expect("an answer at once")
    }

    pub(crate) fn sign_in(&mut self) -> CommandId {
        self.begin(Command::SignIn {
            user_id: user("alice"),
            password: Secret::new("correct horse"),
        })
    }

    pub(crate) fn key(&mut self) -> OperationKey {
        self.keys += 1;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.keys.to_be_bytes());
        (bytes[6], bytes[8]) = (0x70, 0x80);
        OperationKey::from_bytes(bytes)
    }

    pub(crate) fn send(&mut self, text: &str) -> OperationKey {
        self.send_message(MessageSend::text("c-1".parse().unwrap(), text))
    }

    pub(crate) fn send_message(&mut self, message: MessageSend) -> OperationKey {
        let operation_key = self.key();
        let reply = self.command(Command::Send {
            operation_key,
            message,
        });
        assert_eq!(reply, Ok(Reply::Enqueued { operation_key }));
        operation_key
    }

    /// Sends, if the conversation is here at this moment.
    pub(crate) fn try_send(&mut self, message: MessageSend) {
        let operation_key = self.key();
        self.begin(Command::Send {
            operation_key,
            message,
        });
    }

    /// How many bytes the store has, and how many requests are under way.
    pub(crate) fn size(&mut self) -> (usize, usize) {
        let bytes = self.engine().image().unwrap().len();
        (bytes, self.open.len())
    }

    /// Bob writes, and the server says so over the socket.
    pub(crate) fn bob_writes(&mut self, text: &str) {
        self.bob_writes_unheard(text);
        let last = self.server.events[self.server.events.len() - 1..].to_vec();
        if let Some(socket) = self.socket {
            self.say(
                To::Socket(socket),
                Said::Frame(events(&last)),
                Duration::ZERO,
            );
        }
    }

    /// Bob writes, and nobody says so.
    pub(crate) fn bob_writes_unheard(&mut self, text: &str) {
        let key = self.key();
        let content = Content {
            text: text.to_owned(),
            ..Content::default()
        };
        let now = self.now.mono;
        self.server.write("bob", key, content, now);
    }

    /// What the user sees of the conversation.
    pub(crate) fn shown(&mut self) -> Vec<String> {
        let id = "c-1".parse().unwrap();
        let reader = self.engine().reader();
        let shown = query::timeline(reader, &id, None, query::Window::Newest).unwrap();
        let messages = shown.items.iter().filter_map(query::TimelineItem::message);
        messages.map(|message| message.text().to_owned()).collect()
    }

    pub(crate) fn is_archived(&mut self) -> bool {
        let id = "c-1".parse().unwrap();
        let item = query::conversation(self.engine().reader(), Some(&user("alice")), &id).unwrap();
        item.expect("the conversation").settings.archived
    }

    /// What failed for good, and why.
    pub(crate) fn failures(&mut self) -> Vec<(OperationKey, FailureReason)> {
        let policy = self.config.failure_policy;
        let items = query::outbox(self.engine().reader(), policy).unwrap();
        let failed = items.into_iter().filter_map(|item| match item.state {
            query::OutboxState::Failed { reason } => Some((item.operation, reason)),
            _ => None,
        });
        failed.collect()
    }

    pub(crate) fn pin(&mut self, pinned: bool) {
        let operation_key = self.key();
        let method = Method::SettingsUpdate(SettingsUpdate {
            conversation_id: "c-1".parse().unwrap(),
            muted_until: None,
            pinned: Some(pinned),
            archived: None,
            hidden_to: None,
            marked_unread: None,
        });
        let reply = self.command(Command::Change {
            operation_key,
            method,
        });
        assert!(reply.is_ok(), "{reply:?}");
    }

    /// The server says something over the newest socket, if there was one.
    pub(crate) fn server_says_if_open(&mut self, said: Said) {
        if self.socket.is_some() {
            self.server_says(said);
        }
    }

    /// The server closes the newest socket, or says something over it.
    pub(crate) fn server_says(&mut self, said: Said) {
        let socket = self.socket.expect("a socket");
        self.say(To::Socket(socket), said, Duration::ZERO);
        self.run(Duration::ZERO);
    }
}
