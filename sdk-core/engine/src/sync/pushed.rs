//! What push notifications tell, before the log does (PROTOCOL.md §7.8).
//!
//! A push can be late, come twice, or overtake others. It never takes anything back: what it says counts
//! only where nothing newer is known.

use fulmar_protocol::PushPayload;

use super::apply::{Applying, is_plausible};
use super::{Sync, SyncNews};
use crate::facts::Own;
use crate::store::{Result, conversations, log, messages, pushed, reading};
use crate::tx::Tx;

impl Sync {
    /// Takes what a push tells; of another user it tells nothing.
    pub(crate) fn push_arrived(
        tx: &mut Tx<'_>,
        own: Own<'_>,
        payload: &PushPayload,
    ) -> Result<Vec<SyncNews>> {
        // A conversation that is not here yet comes with the log.
        let Some(key) = conversations::find(&tx.db, &payload.conversation_id)? else {
            return Ok(Vec::new());
        };
        let Some(message) = &payload.message else {
            return Ok(Vec::new());
        };
        // Positions and counts of another log say nothing here.
        let (followed, _) = log::position(&tx.db)?;
        if payload.log_id.is_some() && payload.log_id != followed {
            return Ok(Vec::new());
        }
        if own != Some(&payload.user_id)
            || message.conversation_id != payload.conversation_id
            || message.operation_key != payload.message_key
            || message.position != payload.position
        {
            return Ok(Vec::new());
        }
        // What the log has told of and is not here may have changed since: the push says what it was.
        let told = payload.position <= reading::head(&tx.db, key)?;
        if told && messages::position(&tx.db, message.operation_key)?.is_none() {
            return Ok(Vec::new());
        }
        if !is_plausible(&tx.db, key, message)? {
            return Ok(Vec::new());
        }
        let mut applying = Applying::new(tx, own);
        applying.message(key, message)?;
        let mut news = applying.news;
        // Not more is unread than there are messages.
        let payload = PushPayload {
            unread_count: payload.unread_count.min(payload.position.0),
            unread_mentions: payload.unread_mentions.min(payload.position.0),
            ..payload.clone()
        };
        reading::told_by_push(&tx.db, key, &payload)?;
        news.push(SyncNews::Delivered(key));
        Ok(news)
    }

    /// Takes over what a second process was told of while this one was away.
    pub(crate) fn take_pushed(tx: &mut Tx<'_>, own: Own<'_>) -> Result<Vec<SyncNews>> {
        let mut news = Vec::new();
        for payload in pushed::all(&tx.db)? {
            news.append(&mut Self::push_arrived(tx, own, &payload)?);
        }
        pushed::forget_all(&tx.db)?;
        Ok(news)
    }
}
