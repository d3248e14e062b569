//! One turn: one transaction, one moment, and the effects that wait for the commit.
//!
//! A [`Turn`] is the only thing that can hold effects, and [`Turn::commit`] the only way to get them
//! out, so nothing can leave before what it rests on is stored. Everything that the engine does is a
//! method of a turn, spread over the modules by subject.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use crate::brain::Brain;
use crate::command_error::CommandError;
use crate::config::Config;
use crate::effect::{CommandId, Effect, Reply, Topic};
use crate::store::{ConversationKey, Result, StoreError, account, conversations, list_rows};
use crate::time::Now;

/// What a committed turn wants done, in this order; answers to commands come last.
#[derive(Debug)]
#[must_use = "effects that are dropped were promised to somebody"]
pub struct Released(Vec<Effect>);

impl Released {
    /// How many effects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Released {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

pub(crate) struct Turn<'a> {
    pub(crate) db: Transaction<'a>,
    pub(crate) brain: &'a mut Brain,
    pub(crate) config: &'a Config,
    pub(crate) now: Now,
    pub(crate) rng: fastrand::Rng,
    held: Vec<Effect>,
    /// Answers come last: whoever is answered finds everything else said already.
    replies: Vec<Effect>,
    touched: BTreeSet<ConversationKey>,
    vanished: BTreeSet<ConversationKey>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        db: Transaction<'a>,
        brain: &'a mut Brain,
        config: &'a Config,
        now: Now,
    ) -> Self {
        Self {
            db,
            brain,
            config,
            now,
            rng: fastrand::Rng::with_seed(now.entropy),
            held: Vec::new(),
            replies: Vec::new(),
            touched: BTreeSet::new(),
            vanished: BTreeSet::new(),
        }
    }

    /// Holds an effect until the commit.
    pub(crate) fn hold(&mut self, effect: Effect) {
        self.held.push(effect);
    }

    pub(crate) fn reply(
        &mut self,
        command: CommandId,
        reply: std::result::Result<Reply, CommandError>,
    ) {
        self.replies.push(Effect::Reply { command, reply });
    }

    /// The same answer for everyone who asked.
    pub(crate) fn reply_all(
        &mut self,
        commands: Vec<CommandId>,
        reply: &std::result::Result<Reply, CommandError>,
    ) {
        for command in commands {
            self.reply(command, reply.clone());
        }
    }

    /// Says that something of a conversation changed: its row for the list is computed again before
    /// the commit, and its watchers are told after it.
    pub(crate) fn touch(&mut self, conversation: ConversationKey) {
        self.touched.insert(conversation);
    }

    /// Says that a conversation is gone; whoever watches it looks it up again.
    pub(crate) fn vanish(&mut self, conversation: ConversationKey) {
        self.touched.remove(&conversation);
        self.vanished.insert(conversation);
    }

    /// Commits, and only then gives the effects out.
    pub(crate) fn commit(mut self) -> std::result::Result<Released, StoreError> {
        self.refresh_touched()?;
        self.publish();
        let Self {
            db,
            mut held,
            replies,
            ..
        } = self;
        db.commit()?;
        held.extend(replies);
        Ok(Released(held))
    }

    fn refresh_touched(&mut self) -> Result<()> {
        let touched = std::mem::take(&mut self.touched);
        let vanished = std::mem::take(&mut self.vanished);
        for key in &touched {
            if !conversations::remove_if_gone(&self.db, *key)? {
                list_rows::refresh(&self.db, *key, self.brain.account.user_id.as_ref())?;
            }
        }
        if !touched.is_empty() || !vanished.is_empty() {
            self.hold(Effect::Changed(Topic::Conversations));
        }
        for key in touched.union(&vanished) {
            self.hold(Effect::Changed(Topic::Timeline(*key)));
        }
        Ok(())
    }

    /// Reads the account row again after it was written.
    pub(crate) fn reload_account(&mut self) -> Result<()> {
        if let Some(account) = account::load(&self.db, self.brain.vault.as_deref())? {
            self.brain.account = account;
        }
        Ok(())
    }
}
