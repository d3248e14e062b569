//! The outbox: everything that the user did and the server has not confirmed yet.
//!
//! The way of a message: a `send` inserts the operation and the optimistic message in one durable
//! transaction and is answered after it (here). At the end of every turn, whatever may go out goes
//! out: [`submit`] takes from each conversation's lane what is queued, in order, and never more than
//! one submit per lane is in flight. The outcome (or the event, whichever comes first) confirms it:
//! [`outcome`]. A lost connection returns it to the queue under the same operation key, which the
//! server recognises. A permanent refusal makes it `failed`, which holds the lane until the app
//! retries or discards it.
//!
//! Every change of an operation's state goes through [`transition`]. Nothing in here may drop an
//! operation on its own account.

pub(crate) mod failure;
pub(crate) mod outcome;
pub(crate) mod submit;
pub(crate) mod transition;

use fulmar_protocol::{
    ConversationCreate, ConversationId, ConversationKind, MessageSend, Method, OperationKey,
    Position, ReceiptUpdate, UserId,
};

use crate::effect::{CommandError, Reply};
use crate::input::NewConversation;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, Next};
use crate::store::operations::OperationRow;
use crate::store::{ConversationKey, Result, conversations, messages, operations};
use crate::turn::Turn;

/// The longest title of a group, in bytes (PROTOCOL.md §5.6).
const TITLE_BYTES: usize = 200;

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
            Next::Gone => operations::delete(&self.db, row.operation_key)?,
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
        Ok(match operations::count(&self.db)? < capacity {
            true => Ok(()),
            false => Err(CommandError::OutboxFull { capacity }),
        })
    }

    pub(crate) fn send(
        &mut self,
        operation_key: OperationKey,
        conversation: &ConversationId,
        text: String,
    ) -> Result<Answered> {
        let sender = match self.owner() {
            Ok(sender) => sender,
            Err(error) => return Ok(Err(error)),
        };
        if messages::position(&self.db, operation_key)?.is_some() {
            return Ok(Ok(Reply::Enqueued { operation_key }));
        }
        let limit = self.brain.limits.text_bytes as usize;
        if text.trim().is_empty() || text.len() > limit {
            return Ok(Err(CommandError::Invalid {
                what: "a message text".to_owned(),
                rule: format!("is not blank and has at most {limit} bytes"),
            }));
        }
        let Some(lane) = conversations::find(&self.db, conversation)? else {
            return Ok(Err(CommandError::NoSuchConversation {
                id: conversation.clone(),
            }));
        };
        if let Err(full) = self.room_in_outbox()? {
            return Ok(Err(full));
        }
        messages::insert_unsent(&self.db, operation_key, lane, &sender, &text, self.now.wall)?;
        let method = Method::MessageSend(MessageSend {
            conversation_id: conversation.clone(),
            text,
        });
        operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
        self.touch(lane);
        Ok(Ok(Reply::Enqueued { operation_key }))
    }

    pub(crate) fn create(
        &mut self,
        operation_key: OperationKey,
        conversation: &NewConversation,
    ) -> Result<Answered> {
        let owner = match self.owner() {
            Ok(owner) => owner,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(key) = conversations::find(&self.db, &operation_key.into())? {
            let id = conversations::public_id(&self.db, key)?;
            return Ok(Ok(Reply::Conversation { id }));
        }
        let (kind, title, others) = match conversation {
            NewConversation::Direct { with } => (ConversationKind::Direct, None, vec![with]),
            NewConversation::Group {
                title,
                participants,
            } => (
                ConversationKind::Group,
                Some(title.as_str()),
                participants.iter().collect(),
            ),
        };
        if kind == ConversationKind::Direct && others.contains(&&owner) {
            return Ok(Err(CommandError::Invalid {
                what: "a direct conversation".to_owned(),
                rule: "is with somebody else".to_owned(),
            }));
        }
        if title.is_some_and(|title| title.trim().is_empty() || title.len() > TITLE_BYTES) {
            return Ok(Err(CommandError::Invalid {
                what: "the title of a group".to_owned(),
                rule: format!("is not blank and has at most {TITLE_BYTES} bytes"),
            }));
        }
        if let NewConversation::Direct { with } = conversation
            && let Some(key) = conversations::find_direct(&self.db, with)?
        {
            let id = conversations::public_id(&self.db, key)?;
            return Ok(Ok(Reply::Conversation { id }));
        }
        if let Err(full) = self.room_in_outbox()? {
            return Ok(Err(full));
        }
        let participant_ids: Vec<UserId> = others.into_iter().cloned().collect();
        let everyone: Vec<UserId> = participant_ids.iter().cloned().chain([owner]).collect();
        let lane = conversations::insert_draft(
            &self.db,
            &conversations::Draft {
                operation_key,
                kind,
                title: title.unwrap_or_default(),
                participants: &everyone,
                now: self.now.wall,
            },
        )?;
        let method = Method::ConversationCreate(ConversationCreate {
            kind,
            title: title.map(str::to_owned),
            participant_ids,
        });
        operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
        self.touch(lane);
        Ok(Ok(Reply::Conversation {
            id: operation_key.into(),
        }))
    }

    /// A read pointer is one operation per lane: a newer one folds into one that has not left.
    pub(crate) fn mark_read(
        &mut self,
        operation_key: OperationKey,
        conversation: &ConversationId,
        up_to: Position,
    ) -> Result<Answered> {
        if let Err(error) = self.owner() {
            return Ok(Err(error));
        }
        let Some(lane) = conversations::find(&self.db, conversation)? else {
            return Ok(Err(CommandError::NoSuchConversation {
                id: conversation.clone(),
            }));
        };
        // Nobody has read what is not there.
        let up_to = up_to.min(conversations::head(&self.db, lane)?);
        if up_to <= conversations::own_read_to(&self.db, lane)? {
            return Ok(Ok(Reply::Done));
        }
        let method = Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: conversation.clone(),
            delivered_to: None,
            read_to: Some(up_to),
        });
        match operations::find_foldable(&self.db, lane, method.name())? {
            Some(row) => operations::set_params(&self.db, row.operation_key, &method)?,
            None => {
                if let Err(full) = self.room_in_outbox()? {
                    return Ok(Err(full));
                }
                operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
            }
        }
        conversations::set_local_read(&self.db, lane, up_to)?;
        self.touch(lane);
        Ok(Ok(Reply::Done))
    }

    pub(crate) fn retry(&mut self, operation_key: OperationKey) -> Result<Answered> {
        let row = match self.find_operation(operation_key, Happening::Retried)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        operations::renew(&self.db, operation_key, self.now.wall)?;
        self.transition(&row, Happening::Retried, None)?;
        Ok(Ok(Reply::Done))
    }

    /// Gives up a message, or a conversation that was never created, with all that waits in it.
    pub(crate) fn discard(&mut self, operation_key: OperationKey) -> Result<Answered> {
        let row = match self.find_operation(operation_key, Happening::Discarded)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        self.transition(&row, Happening::Discarded, None)?;
        match row.method {
            Method::MessageSend(_) => messages::delete_unsent(&self.db, operation_key)?,
            Method::ReceiptUpdate(_) => {
                conversations::set_local_read(&self.db, row.lane, Position::ZERO)?;
            }
            Method::ConversationCreate(_) => self.discard_draft(row.lane)?,
        }
        Ok(Ok(Reply::Done))
    }

    fn discard_draft(&mut self, lane: ConversationKey) -> Result<()> {
        // Nothing of this lane can be in flight: its conversation does not exist.
        for key in operations::keys_of_lane(&self.db, lane)? {
            operations::delete(&self.db, key)?;
        }
        conversations::remove_draft(&self.db, lane)?;
        self.vanish(lane);
        Ok(())
    }

    fn find_operation(
        &mut self,
        operation_key: OperationKey,
        happening: Happening,
    ) -> Result<std::result::Result<OperationRow, CommandError>> {
        let Some(row) = operations::find(&self.db, operation_key)? else {
            return Ok(Err(CommandError::NoSuchOperation { operation_key }));
        };
        if row.state.after(happening) == Next::Illegal {
            return Ok(Err(CommandError::WrongState {
                operation_key,
                state: row.state,
            }));
        }
        Ok(Ok(row))
    }
}
