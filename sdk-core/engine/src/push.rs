//! Push notifications: what they tell is known before the log tells it (PROTOCOL.md §7.8).
//!
//! A push can be late, come twice, or overtake others. It never takes anything back: what it says counts
//! only where nothing newer is known.

use fulmar_protocol::{
    ApiRequest, ConversationId, OperationKey, PushPayload, PushToken, Timestamp, UserId,
};
use rusqlite::Connection;

use crate::brain::Purpose;
use crate::command_error::CommandError;
use crate::effect::{CommandId, Reply};
use crate::store::{Result, conversations, pushed, reading};
use crate::turn::Turn;

/// What an app shows of a push notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushNotification {
    /// The other person, or the title of the group.
    pub title: String,
    /// The beginning of the text; in a group with who wrote it.
    pub body: String,
    /// Where to go when it is tapped.
    pub conversation_id: ConversationId,
    /// The message, by its list key.
    pub message: OperationKey,
    /// How many messages are unread in that conversation.
    pub unread_count: u64,
    /// How many are unread in all: the number on the app's icon.
    pub unread_total: u64,
    /// Whether to call for attention.
    pub attention: Attention,
}

/// Whether a notification calls for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Yes.
    Alert,
    /// No: the conversation is muted, or this user has read the message by now.
    Quiet,
}

/// What to show of a push, as far as this device knows.
pub(crate) fn notification(
    db: &Connection,
    payload: &PushPayload,
    now: Timestamp,
) -> Result<PushNotification> {
    let mut attention = Attention::Alert;
    if let Some(key) = conversations::find(db, &payload.conversation_id)? {
        let muted = conversations::server_settings(db, key)?.muted_until;
        let read = reading::own_read_to(db, key)? >= payload.position;
        if read || muted.is_some_and(|until| until > now) {
            attention = Attention::Quiet;
        }
    }
    Ok(PushNotification {
        title: payload.title.clone(),
        body: payload.body.clone(),
        conversation_id: payload.conversation_id.clone(),
        message: payload.message_key,
        unread_count: payload.unread_count,
        unread_total: payload.unread_total,
        attention,
    })
}

/// Whether a push is for the owner of a store.
pub(crate) fn check_owner(
    payload: &PushPayload,
    owner: Option<&UserId>,
) -> std::result::Result<(), CommandError> {
    match owner {
        Some(owner) if *owner == payload.user_id => Ok(()),
        Some(owner) => Err(CommandError::OtherUser {
            owner: owner.clone(),
        }),
        None => Err(CommandError::SignedOut),
    }
}

impl Turn<'_> {
    pub(crate) fn handle_push(
        &mut self,
        payload: &PushPayload,
    ) -> Result<std::result::Result<Reply, CommandError>> {
        if let Err(error) = check_owner(payload, self.brain.account.user_id.as_ref()) {
            return Ok(Err(error));
        }
        self.take_push(payload)?;
        let notification = notification(&self.db, payload, self.now.wall)?;
        Ok(Ok(Reply::Notified(notification)))
    }

    /// Takes over what a second process was told of while this one was away.
    pub(crate) fn take_pushed(&mut self) -> Result<()> {
        for payload in pushed::take(&self.db)? {
            if check_owner(&payload, self.brain.account.user_id.as_ref()).is_ok() {
                self.take_push(&payload)?;
            }
        }
        Ok(())
    }

    fn take_push(&mut self, payload: &PushPayload) -> Result<()> {
        // A conversation that is not here yet comes with the log.
        let Some(key) = conversations::find(&self.db, &payload.conversation_id)? else {
            return Ok(());
        };
        let Some(message) = &payload.message else {
            return Ok(());
        };
        if message.conversation_id != payload.conversation_id
            || message.operation_key != payload.message_key
            || message.position != payload.position
        {
            return Ok(());
        }
        self.store_message(key, message)?;
        reading::told_by_push(&self.db, key, payload)?;
        self.delivered(key);
        Ok(())
    }

    pub(crate) fn set_push_token(
        &mut self,
        command: CommandId,
        token: Option<PushToken>,
    ) -> std::result::Result<(), CommandError> {
        let access = self.online_token()?;
        let device_id = self.brain.account.device_id.clone();
        let call = match token {
            Some(token) => ApiRequest::SetPushToken { device_id, token },
            None => ApiRequest::RemovePushToken { device_id },
        };
        self.request(call, Purpose::Tell { command }, Some(access));
        Ok(())
    }
}
