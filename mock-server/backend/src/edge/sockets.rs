//! Which sockets are open, who is behind each, and what each has got. In memory only: a restart forgets
//! them all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fulmar_protocol::{
    CloseCode, ConversationId, Secret, Seq, ServerFrame, Timestamp, TypingState, UserId,
};

use super::rate::Rate;
use crate::actor::Caller;

/// Names a socket of this backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What the owner of the sockets has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Sends a frame.
    Frame {
        /// The socket that it goes over.
        socket: SocketId,
        /// The frame to send.
        frame: ServerFrame,
    },
    /// Close a socket; the backend has forgotten it already.
    Close {
        /// The socket to close.
        socket: SocketId,
        /// The code to close with.
        code: CloseCode,
    },
}

pub(super) fn say(socket: SocketId, frame: ServerFrame) -> Outgoing {
    Outgoing::Frame { socket, frame }
}

/// The open sockets.
#[derive(Default)]
pub(crate) struct Sockets {
    open: BTreeMap<SocketId, Socket>,
    /// The ready ones of each user.
    ready: BTreeMap<UserId, BTreeSet<SocketId>>,
    last: u64,
}

struct Socket {
    state: State,
    /// Where its user types, and when they last said so.
    typing: BTreeMap<ConversationId, Timestamp>,
    typed: Rate,
    /// Before the greeting when it was opened: what is no hello keeps no socket open.
    last_heard: Timestamp,
}

/// The most signals of typing of one socket in a second (PROTOCOL.md §3.10).
const MOST_TYPED: u32 = 10;

enum State {
    /// Connected; nobody knows who it is.
    Greeting { token: Option<Secret> },
    /// `ready` went out.
    Ready { caller: Caller, sent: Seq },
}

impl State {
    fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Ready { caller, .. } => Some(caller),
            Self::Greeting { .. } => None,
        }
    }
}

/// A socket that was closed, if `ready` went out over it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) user_id: UserId,
    pub(super) last_heard: Timestamp,
    /// Where its user typed.
    pub(super) typing: Vec<ConversationId>,
}

impl Sockets {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn ids(&self) -> Vec<SocketId> {
        self.open.keys().copied().collect()
    }

