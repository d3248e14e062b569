//! Applying operations: in order, each all or nothing, each key once (PROTOCOL.md §5).
//!
//! It owns the table `applied`. What an operation means is one arm in `dispatch.rs`, and what it does is
//! one file in a room.

mod dispatch;
mod same;

use std::collections::BTreeSet;

use fulmar_protocol::{
    Code, Message, Operation, OperationsAnswer, Outcome, OutcomeStatus, Problem, Seq, Submit,
    Timestamp, Unreadable, UserId,
};

use crate::actor::{Actor, Caller};
use crate::capabilities::{check_method, check_operation};
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::messages::without_what_is_gone;
use crate::rooms::Rooms;
use crate::shape::has_list_for_object;
use crate::store::applied::{self, write};
use crate::store::{log, messages, participants};
use crate::tx::Tx;
use same::means_the_same;

/// Applies the operations of a submit, unless the session has sent it before, or a later one: then it was on its way
/// longer than what its device did since, and applying it would undo that.
pub(crate) fn apply_submit(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    caller: &Caller,
    submit: &Submit,
) -> Result<OperationsAnswer> {
    if active(Defect::LimitsFirst) {
        check_length(rooms, &submit.operations)?;
    }
    if let Some(order) = submit.order {
        rooms.accounts.take_submit(tx, caller, order)?;
    }
    let outcomes = apply_all(rooms, tx, &caller.user_id, &submit.operations)?;
    let log = log::state(tx.db(), &caller.user_id)?;
    Ok(OperationsAnswer {
        log_id: Some(log.log_id).filter(|_| !active(Defect::NamesNoLog)),
        outcomes,
    })
}

/// Applies operations in their order. After one has failed, those of its conversation are skipped, and the others go on.
pub(crate) fn apply_all(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    user: &UserId,
    operations: &[Operation],
) -> Result<Vec<Outcome>> {
    if let Err(refused) = check_length(rooms, operations) {
        for operation in operations.iter().filter(|_| active(Defect::AppliesTooMany)) {
            apply_once(rooms, tx, user, operation)?;
        }
        return Err(refused);
    }
    let mut failed = BTreeSet::new();
    let mut outcomes = Vec::with_capacity(operations.len());
    for operation in operations {
        let conversation = conversation_of(operation);
        let skips = conversation
            .as_ref()
            .is_some_and(|conversation| failed.contains(conversation))
            && !active(Defect::SkipsNothing)
            || active(Defect::SkipsEverything) && !failed.is_empty();
        let status = if skips {
            OutcomeStatus::Skipped
        } else {
            match apply_once(rooms, tx, user, operation) {
                Ok(status) => status,
                Err(Error::Refused(problem))
                    if active(Defect::StopsAtUnknownMethods)
                        && problem.code == Code::MethodUnknown =>
                {
                    return Err(Error::Refused(problem));
                }
                Err(Error::Refused(problem)) => {
                    let known = applied::find(tx.db(), user, operation.operation_key)?;
                    if known.is_none() && active(Defect::RemembersRefused) {
                        let status = OutcomeStatus::Failed {
                            problem: problem.clone(),
                        };
                        write::insert(tx.db(), user, operation, &status, tx.now())?;
                    }
                    failed.extend(conversation);
                    OutcomeStatus::Failed { problem }
                }
                Err(internal @ Error::Internal(_)) => return Err(internal),
            }
        };
        outcomes.push(Outcome {
            operation_key: operation.operation_key,
            status,
        });
    }
    Ok(outcomes)
}

fn check_length(rooms: &Rooms, operations: &[Operation]) -> Result<()> {
    let most = rooms.limits.operations_per_submit as usize;
    if operations.len() > most && !active(Defect::AnySubmit) {
        return Err(Error::refused(
            Code::RequestTooLarge,
            "Too many operations in one submit",
        ));
    }
    Ok(())
}

/// Forgets the keys of operations that were applied before this time.
pub(crate) fn forget_keys_before(tx: &mut Tx<'_>, oldest: Timestamp) -> Result<()> {
    write::forget_before(tx.db(), oldest)
}

/// Applies an operation, or gives the outcome of the first time. Only applied operations are remembered:
/// a refused one changed nothing, and its key may come again.
fn apply_once(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    user: &UserId,
    operation: &Operation,
) -> Result<OutcomeStatus> {
    let key = operation.operation_key;
    if let Some((first, outcome)) = applied::find(tx.db(), user, key)? {
        return if means_the_same(&first, operation) || active(Defect::NoConflict) {
            as_it_is_now(tx, user, outcome)
        } else {
            Err(Error::refused(
                Code::OperationConflict,
                "This operation key was used for another operation",
            ))
        };
    }
    tx.attempt(|tx| {
        let status = apply(rooms, tx, user, operation)?;
        if !active(Defect::ForgetsKeys) && !is_forgotten(&operation.method) {
            write::insert(tx.db(), user, operation, &status, tx.now())?;
        }
        let conversation = conversation_of(operation);
        rooms
            .audit
            .record_operation(tx, user, &operation.method, conversation.as_deref(), key)?;
        Ok(status)
    })
}

