//! Applying operations: in order, each all or nothing, each key once (PROTOCOL.md §5).

use std::collections::BTreeSet;

use fulmar_protocol::{
    Code, ConversationCreate, ConversationId, ConversationKind, EventData, Message, MessageId,
    MessageSend, Method, Operation, Outcome, OutcomeStatus, Position, Problem, ReceiptUpdate,
    ReceiptUpdated, Unreadable, UserId,
};

use crate::store::{applied, conversations, messages, users};
use crate::{Result, Scope, Stop};

/// The longest title of a group, in bytes (PROTOCOL.md §5.6).
const TITLE_BYTES: usize = 200;
/// The most people in a conversation (PROTOCOL.md §9).
const MOST_PARTICIPANTS: usize = 1_000;

impl Scope<'_> {
    /// Applies the operations of a submit. After one has failed, those of its conversation are
    /// skipped, and the others go on.
    pub(crate) fn apply_all(
        &mut self,
        user: &UserId,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>> {
        if operations.len() > self.config.limits.operations_per_submit as usize {
            return Err(Stop::because(
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
        if let Some(first) = applied::find(&self.db, user, operation.operation_key)? {
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
        self.db.execute_batch("SAVEPOINT operation")?;
        match self.apply(user, operation) {
            Ok(status) => {
                applied::insert(&self.db, user, operation, &status, self.now)?;
                self.db.execute_batch("RELEASE operation")?;
                Ok(status)
            }
            Err(stop) => {
                self.db
                    .execute_batch("ROLLBACK TO operation; RELEASE operation")?;
                match stop {
                    Stop::Problem(problem) => Ok(OutcomeStatus::Failed { problem }),
                    internal @ Stop::Internal(_) => Err(internal),
                }
            }
        }
    }

    fn apply(&mut self, user: &UserId, operation: &Operation) -> Result<OutcomeStatus> {
        let method = operation.read().map_err(|unreadable| match unreadable {
            Unreadable::Unknown(_) => Stop::because(Code::MethodUnknown, "There is no such method"),
            Unreadable::Malformed(reason) => Stop::Problem(
                Problem::new(Code::ParamsInvalid, "The params cannot be read").with_detail(reason),
            ),
        })?;
        let mut message = None;
        let mut conversation = None;
        match method {
            Method::MessageSend(params) => {
                message = Some(self.message_send(user, operation, params)?);
            }
            Method::ReceiptUpdate(params) => self.receipt_update(user, &params)?,
            Method::ConversationCreate(params) => {
                let id = self.conversation_create(user, operation, &params)?;
                conversation = Some(conversations::view(&self.db, &id, user)?);
            }
        }
        Ok(OutcomeStatus::Applied {
            applied_at: self.now,
            message,
            conversation,
        })
    }

    fn message_send(
        &mut self,
        user: &UserId,
        operation: &Operation,
        params: MessageSend,
    ) -> Result<Message> {
        let id = params.conversation_id;
        self.must_take_part(&id, user)?;
        let limit = self.config.limits.text_bytes as usize;
        if params.text.trim().is_empty() || params.text.len() > limit {
            return Err(Stop::Problem(
                Problem::new(Code::ParamsInvalid, "The text is blank or too long")
                    .with_detail(format!("at most {limit} bytes")),
            ));
        }
        let message = Message {
            message_id: MessageId::new(self.random_id("m-"))?,
            operation_key: operation.operation_key,
            position: conversations::last_position(&self.db, &id)?.next(),
            conversation_id: id.clone(),
            sender_id: user.clone(),
            text: params.text,
            sent_at: self.now,
        };
        messages::insert(&self.db, &message)?;
        conversations::set_last_position(&self.db, &id, message.position)?;
        self.tell_participants(&id, |_, _| Ok(EventData::MessageCreated(message.clone())))?;
        Ok(message)
    }

    fn receipt_update(&mut self, user: &UserId, params: &ReceiptUpdate) -> Result<()> {
        let id = &params.conversation_id;
        self.must_take_part(id, user)?;
        let last = conversations::last_position(&self.db, id)?;
        let clamp = |pointer: Option<Position>| pointer.unwrap_or_default().min(last);
        let (delivered_to, read_to, moved) = conversations::advance_receipt(
            &self.db,
            id,
            user,
            clamp(params.delivered_to),
            clamp(params.read_to),
        )?;
        if !moved {
            return Ok(());
        }
        let unread = conversations::unread(&self.db, id, user)?;
        self.tell_participants(id, |_, to| {
            Ok(EventData::ReceiptUpdated(ReceiptUpdated {
                conversation_id: id.clone(),
                user_id: user.clone(),
                delivered_to,
                read_to,
                unread_count: (to == user).then_some(unread),
            }))
        })
    }

    fn conversation_create(
        &mut self,
        user: &UserId,
        operation: &Operation,
        params: &ConversationCreate,
    ) -> Result<ConversationId> {
        let invalid = |title: &str| Stop::because(Code::ParamsInvalid, title);
        let others: BTreeSet<&UserId> = params
            .participant_ids
            .iter()
            .filter(|other| *other != user)
            .collect();
        if others.len() >= MOST_PARTICIPANTS {
            return Err(invalid("Too many participants"));
        }
        for other in &others {
            if users::find(&self.db, other)?.is_none() {
                return Err(Stop::because(Code::UserNotFound, "There is no such user"));
            }
        }
        let pair = match (params.kind, others.first()) {
            (ConversationKind::Direct, Some(other)) if others.len() == 1 => {
                let (low, high) = if user < other {
                    (user, *other)
                } else {
                    (*other, user)
                };
                // Ids have no control characters, so this is one name for one pair.
                Some(format!("{low}\u{1}{high}"))
            }
            (ConversationKind::Direct, _) => {
                return Err(invalid("A direct conversation is with one other person"));
            }
            (ConversationKind::Group, _) => {
                let title = params.title.as_deref().unwrap_or_default();
                if title.trim().is_empty() || title.len() > TITLE_BYTES {
                    return Err(invalid("The title is blank or too long"));
                }
                None
            }
            (ConversationKind::Unknown, _) => return Err(invalid("There is no such kind")),
        };
        if let Some(pair) = &pair
            && let Some(existing) = conversations::find_pair(&self.db, pair)?
        {
            return Ok(existing);
        }
        let id = ConversationId::new(self.random_id("c-"))?;
        let mut participants = vec![user.clone()];
        participants.extend(others.into_iter().cloned());
        conversations::insert(
            &self.db,
            &conversations::NewConversation {
                id: &id,
                operation_key: Some(operation.operation_key),
                kind: params.kind,
                title: match params.kind {
                    ConversationKind::Group => params.title.as_deref(),
                    _ => None,
                },
                pair: pair.as_deref(),
                participants: &participants,
                now: self.now,
            },
        )?;
        self.tell_participants(&id, |scope, viewer| {
            conversations::view(&scope.db, &id, viewer).map(EventData::ConversationCreated)
        })?;
        Ok(id)
    }
}

/// The conversation that an operation is about, whatever its method.
fn conversation_of(operation: &Operation) -> Option<String> {
    operation
        .params
        .get("conversationId")
        .and_then(|id| id.as_str())
        .map(str::to_owned)
}
