//! Who is typing: told while it happens, and forgotten (PROTOCOL.md §3.10).
//!
//! Nothing of this is stored, and nothing of it outlives the connection.

use std::collections::BTreeMap;
use std::time::Duration;

use fulmar_protocol::{ClientFrame, ConversationId, Typing, TypingState, UserId};

use crate::connection::LinkState;
use crate::deadline::Why;
use crate::effect::{Effect, SocketId};
use crate::store::{ConversationKey, Result, conversations};
use crate::time::Mono;
use crate::turn::Turn;

/// How often it is said again while it goes on.
const AGAIN: Duration = Duration::from_secs(2);
/// Without another key the user has stopped.
const IDLE: Duration = Duration::from_secs(1);
/// Somebody of whom nothing more is heard has stopped.
const EXPIRES: Duration = Duration::from_secs(3);

/// Who is typing, here and elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// Where this user types, and when the server was last told.
    own: BTreeMap<ConversationKey, Mono>,
    /// Who else does, and until when to believe it.
    others: BTreeMap<ConversationKey, BTreeMap<UserId, Mono>>,
}

impl Turn<'_> {
    /// What the app says about its keyboard.
    pub(crate) fn typing(
        &mut self,
        conversation: &ConversationId,
        state: TypingState,
    ) -> Result<()> {
        match (state, conversations::find(&self.db, conversation)?) {
            (TypingState::Started, _) => self.typed(conversation),
            (TypingState::Stopped, Some(key)) => self.stopped_typing(key),
            (TypingState::Stopped, None) => Ok(()),
        }
    }

    /// The user pressed a key. Told at most every two seconds.
    fn typed(&mut self, conversation: &ConversationId) -> Result<()> {
        let Some(key) = conversations::find(&self.db, conversation)? else {
            return Ok(());
        };
        let Some(socket) = self.open_socket() else {
            return Ok(());
        };
        let told = self.brain.typing.own.get(&key).copied();
        if told.is_none_or(|told| self.now.mono >= told.plus(AGAIN)) {
            if !self.tell_typing(socket, key, TypingState::Started)? {
                return Ok(());
            }
            self.brain.typing.own.insert(key, self.now.mono);
        }
        let idle = self.now.mono.plus(IDLE);
        self.brain.deadlines.set(Why::TypingIdle(key), idle);
        Ok(())
    }

    /// No key for a while, or the app says that it is over.
    pub(crate) fn stopped_typing(&mut self, key: ConversationKey) -> Result<()> {
        self.brain.deadlines.clear(Why::TypingIdle(key));
        match (self.brain.typing.own.remove(&key), self.open_socket()) {
            (Some(_), Some(socket)) => self
                .tell_typing(socket, key, TypingState::Stopped)
                .map(|_| ()),
            _ => Ok(()),
        }
    }

    /// A message says by itself that its writer has stopped, here as everywhere.
    pub(crate) fn wrote(&mut self, key: ConversationKey, writer: Option<&UserId>) {
        match writer {
            None => {
                self.brain.deadlines.clear(Why::TypingIdle(key));
                self.brain.typing.own.remove(&key);
            }
            Some(writer) => self.forget_typing(key, writer),
        }
    }

    /// False for a conversation that the server does not know yet.
    fn tell_typing(
        &mut self,
        socket: SocketId,
        key: ConversationKey,
        state: TypingState,
    ) -> Result<bool> {
        let conversation_id = match conversations::exists(&self.db, key)? {
            true => conversations::server_id(&self.db, key)?,
            false => None,
        };
        let known = conversation_id.is_some();
        if let Some(conversation_id) = conversation_id {
            let frame = ClientFrame::Typing(Typing {
                conversation_id,
                user_id: None,
                state,
            });
            self.hold(Effect::SendFrame { socket, frame });
        }
        Ok(known)
    }

    /// Somebody else began or stopped.
    pub(crate) fn typing_heard(&mut self, typing: Typing) -> Result<()> {
        let Some(key) = conversations::find(&self.db, &typing.conversation_id)? else {
            return Ok(());
        };
        let Some(user) = typing.user_id else {
            return Ok(());
        };
        if self.brain.account.user_id.as_ref() == Some(&user) {
            return Ok(());
        }
        match typing.state {
            TypingState::Started => {
                let until = self.now.mono.plus(EXPIRES);
                let there = self.brain.typing.others.entry(key).or_default();
                if there.insert(user, until).is_none() {
                    self.show_typing(key);
                }
                self.await_expiry(key);
            }
            TypingState::Stopped => self.forget_typing(key, &user),
        }
        Ok(())
    }

    fn forget_typing(&mut self, key: ConversationKey, user: &UserId) {
        let there = self.brain.typing.others.get_mut(&key);
        if there.is_some_and(|there| there.remove(user).is_some()) {
            self.show_typing(key);
            self.await_expiry(key);
        }
    }

    /// Whoever was not heard of for too long has stopped.
    pub(crate) fn typing_expired(&mut self, key: ConversationKey) {
        let now = self.now.mono;
        if let Some(there) = self.brain.typing.others.get_mut(&key) {
            there.retain(|_, until| *until > now);
            self.show_typing(key);
            self.await_expiry(key);
        }
    }

    fn await_expiry(&mut self, key: ConversationKey) {
        let there = self.brain.typing.others.get(&key);
        match there.and_then(|there| there.values().min()) {
            Some(first) => self.brain.deadlines.set(Why::TypingExpires(key), *first),
            None => {
                self.brain.typing.others.remove(&key);
                self.brain.deadlines.clear(Why::TypingExpires(key));
            }
        }
    }

    fn show_typing(&mut self, conversation: ConversationKey) {
        let there = self.brain.typing.others.get(&conversation);
        let users = there
            .into_iter()
            .flat_map(BTreeMap::keys)
            .cloned()
            .collect();
        self.hold(Effect::Typing {
            conversation,
            users,
        });
    }

    /// Without a connection nobody is known to type.
    pub(crate) fn settle_typing(&mut self) {
        if self.open_socket().is_some() {
            return;
        }
        for key in std::mem::take(&mut self.brain.typing.own).into_keys() {
            self.brain.deadlines.clear(Why::TypingIdle(key));
        }
        for key in std::mem::take(&mut self.brain.typing.others).into_keys() {
            self.brain.deadlines.clear(Why::TypingExpires(key));
            self.show_typing(key);
        }
    }

    fn open_socket(&self) -> Option<SocketId> {
        match self.brain.link.state {
            LinkState::Open { socket, .. } => Some(socket),
            _ => None,
        }
    }
}
