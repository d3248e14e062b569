//! Live signals: who is typing. They are passed on to open sockets and not kept (PROTOCOL.md §3.10).

use std::time::Duration;

use fulmar_protocol::{ConversationId, ServerFrame, Timestamp, Typing, TypingState, UserId};

use super::socket::{Outgoing, SocketId, State, say};
use crate::Backend;
use crate::store::participants;

/// Who has said nothing for so long types no more (PROTOCOL.md §3.10).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3);

impl Backend {
    pub(super) fn typing(
        &mut self,
        socket: SocketId,
        typing: Typing,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let caller = match self.caller(socket, now) {
            Ok(caller) => caller,
            Err(code) => return self.close(socket, code),
        };
        let id = typing.conversation_id;
        let (allowed, _) = self.scoped(now, |scope| {
            scope.must_be_allowed_to_write(&id, &caller.user_id)
        });
        if allowed.is_err() {
            return Vec::new();
        }
        if let Some(known) = self.sockets.get_mut(&socket) {
            match typing.state {
                TypingState::Started => known.typing.insert(id.clone(), now),
                TypingState::Stopped => known.typing.remove(&id),
            };
        }
        self.pass_on(&id, &caller.user_id, typing.state, now)
    }

    /// Takes a socket off the list. Whoever typed there, and does nowhere else, has stopped.
    pub(super) fn forget(&mut self, socket: SocketId) -> Vec<Outgoing> {
        let Some(gone) = self.sockets.remove(&socket) else {
            return Vec::new();
        };
        let now = gone.last_heard;
        let State::Ready { caller, .. } = gone.state else {
            return Vec::new();
        };
        let mut outgoing: Vec<Outgoing> = gone
            .typing
            .keys()
            .flat_map(|id| self.stopped_typing(id, &caller.user_id, now))
            .collect();
        outgoing.extend(self.left(&caller.user_id, now));
        outgoing
    }

    /// Says for those who type no more, and did not say so, that they have stopped.
    pub(super) fn expire_typing(&mut self, now: Timestamp) -> Vec<Outgoing> {
        let mut silent = Vec::new();
        for socket in self.sockets.values_mut() {
            let State::Ready { caller, .. } = &socket.state else {
                continue;
            };
            socket.typing.retain(|id, said| {
                let types = now.since(*said) < FORGOTTEN_AFTER;
                if !types {
                    silent.push((id.clone(), caller.user_id.clone()));
                }
                types
            });
        }
        let stopped = silent.iter();
        stopped
            .flat_map(|(id, user)| self.stopped_typing(id, user, now))
            .collect()
    }

    /// One device of somebody types no more; they have stopped, unless another one does.
    fn stopped_typing(
        &mut self,
        id: &ConversationId,
        user: &UserId,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let elsewhere = self.sockets.values().any(|other| {
            matches!(&other.state, State::Ready { caller, .. } if caller.user_id == *user)
                && other.typing.contains_key(id)
        });
        match elsewhere {
            true => Vec::new(),
            false => self.pass_on(id, user, TypingState::Stopped, now),
        }
    }

    fn pass_on(
        &mut self,
        id: &ConversationId,
        user: &UserId,
        state: TypingState,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let (people, _) = self.scoped(now, |scope| participants::ids(scope.tx.db(), id));
        let people = people.unwrap_or_default();
        let frame = ServerFrame::Typing(Typing {
            conversation_id: id.clone(),
            user_id: Some(user.clone()),
            state,
        });
        self.sockets
            .iter()
            .filter(|(_, socket)| {
                matches!(&socket.state, State::Ready { caller, .. }
                    if caller.user_id != *user && people.contains(&caller.user_id))
            })
            .map(|(socket, _)| say(*socket, frame.clone()))
            .collect()
    }
}
