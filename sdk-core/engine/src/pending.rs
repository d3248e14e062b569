//! What the outbox is about to change, put over what the server said, whenever something is shown.
//!
//! Nothing of this is stored: when an operation is gone, so is its effect. That is how a refused
//! change is rolled back.

use fulmar_protocol::{
    ConversationProfile, Deletion, Method, Participant, Position, Reaction, Role, Settings, UserId,
};

use crate::store::messages::MessageRow;
use crate::store::operations::OperationRow;

/// A message with the changes that are about it.
pub(crate) fn of_message(row: &mut MessageRow, own: Option<&UserId>, changes: &[OperationRow]) {
    let Some(own) = own else { return };
    for change in changes {
        if change.method.message_key() != Some(row.key) {
            continue;
        }
        match &change.method {
            Method::MessageEdit(edit) => {
                row.content.text.clone_from(&edit.text);
                row.content.mentions.clone_from(&edit.mentions);
                row.edited_at = Some(change.created_at);
            }
            Method::MessageDelete(_) => {
                row.content = row.content.emptied();
                row.reactions.clear();
                row.edited_at = None;
                row.deleted.get_or_insert_with(|| Deletion {
                    at: change.created_at,
                    by: own.clone(),
                });
            }
            Method::MessageHide(_) => row.hidden = true,
            Method::ReactionAdd(add) => react(&mut row.reactions, &add.emoji, own),
            Method::ReactionRemove(remove) => {
                take_back(&mut row.reactions, &remove.emoji, own);
            }
            _ => {}
        }
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, own: &UserId) {
    match reactions
        .iter_mut()
        .find(|reaction| reaction.emoji == emoji)
    {
        Some(reaction) if reaction.user_ids.contains(own) => {}
        Some(reaction) => reaction.user_ids.push(own.clone()),
        None => reactions.push(Reaction {
            emoji: emoji.to_owned(),
            user_ids: vec![own.clone()],
        }),
    }
}

fn take_back(reactions: &mut Vec<Reaction>, emoji: &str, own: &UserId) {
    for reaction in reactions.iter_mut() {
        if reaction.emoji == emoji {
            reaction.user_ids.retain(|user| user != own);
        }
    }
    reactions.retain(|reaction| !reaction.user_ids.is_empty());
}

/// What everyone sees of a conversation.
pub(crate) fn of_profile(profile: &mut ConversationProfile, changes: &[OperationRow]) {
    for change in changes {
        let Method::ConversationUpdate(update) = &change.method else {
            continue;
        };
        if let Some(title) = &update.title {
            profile.title = Some(title.clone());
        }
        if let Some(url) = &update.avatar_url {
            profile.avatar_url = (!url.is_empty()).then(|| url.clone());
        }
        profile.writing = update.writing.unwrap_or(profile.writing);
        if let Some(context) = &update.context {
            profile.context = Some(context.clone());
        }
    }
}

/// What only the user sees of a conversation.
pub(crate) fn of_settings(settings: &mut Settings, changes: &[OperationRow]) {
    for change in changes {
        match &change.method {
            Method::SettingsUpdate(update) => {
                if let Some(until) = update.muted_until {
                    settings.muted_until = (until > change.created_at).then_some(until);
                }
                let set = |to: &mut bool, wanted: Option<bool>| *to = wanted.unwrap_or(*to);
                set(&mut settings.pinned, update.pinned);
                set(&mut settings.archived, update.archived);
                set(&mut settings.marked_unread, update.marked_unread);
                settings.hidden_to = update.hidden_to.or(settings.hidden_to);
            }
            Method::ReceiptUpdate(receipt) if receipt.read_to.is_some() => {
                settings.marked_unread = false;
            }
            _ => {}
        }
    }
}

/// Whether a conversation is hidden. Like every message, one that is not sent yet brings it back,
/// unless it was hidden after that: `newest_send` is its place in the outbox.
pub(crate) fn hides(
    settings: &Settings,
    head: Position,
    changes: &[OperationRow],
    newest_send: Option<i64>,
) -> bool {
    let hidden_at = changes
        .iter()
        .rfind(|change| {
            matches!(&change.method, Method::SettingsUpdate(update) if update.hidden_to.is_some())
        })
        .map_or(i64::MIN, |change| change.ordinal);
    settings.hidden_to.is_some_and(|to| head <= to)
        && newest_send.is_none_or(|send| send < hidden_at)
}

/// Who is in a conversation.
pub(crate) fn of_participants(people: &mut Vec<Participant>, changes: &[OperationRow]) {
    for change in changes {
        match &change.method {
            Method::ParticipantAdd(add) => {
                for user in &add.user_ids {
                    if !people.iter().any(|person| person.user_id == *user) {
                        people.push(newcomer(user.clone()));
                    }
                }
            }
            Method::ParticipantRemove(remove) => {
                people.retain(|person| person.user_id != remove.user_id);
            }
            Method::ParticipantUpdate(update) => {
                for person in people.iter_mut() {
                    if person.user_id == update.user_id {
                        person.role = update.role;
                    }
                }
            }
            _ => {}
        }
    }
}

/// Somebody of whom only the id is known yet.
pub(crate) fn newcomer(user_id: UserId) -> Participant {
    Participant {
        user_id,
        name: String::new(),
        avatar_url: None,
        role: Role::Member,
        delivered_to: Position::ZERO,
        read_to: Position::ZERO,
    }
}

/// Whether the user is about to leave.
pub(crate) fn leaves(changes: &[OperationRow]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change.method, Method::ConversationLeave(_)))
}
