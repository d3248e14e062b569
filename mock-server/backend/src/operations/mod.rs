//! Applying operations: in order, each all or nothing, each key once (PROTOCOL.md §5).

mod conversation;
mod messages;
mod participants;
mod reactions;
mod receipts;

use std::collections::BTreeSet;

use fulmar_protocol::{
    Code, Conversation, Message, Method, Operation, OperationKey, Outcome, OutcomeStatus, Problem,
    Unreadable, UserId,
};

use crate::actor::Actor;
use crate::store::{applied, conversations, log};
use crate::{Error, Result, Scope};

/// What an outcome carries beside the word that it was applied.
#[derive(Default)]
struct Applied {
    message: Option<Box<Message>>,
    conversation: Option<Box<Conversation>>,
}

impl Scope<'_, '_> {
    /// Applies the operations of a submit. After one has failed, those of its conversation are
    /// skipped, and the others go on.
    pub(crate) fn apply_all(
        &mut self,
        user: &UserId,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>> {
        if operations.len() > self.config.limits.operations_per_submit as usize {
            return Err(Error::refused(
                Code::RequestTooLarge,
                "Too many operations in one submit",
            ));
        }
        let mut failed = BTreeSet::new();
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            let conversation = conversation_of(operation);
            let skips = conversation
                .as_ref()
                .is_some_and(|conversation| failed.contains(conversation));
            let status = match skips {
                true => OutcomeStatus::Skipped,
                false => self.apply_once(user, operation)?,
            };
            if let (OutcomeStatus::Failed { .. }, Some(conversation)) = (&status, conversation) {
                failed.insert(conversation);
            }
            outcomes.push(Outcome {
                operation_key: operation.operation_key,
                status,
            });
        }
        Ok(outcomes)
    }

    /// Applies an operation, or gives the outcome of the first time. Only applied operations are
    /// remembered: a refused one changed nothing, and its key may come again.
    fn apply_once(&mut self, user: &UserId, operation: &Operation) -> Result<OutcomeStatus> {
        if let Some(first) = applied::find(self.tx.db(), user, operation.operation_key)? {
            let same = first.method == operation.method && first.params == operation.params;
            return Ok(match same {
                true => first.outcome,
                false => OutcomeStatus::Failed {
                    problem: Problem::new(
                        Code::OperationConflict,
                        "This operation key was used for another operation",
                    ),
                },
            });
        }
        self.tx.db().execute_batch("SAVEPOINT operation")?;
        match self.apply(user, operation) {
            Ok(status) => {
                applied::write::insert(self.tx.db(), user, operation, &status, self.tx.now())?;
                self.rooms.audit.record_operation(
                    self.tx,
                    user,
                    &operation.method,
                    conversation_of(operation).as_deref(),
                    operation.operation_key,
                )?;
                self.tx.db().execute_batch("RELEASE operation")?;
                Ok(status)
            }
            Err(error) => {
                self.tx
                    .db()
                    .execute_batch("ROLLBACK TO operation; RELEASE operation")?;
                match error {
                    Error::Refused(problem) => Ok(OutcomeStatus::Failed { problem }),
                    internal @ Error::Internal(_) => Err(internal),
                }
            }
        }
    }

    fn apply(&mut self, user: &UserId, operation: &Operation) -> Result<OutcomeStatus> {
        let addressed = self.addressed(user, operation)?;
        let method = addressed.read().map_err(|unreadable| match unreadable {
            Unreadable::Unknown(_) => {
                Error::refused(Code::MethodUnknown, "There is no such method")
            }
            Unreadable::Malformed(reason) => Error::Refused(
                Problem::new(Code::ParamsInvalid, "The params cannot be read").with_detail(reason),
            ),
        })?;
        let applied = self.carry_out(user, operation.operation_key, method)?;
        Ok(OutcomeStatus::Applied {
            applied_at: self.tx.now(),
            seq: log::state(self.tx.db(), user)?.head,
            message: applied.message,
            conversation: applied.conversation,
        })
    }

    /// An operation to a person instead of a conversation is one to the conversation with that person,
    /// which begins with it if need be.
    fn addressed(&mut self, user: &UserId, operation: &Operation) -> Result<Operation> {
        let mut addressed = operation.clone();
        let Some(params) = addressed.params.as_object_mut() else {
            return Ok(addressed);
        };
        if operation.method != "message.send" || params.contains_key("conversationId") {
            return Ok(addressed);
        }
        let Some(other) = params.remove("toUserId") else {
            return Ok(addressed);
        };
        let other = other
            .as_str()
            .map(UserId::new)
            .and_then(std::result::Result::ok);
        let other = other.ok_or_else(|| Error::invalid("That is not a user id"))?;
        let id = self.direct_with(user, &other)?;
        params.insert("conversationId".to_owned(), id.as_str().into());
        Ok(addressed)
    }

    fn carry_out(&mut self, user: &UserId, key: OperationKey, method: Method) -> Result<Applied> {
        let by = Actor { user, key };
        match method {
            Method::MessageSend(params) => {
                return Ok(Applied {
                    message: Some(Box::new(self.message_send(by, params)?)),
                    ..Applied::default()
                });
            }
            Method::ConversationCreate(params) => {
                let id = self.conversation_create(by, &params)?;
                return Ok(Applied {
                    conversation: Some(Box::new(conversations::view(self.tx.db(), &id, user)?)),
                    ..Applied::default()
                });
            }
            Method::MessageEdit(params) => self.message_edit(by, &params)?,
            Method::MessageDelete(params) => self.message_delete(by, &params)?,
            Method::MessageHide(params) => self.message_hide(by, &params)?,
            Method::ReactionAdd(params) => self.reaction_add(by, &params)?,
            Method::ReactionRemove(params) => self.reaction_remove(by, &params)?,
            Method::ReceiptUpdate(params) => self.receipt_update(by, &params)?,
            Method::ConversationUpdate(params) => self.conversation_update(by, params)?,
            Method::ConversationLeave(params) => self.leave(by, &params.conversation_id)?,
            Method::ParticipantAdd(params) => self.participant_add(by, &params)?,
            Method::ParticipantRemove(params) => self.participant_remove(by, &params)?,
            Method::ParticipantUpdate(params) => self.participant_update(by, &params)?,
            Method::SettingsUpdate(params) => self.settings_update(by, &params)?,
        }
        Ok(Applied::default())
    }
}

/// The conversation that an operation is about, or the person, whatever its method.
fn conversation_of(operation: &Operation) -> Option<String> {
    let params = &operation.params;
    params
        .get("conversationId")
        .or_else(|| params.get("toUserId"))
        .and_then(|id| id.as_str())
        .map(str::to_owned)
}
