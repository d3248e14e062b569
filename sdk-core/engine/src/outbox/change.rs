//! Changes: everything that the user does but writing, reading and beginning a conversation.
//!
//! A change is checked against what is known here, folds into what has not left the device, or waits
//! in its lane. What it shows until then is in `pending`.

use fulmar_protocol::{ConversationKind, Method, OperationKey, Role, UserId};

use super::{Answered, check_title, invalid, not_allowed};
use crate::command_error::CommandError;
use crate::effect::Reply;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, State};
use crate::store::operations::OperationRow;
use crate::store::{LaneId, Result, conversations, messages, operations, participants, reading};
use crate::turn::Turn;

/// What a check comes to.
enum Checked {
    /// It may go on.
    Go,
    /// It is so already.
    Nothing,
    /// The app is told why not.
    Refused(CommandError),
}

impl From<std::result::Result<(), CommandError>> for Checked {
    fn from(result: std::result::Result<(), CommandError>) -> Self {
        match result {
            Ok(()) => Self::Go,
            Err(error) => Self::Refused(error),
        }
    }
}

impl Turn<'_> {
    pub(crate) fn change(
        &mut self,
        operation_key: OperationKey,
        mut method: Method,
    ) -> Result<Answered> {
        let owner = match self.owner() {
            Ok(owner) => owner,
            Err(error) => return Ok(Err(error)),
        };
        if operations::find(&self.db, operation_key)?.is_some() {
            return Ok(Ok(Reply::Done));
        }
        let Some(conversation) = method.conversation_id_mut().cloned() else {
            return Ok(Err(not_allowed("cannot change what does not exist yet")));
        };
        let lane = match self.lane(&conversation)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        match self.check(lane, &owner, &method)? {
            Checked::Go => {}
            Checked::Nothing => return Ok(Ok(Reply::Done)),
            Checked::Refused(error) => return Ok(Err(error)),
        }
        if let Method::SettingsUpdate(update) = &mut method {
            // What comes after what is here now brings it back.
            let head = reading::head(&self.db, lane)?;
            update.hidden_to = update.hidden_to.map(|to| to.min(head));
        }
        self.touch(lane);
        if self.fold(lane, &method)? {
            return Ok(Ok(Reply::Done));
        }
        if let Err(full) = self.room_in_outbox()? {
            return Ok(Err(full));
        }
        operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
        Ok(Ok(Reply::Done))
    }

    fn check(&self, lane: LaneId, owner: &UserId, method: &Method) -> Result<Checked> {
        if let Some(message) = method.message_key() {
            return self.check_message_change(lane, owner, method, message);
        }
        let group = conversations::kind(&self.db, lane)? == ConversationKind::Group;
        let role = participants::role(&self.db, lane, owner)?.unwrap_or_default();
        let allowed = match method {
            Method::ConversationUpdate(update) => {
                if let Some(Err(error)) = update.title.as_deref().map(check_title) {
                    return Ok(Checked::Refused(error));
                }
                let looks = update.title.is_some() || update.avatar_url.is_some();
                match (group, role) {
                    (false, _) => !looks && update.writing.is_none(),
                    (true, Role::Admin) => true,
                    (true, Role::Moderator) => update.writing.is_none() && update.context.is_none(),
                    (true, Role::Member) => false,
                }
            }
            Method::ConversationLeave(_) => group,
            Method::ParticipantRemove(remove) if remove.user_id == *owner => group,
            Method::ParticipantAdd(_)
            | Method::ParticipantRemove(_)
            | Method::ParticipantUpdate(_) => group && role == Role::Admin,
            _ => true,
        };
        Ok(match allowed {
            true => Checked::Go,
            false => Checked::Refused(not_allowed("has not the role for this here")),
        })
    }

    fn check_message_change(
        &self,
        lane: LaneId,
        owner: &UserId,
        method: &Method,
        message: OperationKey,
    ) -> Result<Checked> {
        let no_such_message = Checked::Refused(CommandError::NoSuchMessage { key: message });
        let Some(there) = messages::find(&self.db, message)? else {
            return Ok(no_such_message);
        };
        if there.conversation != lane {
            return Ok(no_such_message);
        }
        let shown = self.as_shown(there, owner)?;
        match method {
            Method::MessageHide(_) if shown.hidden => return Ok(Checked::Nothing),
            _ if shown.hidden => return Ok(no_such_message),
            Method::MessageHide(_) => return Ok(Checked::Go),
            // Twice deleted is deleted; anything else needs something to be done to.
            Method::MessageDelete(_) if shown.deleted.is_some() => return Ok(Checked::Nothing),
            _ if shown.deleted.is_some() => return Ok(no_such_message),
            _ => {}
        }
        let own = shown.sender == *owner && shown.content.notice.is_none();
        match method {
            Method::MessageEdit(edit) => {
                if !own || shown.content.forwarded_from.is_some() {
                    return Ok(Checked::Refused(not_allowed(
                        "edits only what they wrote themselves",
                    )));
                }
                if let Err(error) = self.check_text(&edit.text, &shown.content.attachments) {
                    return Ok(Checked::Refused(error));
                }
                Ok(self.check_may_write(lane, owner)?.into())
            }
            Method::MessageDelete(_) => {
                let role = participants::role(&self.db, lane, owner)?.unwrap_or_default();
                let notice = shown.content.notice.is_some();
                Ok(match !notice && (own || role != Role::Member) {
                    true => Checked::Go,
                    false => Checked::Refused(not_allowed("deletes only their own messages")),
                })
            }
            Method::ReactionAdd(_) | Method::ReactionRemove(_) => {
                let (emoji, wanted) = match method {
                    Method::ReactionAdd(add) => (&add.emoji, true),
                    Method::ReactionRemove(remove) => (&remove.emoji, false),
                    _ => return Ok(Checked::Go),
                };
                let odd = |c: char| c.is_control() || c.is_whitespace();
                if emoji.is_empty() || emoji.len() > 64 || emoji.contains(odd) {
                    return Ok(Checked::Refused(invalid(
                        "an emoji",
                        "has 1 to 64 bytes without white space".to_owned(),
                    )));
                }
                let there = shown
                    .reactions
                    .iter()
                    .any(|reaction| reaction.emoji == *emoji && reaction.user_ids.contains(owner));
                match there == wanted {
                    true => Ok(Checked::Nothing),
                    false => Ok(self.check_may_write(lane, owner)?.into()),
                }
            }
            _ => Ok(Checked::Go),
        }
    }

    /// Puts a change into something that has not left the device, where that comes to the same; false
    /// when it needs an operation of its own.
    fn fold(&mut self, lane: LaneId, method: &Method) -> Result<bool> {
        if let Some(message) = method.message_key() {
            return match self.never_sent(message)? {
                Some(send) => self.fold_into_unsent(lane, &send, method),
                None => self.fold_into_changes(message, method),
            };
        }
        // Messages bring back what is hidden, and reading ends a mark as unread: they keep their order.
        let barriers: &[&str] = match method {
            Method::SettingsUpdate(_) => &["settings.update", "receipt.update", "message.send"],
            Method::ConversationUpdate(_) => &["conversation.update"],
            _ => return Ok(false),
        };
        let newest = operations::newest(&self.db, lane, barriers)?;
        let Some(row) = newest.filter(OperationRow::is_foldable) else {
            return Ok(false);
        };
        let Some(merged) = merged(&row.method, method) else {
            return Ok(false);
        };
        operations::set_params(&self.db, row.operation_key, &merged)?;
        Ok(true)
    }

    /// The operation that sends a message, if the server certainly does not have that.
    fn never_sent(&self, message: OperationKey) -> Result<Option<OperationRow>> {
        let Some(row) = operations::find(&self.db, message)? else {
            return Ok(None);
        };
        let refused = row.state == State::Failed
            && matches!(
                operations::failure(&self.db, message)?,
                Some(FailureReason::Refused { .. })
            );
        Ok((row.is_foldable() || refused).then_some(row))
    }

    fn fold_into_unsent(
        &mut self,
        lane: LaneId,
        send: &OperationRow,
        method: &Method,
    ) -> Result<bool> {
        let Method::MessageSend(message) = &send.method else {
            return Ok(false);
        };
        match method {
            Method::MessageEdit(edit) => {
                let mut message = message.clone();
                message.text.clone_from(&edit.text);
                message.mentions.clone_from(&edit.mentions);
                self.rewrite(send.operation_key, lane, message)?;
                Ok(true)
            }
            Method::MessageDelete(_) | Method::MessageHide(_) => {
                self.transition(send, Happening::Discarded, None)?;
                self.drop_unsent(send.operation_key)?;
                Ok(true)
            }
            _ => self.fold_into_changes(send.operation_key, method),
        }
    }

    fn fold_into_changes(&mut self, message: OperationKey, method: &Method) -> Result<bool> {
        let waiting: Vec<OperationRow> = operations::about_message(&self.db, message)?
            .into_iter()
            .filter(OperationRow::is_foldable)
            .collect();
        match method {
            Method::MessageEdit(_) => {
                let edit = waiting
                    .iter()
                    .rfind(|row| matches!(row.method, Method::MessageEdit(_)));
                let Some(edit) = edit else { return Ok(false) };
                operations::set_params(&self.db, edit.operation_key, method)?;
                Ok(true)
            }
            // What is deleted needs no edit and no reaction any more.
            Method::MessageDelete(_) => {
                for row in &waiting {
                    if !matches!(row.method, Method::MessageHide(_)) {
                        self.transition(row, Happening::Discarded, None)?;
                    }
                }
                Ok(false)
            }
            _ => {
                let opposite = waiting.iter().rfind(|row| match (&row.method, method) {
                    (Method::ReactionAdd(one), Method::ReactionRemove(other)) => {
                        one.emoji == other.emoji
                    }
                    (Method::ReactionRemove(one), Method::ReactionAdd(other)) => {
                        one.emoji == other.emoji
                    }
                    _ => false,
                });
                let Some(opposite) = opposite else {
                    return Ok(false);
                };
                self.transition(opposite, Happening::Discarded, None)?;
                Ok(true)
            }
        }
    }
}

/// Two changes of the same kind as one: the later one counts where both say something.
fn merged(earlier: &Method, later: &Method) -> Option<Method> {
    match (earlier.clone(), later.clone()) {
        (Method::SettingsUpdate(mut all), Method::SettingsUpdate(newer)) => {
            all.muted_until = newer.muted_until.or(all.muted_until);
            all.pinned = newer.pinned.or(all.pinned);
            all.archived = newer.archived.or(all.archived);
            all.hidden_to = newer.hidden_to.or(all.hidden_to);
            all.marked_unread = newer.marked_unread.or(all.marked_unread);
            Some(Method::SettingsUpdate(all))
        }
        (Method::ConversationUpdate(mut all), Method::ConversationUpdate(newer)) => {
            all.title = newer.title.or(all.title);
            all.avatar_url = newer.avatar_url.or(all.avatar_url);
            all.writing = newer.writing.or(all.writing);
            all.context = newer.context.or(all.context);
            Some(Method::ConversationUpdate(all))
        }
        _ => None,
    }
}
