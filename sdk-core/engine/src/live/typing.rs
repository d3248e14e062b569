//! Typing signals (PROTOCOL.md §3.10).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fulmar_protocol::{ClientFrame, ConversationId, Typing, TypingState, UserId};

use crate::facts::{Channel, Own};
use crate::io::{Effect, SocketId};
use crate::store::{ConversationKey, Result, conversations};
use crate::time::Mono;
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// How often it is said again while it goes on.
const AGAIN: Duration = Duration::from_secs(2);
/// Not more often is it said, also when it was over in between.
const LEAST: Duration = Duration::from_secs(1);
/// Without another key the user has stopped.
const IDLE: Duration = Duration::from_secs(1);
/// A user without another signal for this long has stopped.
const EXPIRES: Duration = Duration::from_secs(3);

/// Where this user types, and which other users type.
#[derive(Debug, Default)]
pub(crate) struct TypingSignals {
    /// Where this user types, as far as the server was told.
    own: BTreeSet<ConversationKey>,
    /// When the server was last told that this user types, for as long as that matters.
    told: BTreeMap<ConversationKey, Mono>,
    /// Who else does, and until when to believe it.
    others: BTreeMap<ConversationKey, BTreeMap<UserId, Mono>>,
    timers: Timers,
}

impl Timed for TypingSignals {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl TypingSignals {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        let others: usize = self.others.values().map(BTreeMap::len).sum();
        self.own.len() + self.told.len() + self.others.len() + others
    }

    /// What the app says about its keyboard.
    pub(crate) fn app_said(
        &mut self,
        tx: &mut Tx<'_>,
        conversation: &ConversationId,
        state: TypingState,
        channel: Channel,
    ) -> Result<()> {
        let Some(key) = conversations::find(&tx.db, conversation)? else {
            return Ok(());
        };
        match state {
            TypingState::Started => self.key_pressed(tx, key, channel),
            TypingState::Stopped => self.stopped(tx, key, channel),
        }
    }

    /// The user pressed a key. Told every two seconds while it goes on.
    fn key_pressed(
        &mut self,
        tx: &mut Tx<'_>,
        key: ConversationKey,
        channel: Channel,
    ) -> Result<()> {
        let Some(socket) = channel.socket() else {
            return Ok(());
        };
        let now = tx.now.mono;
        self.told.retain(|_, told| now < told.plus(AGAIN));
        let wait = if self.own.contains(&key) {
            AGAIN
        } else {
            LEAST
        };
        let told = self.told.get(&key);
        if told.is_none_or(|told| now >= told.plus(wait)) {
            if !tell(tx, socket, key, TypingState::Started)? {
                return Ok(());
            }
            self.own.insert(key);
            self.told.insert(key, now);
        }
        if self.own.contains(&key) {
            self.timers.set(Timer::TypingIdle(key), now.plus(IDLE));
        }
        Ok(())
    }

    /// No key for a while, or the app says that it is over.
    pub(crate) fn stopped(
        &mut self,
        tx: &mut Tx<'_>,
        key: ConversationKey,
        channel: Channel,
    ) -> Result<()> {
        self.timers.clear(Timer::TypingIdle(key));
        if let (true, Some(socket)) = (self.own.remove(&key), channel.socket()) {
            tell(tx, socket, key, TypingState::Stopped)?;
        }
        Ok(())
    }

    /// A message of this user says by itself that they have stopped.
    pub(crate) fn own_message(&mut self, key: ConversationKey) {
        self.timers.clear(Timer::TypingIdle(key));
        self.own.remove(&key);
    }

    /// A message of somebody else says that they have.
    pub(crate) fn message_of(&mut self, tx: &mut Tx<'_>, key: ConversationKey, writer: &UserId) {
        self.forget_person(tx, key, writer);
    }

    /// Somebody else began or stopped.
    pub(crate) fn heard(&mut self, tx: &mut Tx<'_>, typing: Typing, own: Own<'_>) -> Result<()> {
        let Some(key) = conversations::find(&tx.db, &typing.conversation_id)? else {
            return Ok(());
        };
        let Some(user) = typing.user_id.filter(|user| own != Some(user)) else {
            return Ok(());
        };
        match typing.state {
            TypingState::Started => {
                let until = tx.now.mono.plus(EXPIRES);
                let there = self.others.entry(key).or_default();
                if there.insert(user, until).is_none() {
                    self.show(tx, key);
                }
                self.await_expiry(key);
            }
            TypingState::Stopped => self.forget_person(tx, key, &user),
        }
        Ok(())
    }

    fn forget_person(&mut self, tx: &mut Tx<'_>, key: ConversationKey, user: &UserId) {
        let there = self.others.get_mut(&key);
        if there.is_some_and(|there| there.remove(user).is_some()) {
            self.show(tx, key);
            self.await_expiry(key);
        }
    }

    /// Users without another signal for too long have stopped.
    pub(crate) fn expired(&mut self, tx: &mut Tx<'_>, key: ConversationKey) {
        let now = tx.now.mono;
        if let Some(there) = self.others.get_mut(&key) {
            there.retain(|_, until| *until > now);
            self.show(tx, key);
            self.await_expiry(key);
        }
    }

    fn await_expiry(&mut self, key: ConversationKey) {
        let there = self.others.get(&key);
        match there.and_then(|there| there.values().min()) {
            Some(first) => self.timers.set(Timer::TypingExpires(key), *first),
            None => {
                self.others.remove(&key);
                self.timers.clear(Timer::TypingExpires(key));
            }
        }
    }

    fn show(&self, tx: &mut Tx<'_>, conversation: ConversationKey) {
        let there = self.others.get(&conversation);
        let users = there
            .into_iter()
            .flat_map(BTreeMap::keys)
            .cloned()
            .collect();
        tx.emit(Effect::Typing {
            conversation,
            users,
        });
    }

    /// Without a connection nobody is known to type.
    pub(crate) fn forget(&mut self, tx: &mut Tx<'_>) {
        self.own.clear();
        self.timers.clear_all();
        for key in std::mem::take(&mut self.others).into_keys() {
            self.show(tx, key);
        }
    }
}

/// Tells the server; false for a conversation that it does not know yet.
fn tell(
    tx: &mut Tx<'_>,
    socket: SocketId,
    key: ConversationKey,
    state: TypingState,
) -> Result<bool> {
    let conversation_id = if conversations::exists(&tx.db, key)? {
        conversations::server_id(&tx.db, key)?
    } else {
        None
    };
    let known = conversation_id.is_some();
    if let Some(conversation_id) = conversation_id {
        let frame = ClientFrame::Typing(Typing {
            conversation_id,
            user_id: None,
            state,
        });
        tx.emit(Effect::SendFrame { socket, frame });
    }
    Ok(known)
}