    /// Forgets all of them, as a restart does.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.ready.clear();
    }

    pub(crate) fn open(&mut self, token: Option<&str>, now: Timestamp) -> SocketId {
        self.last += 1;
        let id = SocketId(self.last);
        let state = State::Greeting {
            token: token.map(Secret::from),
        };
        self.open.insert(
            id,
            Socket {
                state,
                typing: BTreeMap::new(),
                typed: Rate::new(now),
                last_heard: now,
            },
        );
        id
    }

    pub(super) fn close(&mut self, id: SocketId) -> Option<Gone> {
        let socket = self.open.remove(&id)?;
        let user_id = socket.state.caller()?.user_id.clone();
        if let Some(theirs) = self.ready.get_mut(&user_id) {
            theirs.remove(&id);
            if theirs.is_empty() {
                self.ready.remove(&user_id);
            }
        }
        Some(Gone {
            user_id,
            last_heard: socket.last_heard,
            typing: socket.typing.into_keys().collect(),
        })
    }

    /// Something came; false when no such socket is open.
    pub(super) fn hear(&mut self, id: SocketId, now: Timestamp) -> bool {
        let Some(socket) = self.open.get_mut(&id) else {
            return false;
        };
        match socket.state {
            State::Ready { .. } => socket.last_heard = now,
            State::Greeting { .. } => {}
        }
        true
    }

    /// Whether a socket may say something about typing now; it is counted.
    pub(super) fn may_type(&mut self, id: SocketId, now: Timestamp) -> bool {
        let socket = self.open.get_mut(&id);
        socket.is_some_and(|socket| socket.typed.count(now) <= MOST_TYPED)
    }

    /// The token of the handshake, if it had one; `None` after the greeting.
    pub(super) fn greeting(&self, id: SocketId) -> Option<Option<Secret>> {
        match &self.open.get(&id)?.state {
            State::Greeting { token } => Some(token.clone()),
            State::Ready { .. } => None,
        }
    }

    /// It is known who it is. `sent` is the last event that it has.
    pub(super) fn greet(&mut self, id: SocketId, caller: Caller, sent: Seq) {
        if let Some(socket) = self.open.get_mut(&id) {
            let theirs = self.ready.entry(caller.user_id.clone()).or_default();
            theirs.insert(id);
            socket.state = State::Ready { caller, sent };
        }
    }

    pub(crate) fn who(&self, id: SocketId) -> Option<&Caller> {
        self.open.get(&id)?.state.caller()
    }

    /// The caller of a ready socket, if its token still holds.
    pub(super) fn is_greeted(&self, id: SocketId) -> bool {
        self.who(id).is_some()
    }

    pub(super) fn caller(&self, id: SocketId, now: Timestamp) -> Result<Caller, CloseCode> {
        match self.who(id) {
            Some(caller) if caller.expires_at > now => Ok(caller.clone()),
            Some(_) => Err(CloseCode::Unauthenticated),
            None => Err(CloseCode::Malformed),
        }
    }

    /// A fresh token for the same session; false when it is for another.
    pub(super) fn renew(&mut self, id: SocketId, fresh: Caller) -> bool {
        match self.open.get_mut(&id).map(|socket| &mut socket.state) {
            Some(State::Ready { caller, .. }) if caller.session_id == fresh.session_id => {
                *caller = fresh;
                true
            }
            Some(State::Ready { .. } | State::Greeting { .. }) | None => false,
        }
    }

    /// The ready sockets of a user.
    pub(crate) fn of(&self, user: &UserId) -> Vec<SocketId> {
        let theirs = self.ready.get(user);
        theirs.into_iter().flatten().copied().collect()
    }

    pub(super) fn is_connected(&self, user: &UserId) -> bool {
        self.ready.contains_key(user)
    }

    /// The ready sockets of these users, in their order.
    pub(super) fn of_any<'u>(&self, users: impl IntoIterator<Item = &'u UserId>) -> Vec<SocketId> {
        let mut found: Vec<SocketId> = users.into_iter().flat_map(|user| self.of(user)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn of_sessions(&self, sessions: &[String]) -> Vec<SocketId> {
        let theirs = self.open.iter().filter(|(_, socket)| {
            let caller = socket.state.caller();
            caller.is_some_and(|caller| sessions.contains(&caller.session_id))
        });
        theirs.map(|(id, _)| *id).collect()
    }

    /// The last event that went out over a ready socket.
    pub(super) fn sent(&self, id: SocketId) -> Option<Seq> {
        match &self.open.get(&id)?.state {
            State::Ready { sent, .. } => Some(*sent),
            State::Greeting { .. } => None,
        }
    }

    pub(super) fn set_sent(&mut self, id: SocketId, last: Seq) {
        match self.open.get_mut(&id).map(|socket| &mut socket.state) {
            Some(State::Ready { sent, .. }) => *sent = last,
            Some(State::Greeting { .. }) | None => {}
        }
    }

    /// Sockets that have to be closed: their token has run out, or they were silent for too long.
    pub(super) fn overdue(&self, now: Timestamp, patience: Duration) -> Vec<(SocketId, CloseCode)> {
        let code = |socket: &Socket| {
            let caller = socket.state.caller();
            if caller.is_some_and(|caller| caller.expires_at <= now) {
                Some(CloseCode::Unauthenticated)
            } else if now.since(socket.last_heard) > patience {
                Some(CloseCode::Silent)
            } else {
                None
            }
        };
        let open = self.open.iter();
        open.filter_map(|(id, socket)| Some((*id, code(socket)?)))
            .collect()
    }

    pub(super) fn set_typing(
        &mut self,
        id: SocketId,
        conversation: &ConversationId,
        state: TypingState,
        now: Timestamp,
    ) {
        if let Some(socket) = self.open.get_mut(&id) {
            match state {
                TypingState::Started => socket.typing.insert(conversation.clone(), now),
                TypingState::Stopped => socket.typing.remove(conversation),
            };
        }
    }

    /// Whether a user types in a conversation, on any device.
    pub(super) fn is_typing(&self, user: &UserId, conversation: &ConversationId) -> bool {
        let theirs = self.ready.get(user).into_iter().flatten();
        theirs
            .filter_map(|id| self.open.get(id))
            .any(|socket| socket.typing.contains_key(conversation))
    }

    /// Forgets where users type who have not said so for a while.
    pub(super) fn expire_typing(
        &mut self,
        now: Timestamp,
        patience: Duration,
    ) -> Vec<(ConversationId, UserId)> {
        let mut silent = Vec::new();
        for socket in self.open.values_mut() {
            let Some(caller) = socket.state.caller() else {
                continue;
            };
            socket.typing.retain(|conversation, said| {
                let types = now.since(*said) < patience;
                if !types {
                    silent.push((conversation.clone(), caller.user_id.clone()));
                }
                types
            });
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::DeviceId;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn caller(name: &str, session: &str) -> Caller {
        Caller {
            user_id: UserId::new(name).unwrap(),
            device_id: DeviceId::new("d").unwrap(),
            session_id: session.to_owned(),
            expires_at: NOW.plus(Duration::from_secs(60)),
        }
    }

    fn greeted(sockets: &mut Sockets, name: &str, session: &str) -> SocketId {
        let id = sockets.open(None, NOW);
        sockets.greet(id, caller(name, session), Seq(0));
        id
    }

    #[test]
    fn a_user_is_connected_from_the_first_greeting_to_the_last_close() {
        let mut sockets = Sockets::default();
        let ann = UserId::new("ann").unwrap();
        let waiting = sockets.open(Some("token"), NOW);
        assert!(!sockets.is_connected(&ann));
        let (one, two) = (
            greeted(&mut sockets, "ann", "s1"),
            greeted(&mut sockets, "ann", "s2"),
        );
        assert_eq!(sockets.of(&ann), [one, two]);
        assert_eq!(sockets.of_sessions(&["s2".to_owned()]), [two]);
        assert_eq!(
            sockets.close(one).map(|gone| gone.user_id),
            Some(ann.clone())
        );
        assert!(sockets.is_connected(&ann));
        sockets.close(two);
        assert!(!sockets.is_connected(&ann));
        assert_eq!(sockets.close(waiting), None);
        assert_eq!(sockets.len(), 0);
    }

    #[test]
    fn a_token_renews_its_own_session_only_and_runs_out() {
        let mut sockets = Sockets::default();
        let id = greeted(&mut sockets, "ann", "s1");
        let later = NOW.plus(Duration::from_secs(60));
        assert!(sockets.caller(id, NOW).is_ok());
        assert_eq!(
            sockets.caller(id, later).unwrap_err(),
            CloseCode::Unauthenticated
        );
        assert_eq!(
            sockets.overdue(later, Duration::from_secs(600)),
            [(id, CloseCode::Unauthenticated)]
        );
        assert!(!sockets.renew(id, caller("ann", "s2")));
        let fresh = Caller {
            expires_at: later.plus(Duration::from_secs(1)),
            ..caller("ann", "s1")
        };
        assert!(sockets.renew(id, fresh));
        assert!(sockets.caller(id, later).is_ok());
        assert_eq!(
            sockets.overdue(later, Duration::from_secs(59)),
            [(id, CloseCode::Silent)]
        );
        sockets.hear(id, later);
        assert_eq!(sockets.overdue(later, Duration::from_secs(59)), []);
    }

    #[test]
    fn who_types_on_two_devices_types_until_both_have_stopped() {
        let mut sockets = Sockets::default();
        let ann = UserId::new("ann").unwrap();
        let room = ConversationId::new("c").unwrap();
        let (one, two) = (
            greeted(&mut sockets, "ann", "s1"),
            greeted(&mut sockets, "ann", "s2"),
        );
        let later = NOW.plus(Duration::from_secs(2));
        sockets.set_typing(one, &room, TypingState::Started, NOW);
        sockets.set_typing(two, &room, TypingState::Started, later);
        let patience = Duration::from_secs(3);
        let silent = sockets.expire_typing(NOW.plus(patience), patience);
        assert_eq!(silent, [(room.clone(), ann.clone())]);
        assert!(sockets.is_typing(&ann, &room));
        sockets.set_typing(two, &room, TypingState::Stopped, later);
        assert!(!sockets.is_typing(&ann, &room));
    }
}