/// Whether a defect forgets the keys of a method.
fn is_forgotten(method: &str) -> bool {
    [
        ("message.edit", Defect::ForgetsEdits),
        ("message.delete", Defect::ForgetsDeletions),
        ("message.hide", Defect::ForgetsHiding),
        ("message.pin", Defect::ForgetsPins),
        ("reaction.add", Defect::ForgetsReactions),
        ("reaction.remove", Defect::ForgetsTakingBack),
        ("settings.update", Defect::ForgetsSettings),
        ("conversation.update", Defect::ForgetsUpdates),
        ("participant.add", Defect::ForgetsAdditions),
        ("participant.remove", Defect::ForgetsRemovals),
        ("participant.update", Defect::ForgetsRoles),
    ]
    .into_iter()
    .any(|(forgotten, defect)| forgotten == method && active(defect))
}

/// The first outcome with the message as it is now: who asks again may have lost what was told since. A conversation is
/// told as it was, but for what is gone.
fn as_it_is_now(tx: &Tx<'_>, user: &UserId, first: OutcomeStatus) -> Result<OutcomeStatus> {
    if active(Defect::OldAnswers) {
        return Ok(first);
    }
    match first {
        OutcomeStatus::Applied {
            applied_at,
            seq,
            message,
            conversation,
        } => Ok(OutcomeStatus::Applied {
            applied_at,
            seq,
            message: match message {
                Some(then) => Some(Box::new(message_now(tx, user, *then)?)),
                None => None,
            },
            conversation: match conversation {
                Some(mut then) => {
                    if !active(Defect::OldConversations) {
                        without_what_is_gone(tx, user, &mut then)?;
                    }
                    Some(then)
                }
                None => None,
            },
        }),
        OutcomeStatus::Failed { .. } | OutcomeStatus::Skipped => Ok(first),
    }
}

/// To who takes no part any more nothing new is told.
fn message_now(tx: &Tx<'_>, user: &UserId, then: Message) -> Result<Message> {
    let id = &then.conversation_id;
    let told = participants::takes_part(tx.db(), id, user)? || active(Defect::TellsWhoIsGone);
    match messages::find(tx.db(), then.operation_key)? {
        Some(now) if told || now.deleted.is_some() => messages::as_seen_by(tx.db(), user, now),
        Some(_) | None => Ok(then),
    }
}

fn apply(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    user: &UserId,
    operation: &Operation,
) -> Result<OutcomeStatus> {
    check_method(rooms, &operation.method)?;
    let to_a_person = operation.params.get("toUserId").is_some();
    let values_first =
        active(Defect::ValuesFirst) || to_a_person && active(Defect::ValuesBeforePeople);
    if values_first && operation.params.get("text").is_some_and(|text| text == " ") {
        return Err(Error::invalid("A text is blank"));
    }
    let addressed = addressed(rooms, tx, user, operation)?;
    let method = addressed.read().map_err(|unreadable| match unreadable {
        Unreadable::Unknown(_) => Error::refused(Code::MethodUnknown, "There is no such method"),
        Unreadable::Malformed(reason) => Error::Refused(
            Problem::new(Code::ParamsInvalid, "The params cannot be read").with_detail(reason),
        ),
    })?;
    let read = Operation::new(operation.operation_key, &method);
    if has_list_for_object(&addressed.params, &read.params)? {
        return Err(Error::invalid("There is a list where an object is meant"));
    }
    check_operation(rooms, &method)?;
    let actor = Actor {
        user,
        key: operation.operation_key,
    };
    let applied = dispatch::carry_out(rooms, tx, actor, method)?;
    Ok(OutcomeStatus::Applied {
        applied_at: tx.now(),
        seq: seq(tx, user)?,
        message: applied.message,
        conversation: applied.conversation,
    })
}

/// The newest event of somebody's log.
fn seq(tx: &Tx<'_>, user: &UserId) -> Result<Seq> {
    if active(Defect::NoSeq) {
        return Ok(Seq::default());
    }
    let head = log::state(tx.db(), user)?.head;
    let behind = u64::from(active(Defect::SeqBehind));
    let ahead = u64::from(active(Defect::SeqAhead));
    Ok(Seq(head.0.saturating_sub(behind) + ahead))
}

/// An operation to a person instead of a conversation is one to the conversation with that person, which
/// begins with it if need be.
fn addressed(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    user: &UserId,
    operation: &Operation,
) -> Result<Operation> {
    let mut addressed = operation.clone();
    let Some(params) = addressed.params.as_object_mut() else {
        return Ok(addressed);
    };
    let said = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
    let in_one = said("conversationId") && !active(Defect::PersonCounts);
    if operation.method != "message.send" || in_one || !said("toUserId") {
        return Ok(addressed);
    }
    let Some(other) = params.remove("toUserId") else {
        return Ok(addressed);
    };
    let other = other
        .as_str()
        .and_then(|other| UserId::new(other).ok())
        .ok_or_else(|| Error::invalid("That is not a user id"))?;
    let (id, news) = rooms
        .conversations
        .direct_with(tx, user, &other)?
        .into_news();
    rooms.pass_on(tx, news)?;
    params.insert("conversationId".to_owned(), id.as_str().into());
    Ok(addressed)
}

/// The conversation that an operation is about, or the person, whatever its method.
fn conversation_of(operation: &Operation) -> Option<String> {
    // A null is an absent field (PROTOCOL.md §2.3).
    let said = |name: &str| operation.params.get(name).and_then(|id| id.as_str());
    said("conversationId")
        .or_else(|| said("toUserId").filter(|_| !active(Defect::TriesThePerson)))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
