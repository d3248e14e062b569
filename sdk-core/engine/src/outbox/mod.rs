//! The outbox: everything that the user did and the server has not confirmed yet.
//!
//! The way of a message: a `send` inserts the operation and the optimistic message in one durable
//! transaction and is answered after it ([`send`]). At the end of every turn, whatever may go out goes
//! out: [`submit`] takes from each conversation's lane what is queued, in order, and never more than
//! one submit per lane is in flight. The outcome (or the event, whichever comes first) confirms it:
//! [`outcome`]. A lost connection returns it to the queue under the same operation key, which the
//! server recognises. A permanent refusal makes it `failed`, which holds the lane until the app
//! retries or discards it.
//!
//! The files of a message go up before it does ([`upload`]); until then it waits in its place.
//!
//! Any other operation ([`change`]) shows its effect from here, put over what the server said, until
//! the log has told of it. When it is refused, its effect is gone with that: nothing has to be undone,
//! and it holds nobody up.
//!
//! Every change of an operation's state goes through [`transition`]. Nothing in here may drop an
//! operation on its own account.

mod change;
mod create;
pub(crate) mod delivery;
pub(crate) mod failure;
mod give_up;
pub(crate) mod outcome;
mod receipt;
mod send;
pub(crate) mod submit;
pub(crate) mod transition;
pub(crate) mod upload;

use fulmar_protocol::{Attachment, ConversationId, ConversationKind, Role, UserId, Writing};

use crate::command_error::CommandError;
use crate::effect::Reply;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, Next};
use crate::pending;
use crate::store::{LaneId, Result, conversations, operations, participants};
use crate::store::{blocked, operations::OperationRow};
use crate::turn::Turn;

/// The longest title of a group, in bytes (PROTOCOL.md §9).
const TITLE_BYTES: usize = 200;
/// How many changes that were refused are kept for whoever wants to see them.
const REFUSED_KEPT: u32 = 100;

type Answered = std::result::Result<Reply, CommandError>;

impl Turn<'_> {
    /// Takes one step of the table, on disk. A step that the table does not have is a bug of ours,
    /// never the app's: it is reported and changes nothing.
    pub(crate) fn transition(
        &mut self,
        row: &OperationRow,
        happening: Happening,
        failure: Option<&FailureReason>,
    ) -> Result<()> {
        match row.state.after(happening) {
            Next::Is(state) => operations::set_state(&self.db, row.operation_key, state, failure)?,
            Next::Gone => {
                if happening == Happening::Discarded {
                    self.abandon_uploads(row.operation_key)?;
                }
                operations::delete(&self.db, row.operation_key)?;
            }
            Next::Illegal => {
                tracing::error!(state = row.state.name(), ?happening, "illegal transition");
                debug_assert!(false, "illegal: {:?} + {happening:?}", row.state);
            }
        }
        self.touch(row.lane);
        Ok(())
    }

    fn owner(&self) -> std::result::Result<UserId, CommandError> {
        self.brain
            .account
            .user_id
            .clone()
            .ok_or(CommandError::SignedOut)
    }

    fn room_in_outbox(&self) -> Result<std::result::Result<(), CommandError>> {
        let capacity = self.config.outbox_capacity;
        Ok(match operations::count_unsent(&self.db)? < capacity {
            true => Ok(()),
            false => Err(CommandError::OutboxFull { capacity }),
        })
    }

    /// The conversation of a command, if the user is in it.
    fn lane(
        &self,
        conversation: &ConversationId,
    ) -> Result<std::result::Result<LaneId, CommandError>> {
        let Some(lane) = conversations::find(&self.db, conversation)? else {
            return Ok(Err(CommandError::NoSuchConversation {
                id: conversation.clone(),
            }));
        };
        Ok(match conversations::is_gone(&self.db, lane)? {
            true => Err(not_allowed("is no longer in this conversation")),
            false => Ok(lane),
        })
    }

    pub(crate) fn set_draft(
        &mut self,
        conversation: &ConversationId,
        text: &str,
    ) -> Result<Answered> {
        match self.lane(conversation)? {
            Ok(lane) => {
                conversations::set_draft(&self.db, lane, text)?;
                self.touch(lane);
                Ok(Ok(Reply::Done))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Blank is only what comes with files.
    fn check_text(
        &self,
        text: &str,
        attachments: &[Attachment],
    ) -> std::result::Result<(), CommandError> {
        let limit = self.brain.limits.text_bytes as usize;
        let says_nothing = text.trim().is_empty() && attachments.is_empty();
        match says_nothing || text.len() > limit {
            true => Err(invalid(
                "a message text",
                format!("is not blank and has at most {limit} bytes"),
            )),
            false => Ok(()),
        }
    }

    /// Where only admins write, the others are told so at once (PROTOCOL.md §4.4).
    fn check_may_write(
        &self,
        lane: LaneId,
        owner: &UserId,
    ) -> Result<std::result::Result<(), CommandError>> {
        if blocked::in_direct(&self.db, lane, owner)? {
            return Ok(Err(not_allowed("has blocked the other person")));
        }
        if conversations::kind(&self.db, lane)? == ConversationKind::Direct
            && !participants::has_others(&self.db, lane, owner)?
        {
            return Ok(Err(not_allowed(
                "is alone here: the other person is gone for good",
            )));
        }
        let mut profile = conversations::server_profile(&self.db, lane)?;
        pending::of_profile(&mut profile, &operations::changes_of_lane(&self.db, lane)?);
        let closed = profile.writing == Writing::Admins
            && participants::role(&self.db, lane, owner)? != Some(Role::Admin);
        Ok(match closed {
            true => Err(not_allowed("may only read here: admins write")),
            false => Ok(()),
        })
    }
}

fn check_title(title: &str) -> std::result::Result<(), CommandError> {
    match title.trim().is_empty() || title.len() > TITLE_BYTES {
        true => Err(invalid(
            "the title of a group",
            format!("is not blank and has at most {TITLE_BYTES} bytes"),
        )),
        false => Ok(()),
    }
}

fn invalid(what: &str, rule: String) -> CommandError {
    CommandError::Invalid {
        what: what.to_owned(),
        rule,
    }
}

fn not_allowed(rule: &str) -> CommandError {
    CommandError::NotAllowed {
        rule: rule.to_owned(),
    }
}
