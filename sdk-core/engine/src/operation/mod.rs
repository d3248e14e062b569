//! The operations, one file for each thing that can be done (PROTOCOL.md §5.4 to §5.12): whether the user may
//! do it, what it comes to together with an earlier one that has not left the device, and what the screen
//! shows of it until the log has told of it.
//!
//! Nothing in here writes or keeps anything. A new method fails to compile in [`of`] until it has a file.

mod conversation_create;
mod conversation_leave;
mod conversation_update;
mod message_delete;
mod message_edit;
mod message_hide;
mod message_pin;
mod message_send;
mod normal;
pub(crate) mod overlay;
mod participants;
mod reaction;
mod receipt_update;
mod settings_update;
mod situation;
#[cfg(test)]
mod tests;

use fulmar_protocol::{
    ConversationProfile, Limits, Method, Participant, Settings, Timestamp, UserId,
};
use rusqlite::Connection;

use crate::io::{CommandError, Rule};
use crate::store::messages::MessageRow;
use crate::store::{ConversationKey, Result};

pub(crate) use message_send::{
    content_of as message_send_content, forwarded as message_send_forwarded,
};
pub(crate) use normal::{normalize, title as normal_title};
pub(crate) use participants::newcomer;

/// What a method can do to what is here.
pub(crate) trait Operation {
    /// Whether the user may do it, and whether it changes anything.
    fn check(&self, at: &Situation<'_>) -> Result<Checked>;

    /// What it comes to together with an earlier operation that has not left the device: the one that sends
    /// the message that it is about, one about the same message, or the newest of [`folds_with`](Self::folds_with).
    fn fold(&self, earlier: &Method) -> Fold {
        let _ = earlier;
        Fold::Beside
    }

    /// The methods of its conversation with which it keeps its order: it can only fold into the newest of
    /// these. Empty for an operation that does not fold, or is about a message.
    fn folds_with(&self) -> &'static [&'static str] {
        &[]
    }

    /// Shows what it will change.
    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        let _ = (shown, by);
    }

    /// Who comes or goes by it, or may do something else: those among the participants that it shows otherwise.
    fn people(&self) -> &[UserId] {
        &[]
    }

    /// Whether those behind it wait when it has failed, and it waits behind another such.
    fn holds_lane(&self) -> bool {
        false
    }

    /// Whether it may be tried again at any time: it only moves forward or sets a value, so that the server
    /// need not remember its key (PROTOCOL.md §5.1).
    fn is_repeatable(&self) -> bool {
        false
    }
}

/// What a method can do: the one place that knows them all.
pub(crate) fn of(method: &Method) -> &dyn Operation {
    match method {
        Method::MessageSend(params) => params,
        Method::MessageEdit(params) => params,
        Method::MessageDelete(params) => params,
        Method::MessageHide(params) => params,
        Method::MessagePin(params) => params,
        Method::ReactionAdd(params) => params,
        Method::ReactionRemove(params) => params,
        Method::ReceiptUpdate(params) => params,
        Method::ConversationCreate(params) => params,
        Method::ConversationUpdate(params) => params,
        Method::ConversationLeave(params) => params,
        Method::ParticipantAdd(params) => params,
        Method::ParticipantRemove(params) => params,
        Method::ParticipantUpdate(params) => params,
        Method::SettingsUpdate(params) => params,
    }
}

/// What a check comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It may go on.
    Go,
    /// It is so already.
    Nothing,
    /// The app is told why not.
    Refused(CommandError),
}

impl Checked {
    pub(crate) fn not_allowed(rule: Rule) -> Self {
        Self::Refused(CommandError::NotAllowed { rule })
    }

    pub(crate) fn allowed_if(allowed: bool, otherwise: Rule) -> Self {
        if allowed {
            Self::Go
        } else {
            Self::not_allowed(otherwise)
        }
    }
}

impl From<std::result::Result<(), CommandError>> for Checked {
    fn from(result: std::result::Result<(), CommandError>) -> Self {
        match result {
            Ok(()) => Self::Go,
            Err(error) => Self::Refused(error),
        }
    }
}

/// What an operation comes to together with an earlier one that has not left the device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    /// It needs an operation of its own.
    Beside,
    /// The earlier one becomes this, and the later one is part of it.
    Into(Box<Method>),
    /// Each undoes the other: neither is needed.
    Cancels,
    /// The earlier one is not needed any more; the later one is.
    Replaces,
    /// The message that was to be sent is not wanted any more.
    GivesUp,
}

impl Fold {
    /// The earlier one becomes this.
    fn becomes(method: Method) -> Self {
        Self::Into(Box::new(method))
    }
}

/// What the screen shows, before what the outbox is about to change.
pub(crate) enum Shown<'a> {
    Message(&'a mut MessageRow),
    Profile(&'a mut ConversationProfile),
    Settings(&'a mut Settings),
    Participants(&'a mut Vec<Participant>),
}

/// Who does something, and when it was handed over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) user: Option<&'a UserId>,
    pub(crate) at: Timestamp,
}

/// Where something is to be done, and who does it.
pub(crate) struct Situation<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) conversation: ConversationKey,
    pub(crate) owner: &'a UserId,
    pub(crate) limits: &'a Limits,
}
