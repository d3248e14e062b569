//! What the outbox is about to change, put over what the server said, whenever something is shown.
//!
//! Nothing of this is stored: when an operation is gone, so is its effect. That is how a refused change is
//! rolled back.

use std::collections::BTreeSet;

use fulmar_protocol::{ConversationProfile, Method, Participant, Position, Settings, UserId};

use super::{By, Shown, of};
use crate::store::messages::MessageRow;
use crate::store::operations::OperationRow;

fn put(shown: &mut Shown<'_>, user: Option<&UserId>, change: &OperationRow) {
    let by = By {
        user,
        at: change.created_at,
    };
    of(&change.method).overlay(shown, &by);
}

/// A message with the changes that are about it.
pub(crate) fn message(row: &mut MessageRow, own: Option<&UserId>, changes: &[OperationRow]) {
    if own.is_none() {
        return;
    }
    for change in changes {
        if change.method.message_key() == Some(row.key) {
            put(&mut Shown::Message(row), own, change);
        }
    }
}

/// What everyone sees of a conversation.
pub(crate) fn profile(profile: &mut ConversationProfile, changes: &[OperationRow]) {
    for change in changes {
        put(&mut Shown::Profile(profile), None, change);
    }
}

/// What only the user sees of a conversation.
pub(crate) fn settings(settings: &mut Settings, changes: &[OperationRow]) {
    for change in changes {
        put(&mut Shown::Settings(settings), None, change);
    }
}

/// Who is in a conversation.
pub(crate) fn participants(people: &mut Vec<Participant>, changes: &[OperationRow]) {
    for change in changes {
        put(&mut Shown::Participants(people), None, change);
    }
}

/// The participants that the changes show otherwise.
pub(crate) fn people(changes: &[OperationRow]) -> BTreeSet<&UserId> {
    changes
        .iter()
        .flat_map(|change| of(&change.method).people())
        .collect()
}

/// Whether a conversation is hidden. Like every message, one that is not sent yet brings it back, unless it
/// was hidden after that: `newest_send` is its place in the outbox.
pub(crate) fn hides(
    settings: &Settings,
    head: Position,
    changes: &[OperationRow],
    newest_send: Option<i64>,
) -> bool {
    let hidden_at = changes
        .iter()
        .rfind(|change| is_hiding(&change.method))
        .map_or(i64::MIN, |change| change.ordinal);
    settings.hidden_to.is_some_and(|to| head <= to)
        && newest_send.is_none_or(|send| send < hidden_at)
}

fn is_hiding(method: &Method) -> bool {
    if let Method::SettingsUpdate(update) = method {
        update.hidden_to.is_some()
    } else {
        false
    }
}

/// Whether the user is about to leave.
pub(crate) fn leaves(changes: &[OperationRow]) -> bool {
    changes
        .iter()
        .any(|change| change.method.name() == "conversation.leave")
}
