//! The outbox: everything that the user did and the server has not confirmed yet (PROTOCOL.md §5).
//!
//! The way of a message: [`Outbox::send`] inserts the operation and the optimistic message in one durable
//! transaction and is answered after it. At the end of every batch [`Outbox::reconcile`] takes from each
//! conversation's lane what is queued, in order, and never more than one submit per lane is in flight. The
//! outcome (or the event, whichever comes first) confirms it: [`Outbox::outcomes_arrived`],
//! [`Outbox::confirmed`]. A lost connection returns it to the queue under the same operation key, which the
//! server recognises. A permanent refusal makes it `failed`, which holds the lane until the app retries or
//! discards it.
//!
//! Any other operation shows its effect from here, put over what the server said, until the log has told of
//! it. When it is refused, its effect is gone with that: nothing has to be undone, and it holds nobody up.
//! Every change of an operation's state goes through [`transition`]. Nothing in here may drop an operation by
//! itself.

mod change;
mod clock;
mod create;
mod deliveries;
mod flights;
mod give_up;
mod lanes;
mod outcome;
mod receipt;
mod refusal;
mod replaced;
mod send;
mod server;
mod step;
mod submit;
#[cfg(test)]
mod tests;
pub(crate) mod transition;

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::text::check_draft;
use fulmar_protocol::{
    Capability, Conversation, ConversationId, Limits, Message, OperationKey, Secret, Seq, UserId,
};

use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::{Channel, Own};
use crate::io::{CommandError, CommandResult, Field, Reply, Rule};
use crate::operation::Situation;
use crate::outbox::deliveries::Deliveries;
use crate::outbox::flights::Flights;
use crate::outbox::lanes::Lanes;
use crate::outbox::server::Server;
use crate::outbox::transition::OperationEvent;
use crate::pace::Gate;
use crate::store::operations::OperationRow;
use crate::store::state::{FailureReason, OperationState};
use crate::store::uploads::UploadRow;
use crate::store::{ConversationKey, LaneId, Result, conversations, log, operations};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// How many changes that were refused are kept for those who want to see them.
const REFUSED_KEPT: u32 = 100;

/// What the outbox has to say.
#[derive(Debug)]
pub(crate) enum OutboxNews {
    /// An operation got its outcome: progress.
    Progress,
    /// No outcome came over a socket that seems open: it is dead.
    Silent,
    /// A submit over the socket was refused because of its token.
    SocketTokenRejected,
    /// The server has this message of ours.
    Applied(LaneId, Box<Message>),
    /// The server has created the conversation of this lane, and its log went so far then.
    Created(LaneId, Box<Conversation>, Seq),
    /// A submit was answered by a server with another log than the one that is followed.
    AnotherLog,
    /// The server has lost the files of this message.
    FilesMissing(OperationKey),
    /// A message was given up, and these files with it.
    Abandoned(Vec<UploadRow>),
    /// The user has written a message.
    Wrote(LaneId),
}

impl OutboxNews {
    /// Whether an operation got its outcome.
    pub(crate) fn is_progress(&self) -> bool {
        matches!(self, Self::Progress)
    }
}

/// What the outbox keeps in memory: what is under way, and who waits.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    flights: Flights,
    lanes: Lanes,
    deliveries: Deliveries,
    server: Server,
    /// One operation per submit until one succeeds, after a whole submit was refused: so the refusal lands on
    /// the operation that deserves it.
    one_by_one: bool,
    /// How often the server had lost the files of a message.
    files_lost: BTreeMap<OperationKey, u32>,
    /// How many outcomes in a row did not come in time: the next one may take longer.
    late: u32,
    timers: Timers,
    news: Vec<OutboxNews>,
}

/// Who does something, with which settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acting<'a> {
    pub(crate) owner: &'a UserId,
    pub(crate) config: &'a Config,
}

/// By what a submit can go out at this moment.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) channel: Channel,
    /// The access token, for HTTP.
    pub(crate) token: Option<Secret>,
    /// Whether the budget has one more request over HTTP.
    pub(crate) gate: Gate,
}

impl Timed for Outbox {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Outbox {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        let machines = self.flights.kept() + self.lanes.kept() + self.deliveries.kept();
        machines + self.files_lost.len() + self.news.len()
    }

    /// Takes up where the rows say.
    pub(crate) fn of(tx: &Tx<'_>) -> Result<Self> {
        Ok(Self {
            server: Server::of(&tx.db)?,
            ..Self::default()
        })
    }

    /// What is to be passed on, in the order in which it happened.
    pub(crate) fn take_news(&mut self) -> Vec<OutboxNews> {
        std::mem::take(&mut self.news)
    }

    /// The limits of the server, as far as it said them.
    pub(crate) fn limits(&self) -> &Limits {
        self.server.limits()
    }

    /// Whether the server said that it cannot do this (PROTOCOL.md §10.2).
    pub(crate) fn lacks(&self, capability: Capability) -> bool {
        self.server.lacks(capability)
    }

    /// The server has said what it can take.
    pub(crate) fn connected(
        &mut self,
        tx: &mut Tx<'_>,
        ready: &fulmar_protocol::Ready,
    ) -> Result<()> {
        self.server.said(tx, ready)?;
        // What was applied before was told of before the newest event that there is, whatever the outcome
        // said.
        operations::cap_applied_seq(&tx.db, ready.head)?;
        self.told_up_to(tx, log::position(&tx.db)?.1)
    }

