//! What a push says, and whether there is one.

use fulmar_protocol::text::is_blank;
use fulmar_protocol::{ConversationKind, Message, PushPayload, UserId};

use super::Push;
use crate::error::Result;
use crate::store::pushes::write;
use crate::store::{blocks, conversations, log, messages, participants, users};
use crate::tx::Tx;

/// The most bytes of a body, and of a message that travels along.
const BODY_BYTES: usize = 200;
const MESSAGE_BYTES: usize = 2_048;

/// Whether there is a push.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    Yes,
    /// The user takes no part any more, or the message was deleted: later operations of the same submit did that.
    Gone,
    /// The user has muted the conversation.
    Muted,
    /// The user has blocked the sender.
    Blocked,
}

impl Push {
    /// Records a push about a message for one user, unless they want none.
    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        message: &Message,
    ) -> Result<Recorded> {
        let id = &message.conversation_id;
        let as_it_is_now = messages::find(tx.db(), message.operation_key)?;
        let Some(message) = &as_it_is_now.filter(|message| message.deleted.is_none()) else {
            return Ok(Recorded::Gone);
        };
        if !participants::takes_part(tx.db(), id, user)? {
            return Ok(Recorded::Gone);
        }
        let settings = participants::settings(tx.db(), id, user)?;
        if settings.muted_until.is_some_and(|until| until > tx.now()) {
            return Ok(Recorded::Muted);
        }
        if blocks::has(tx.db(), user, &message.sender_id)? {
            return Ok(Recorded::Blocked);
        }
        // Others may have come after it in the same submit.
        let unread = participants::unread_up_to(tx.db(), id, user, message.position)?;
        let elsewhere = participants::unread_elsewhere(tx.db(), user, id)?;
        let (title, body) = words(tx, message)?;
        let fits = serde_json::to_string(message)?.len() <= MESSAGE_BYTES;
        let payload = PushPayload {
            user_id: user.clone(),
            log_id: Some(log::state(tx.db(), user)?.log_id),
            conversation_id: id.clone(),
            message_key: message.operation_key,
            position: message.position,
            title: shortened(title),
            body: shortened(body),
            unread_count: unread.unread_count,
            unread_mentions: unread.unread_mentions,
            unread_total: elsewhere + unread.unread_count,
            message: fits.then(|| message.clone()),
        };
        write::insert(tx.db(), &payload, tx.now())?;
        Ok(Recorded::Yes)
    }
}

/// Title and body.
fn words(tx: &Tx<'_>, message: &Message) -> Result<(String, String)> {
    let id = &message.conversation_id;
    let sender = users::name(tx.db(), &message.sender_id)?;
    // What carries files may say nothing: then they are named.
    let content = &message.content;
    let text = match content.attachments.first() {
        Some(attachment) if is_blank(&content.text) => &attachment.name,
        Some(_) | None => &content.text,
    };
    Ok(match conversations::kind(tx.db(), id)? {
        ConversationKind::Direct => (sender, text.clone()),
        ConversationKind::Group | ConversationKind::Unknown => {
            let title = conversations::profile(tx.db(), id)?.title;
            (title.unwrap_or_default(), format!("{sender}: {text}"))
        }
    })
}

/// Not longer than a notification shows.
fn shortened(mut text: String) -> String {
    if text.len() > BODY_BYTES {
        text.truncate(text.floor_char_boundary(BODY_BYTES - '…'.len_utf8()));
        text.push('…');
    }
    text
}
