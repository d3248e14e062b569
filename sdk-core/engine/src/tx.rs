//! One transaction, one moment, and the effects that wait for the commit.
//!
//! A [`Tx`] is the only thing that can take effects, and [`Tx::commit`] the only way to get them out: so
//! nothing leaves before what it rests on is stored. It knows no rule and keeps nothing beyond its batch.

use std::collections::BTreeSet;

use fulmar_protocol::{ApiRequest, Secret};
use rusqlite::Transaction;

use crate::defects::{self, Defect};
use crate::io::{CommandId, CommandResult, Effect, RequestId};
use crate::store::{ConversationKey, Durability, StoreError};
use crate::time::Now;

/// What a committed batch wants done, in this order; answers to commands come last.
#[derive(Debug)]
#[must_use = "effects that are dropped were promised to somebody"]
pub struct Released {
    effects: Vec<Effect>,
    durability: Durability,
    cleans: bool,
}

impl Released {
    /// How many effects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.effects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }

    /// What a power cut may take back of the batch, now that these are out.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        self.durability
    }

    /// Whether what remains of what is gone is to be cleaned away before the effects are out.
    pub(crate) const fn cleans(&self) -> bool {
        self.cleans
    }

    /// The batch was committed like this.
    pub(crate) fn with(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }
}

impl IntoIterator for Released {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.effects.into_iter()
    }
}

/// Which machine a request belongs to: it gets the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A session that is about to begin.
    SignIn,
    /// The next access token.
    Refresh,
    /// The end of a session, told to the server.
    SignOut,
    /// Missed events, or a snapshot.
    Sync,
    /// A submit over HTTP.
    Submit,
    /// A file that goes up.
    Upload,
    /// A file that comes.
    Download,
    /// What the app asked for, now or not at all.
    Online,
}

/// A request that was just handed over: who gets the answer, and with which token it was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) request: RequestId,
    pub(crate) owner: Owner,
    pub(crate) token: Option<Secret>,
    pub(crate) patience: Patience,
}

/// Who is asked, and so how long the answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Server,
    TokenProvider,
}

/// The numbers that this process has given out for sockets, requests, submits and pings.
#[derive(Debug, Default)]
pub(crate) struct Numbers(u64);

pub(crate) struct Tx<'a> {
    pub(crate) db: Transaction<'a>,
    pub(crate) now: Now,
    pub(crate) rng: fastrand::Rng,
    numbers: &'a mut Numbers,
    out: Out,
}

#[derive(Default)]
struct Out {
    effects: Vec<Effect>,
    /// Answers come last: an app that is answered finds everything else said already.
    replies: Vec<Effect>,
    asked: Vec<Asked>,
    called_off: Vec<RequestId>,
    touched: BTreeSet<ConversationKey>,
    vanished: BTreeSet<ConversationKey>,
    must_last: bool,
    cleans: bool,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(db: Transaction<'a>, numbers: &'a mut Numbers, now: Now) -> Self {
        Self {
            db,
            now,
            rng: fastrand::Rng::with_seed(now.entropy),
            numbers,
            out: Out::default(),
        }
    }

    /// Keeps an effect until the commit.
    pub(crate) fn emit(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// The effects rest on something that must be there after a power cut: they wait until it is.
    pub(crate) fn must_last(&mut self) {
        self.out.must_last = true;
    }

    /// What remains of what is gone is to be cleaned away after the commit.
    pub(crate) fn clean(&mut self) {
        self.out.cleans = true;
    }

    /// Whether it is.
    pub(crate) fn cleans(&self) -> bool {
        self.out.cleans
    }

    /// Answers a command, after everything else.
    pub(crate) fn reply(&mut self, command: CommandId, reply: CommandResult) {
        self.out.replies.push(Effect::Reply { command, reply });
    }

    /// The same answer for all who asked.
    pub(crate) fn reply_all(
        &mut self,
        commands: impl IntoIterator<Item = CommandId>,
        reply: &CommandResult,
    ) {
        for command in commands {
            self.reply(command, reply.clone());
        }
    }

    /// Asks the backend over HTTP.
    pub(crate) fn ask(
        &mut self,
        owner: Owner,
        call: ApiRequest,
        access_token: Option<Secret>,
    ) -> RequestId {
        let request = self.expect(owner, access_token.clone(), Patience::Server);
        self.emit(Effect::Request {
            request,
            call,
            access_token,
        });
        request
    }

    /// Expects the answer to a request that goes out by an effect of its own.
    pub(crate) fn expect(
        &mut self,
        owner: Owner,
        token: Option<Secret>,
        patience: Patience,
    ) -> RequestId {
        let request = RequestId(self.number());
        self.out.asked.push(Asked {
            request,
            owner,
            token,
            patience,
        });
        request
    }

    /// What was asked since this was last called.
    pub(crate) fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.out.asked)
    }

    /// Calls a request off: its owner waits for no answer any more.
    pub(crate) fn call_off(&mut self, request: RequestId) {
        self.out.called_off.push(request);
        self.emit(Effect::CancelRequest { request });
    }

    /// What was called off since this was last called.
    pub(crate) fn take_called_off(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.out.called_off)
    }

    /// A number that this process has not used for a socket, request, submit or ping.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers.0 += 1;
        self.numbers.0
    }

    /// Says that something of a conversation changed: its row for the list is computed again before the
    /// commit, and its watchers are told after it.
    pub(crate) fn touch(&mut self, conversation: ConversationKey) {
        self.out.touched.insert(conversation);
    }

    /// Says that a conversation is gone; who watches it looks it up again.
    pub(crate) fn vanish(&mut self, conversation: ConversationKey) {
        self.out.touched.remove(&conversation);
        self.out.vanished.insert(conversation);
    }

    /// The conversations that changed and those that are gone, since this was last called.
    pub(crate) fn take_touched(
        &mut self,
    ) -> (BTreeSet<ConversationKey>, BTreeSet<ConversationKey>) {
        let touched = std::mem::take(&mut self.out.touched);
        (touched, std::mem::take(&mut self.out.vanished))
    }

    /// Commits, and only then gives the effects out, with the durability that they need.
    pub(crate) fn commit(self) -> Result<Released, StoreError> {
        let Self { db, mut out, .. } = self;
        if let Err(error) = db.commit()
            && !defects::active(Defect::TrustsCommits)
        {
            return Err(error.into());
        }
        out.effects.append(&mut out.replies);
        let durability = match out.must_last {
            true => Durability::Full,
            false => Durability::Normal,
        };
        Ok(Released {
            effects: out.effects,
            durability,
            cleans: out.cleans,
        })
    }
}