    /// Something of others came in, which the server is to be told.
    pub(crate) fn delivered(&mut self, tx: &Tx<'_>, conversation: ConversationKey) {
        self.deliveries.add(tx, &mut self.timers, conversation);
    }

    /// A connection is up, or the log is another: what came meanwhile has not been told of.
    pub(crate) fn find_deliveries(&mut self, tx: &Tx<'_>, own: Own<'_>) -> Result<()> {
        match own {
            Some(own) => self.deliveries.find(tx, &mut self.timers, own),
            None => Ok(()),
        }
    }

    /// Whether something waits to be sent.
    pub(crate) fn has_queued(tx: &Tx<'_>) -> Result<bool> {
        operations::any_queued(&tx.db)
    }

    /// A message is at the server: its operation needs the outbox no more.
    pub(crate) fn confirmed(&mut self, tx: &mut Tx<'_>, message: OperationKey) -> Result<()> {
        match operations::find(&tx.db, message)? {
            Some(row) => self.transition(tx, &row, OperationEvent::Confirmed, None),
            None => Ok(()),
        }
    }

    /// The log has told of everything up to here: what was applied before needs the outbox no more.
    pub(crate) fn told_up_to(&mut self, tx: &mut Tx<'_>, seq: Seq) -> Result<()> {
        let lanes = operations::forget_applied(&tx.db, seq)?;
        for lane in lanes.into_iter().collect::<BTreeSet<_>>() {
            Self::read_as_told(tx, lane)?;
            tx.touch(lane.conversation());
        }
        Ok(())
    }

    /// The user takes no part in a conversation any more: what only changes it has no effect.
    pub(crate) fn left(&mut self, tx: &mut Tx<'_>, lane: LaneId) -> Result<()> {
        operations::drop_changes(&tx.db, lane)?;
        self.lanes.done(tx, &mut self.timers, lane)?;
        tx.touch(lane.conversation());
        Ok(())
    }

    /// A file of a message was refused, or is not on this device any more: it will not go out by itself.
    pub(crate) fn file_failed(
        &mut self,
        tx: &mut Tx<'_>,
        message: OperationKey,
        reason: &FailureReason,
    ) -> Result<()> {
        match operations::find(&tx.db, message)? {
            Some(row) if row.state == OperationState::Queued => {
                self.transition(tx, &row, OperationEvent::Refused, Some(reason))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The screen shows something else of a message now.
    pub(crate) fn file_moved(&self, tx: &mut Tx<'_>, message: OperationKey) -> Result<()> {
        if let Some(row) = operations::find(&tx.db, message)? {
            tx.touch(row.lane.conversation());
        }
        Ok(())
    }

    fn room(&self, tx: &Tx<'_>, config: &Config) -> Result<std::result::Result<(), CommandError>> {
        let capacity = config.outbox_capacity;
        Ok(if operations::count_unsent(&tx.db)? < capacity {
            Ok(())
        } else {
            Err(CommandError::OutboxFull { capacity })
        })
    }

    /// The situation that a command is checked in.
    fn place<'a>(
        &'a self,
        tx: &'a Tx<'_>,
        conversation: ConversationKey,
        acting: Acting<'a>,
    ) -> Situation<'a> {
        Situation {
            db: &tx.db,
            conversation,
            owner: acting.owner,
            limits: self.limits(),
        }
    }

    /// Keeps what the user has begun to write.
    pub(crate) fn set_draft(
        &mut self,
        tx: &mut Tx<'_>,
        conversation: &ConversationId,
        text: &str,
    ) -> Result<CommandResult> {
        if let Err(fault) = check_draft(text) {
            return Ok(Err(CommandError::of_text(Field::Draft, fault)));
        }
        let lane = match lane(tx, conversation)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        let kept = !defects::active(Defect::DraftsForgotten);
        let text = if kept { text } else { "" };
        conversations::set_draft(&tx.db, lane.conversation(), text)?;
        tx.touch(lane.conversation());
        Ok(Ok(Reply::Done))
    }

    /// Something changed for the better: nothing waits any longer.
    pub(crate) fn retry_now(&mut self) {
        self.lanes.wake(&mut self.timers);
        self.timers.clear(Timer::SubmitAgain);
    }
}

/// The conversation of a command, if the user is in it.
fn lane(
    tx: &Tx<'_>,
    conversation: &ConversationId,
) -> Result<std::result::Result<LaneId, CommandError>> {
    let Some(lane) = conversations::find(&tx.db, conversation)? else {
        let id = conversation.clone();
        return Ok(Err(CommandError::NoSuchConversation { id }));
    };
    Ok(if conversations::is_gone(&tx.db, lane)? {
        let rule = Rule::LeftConversation;
        Err(CommandError::NotAllowed { rule })
    } else {
        Ok(lane.lane())
    })
}

/// What the app asked for cannot be done to this operation as it is; or its key was used for something else.
fn wrong_state(row: &OperationRow) -> CommandError {
    CommandError::WrongState {
        operation_key: row.operation_key,
        state: row.state,
    }
}
