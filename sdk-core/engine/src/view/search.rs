//! What a search finds on this device.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{ConversationId, OperationKey, SearchQuery};
use rusqlite::Connection;

use super::message_item::{MessageItem, View};
use crate::store::messages::{self, MessageRow};
use crate::store::search::{TextPiece, find};
use crate::store::{ConversationKey, Reader, Result, conversations, reading};

/// A message that a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The conversation of the message.
    pub conversation_id: ConversationId,
    /// The message that was found.
    pub message: MessageItem,
    /// What it says, in pieces: what was searched for, and what is around that.
    pub pieces: Vec<TextPiece>,
}

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchSnapshot {
    /// The best first, and of equals the newest.
    pub hits: Vec<SearchHit>,
    /// Whether this device has more than were asked for.
    pub more: bool,
}

/// Searches on this device. `told` are messages that the server found: those that are not found here,
/// because the server reads words in another way, come at the end. Never touches the network.
pub fn search(
    reader: &Reader,
    query: &SearchQuery,
    told: &BTreeSet<OperationKey>,
    limit: u32,
) -> Result<SearchSnapshot> {
    let transaction = reader.connection().unchecked_transaction()?;
    let conversation = match &query.conversation_id {
        None => None,
        Some(id) => match conversations::find(&transaction, id)? {
            Some(key) => Some(key),
            None => {
                return Ok(SearchSnapshot {
                    hits: Vec::new(),
                    more: false,
                });
            }
        },
    };
    let mut found = find(&transaction, query, conversation, limit.saturating_add(1))?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut views = Views {
        db: &transaction,
        of: BTreeMap::new(),
    };
    let mut hits = Vec::with_capacity(found.len());
    let mut seen = BTreeSet::new();
    for (row, pieces) in found {
        seen.insert(row.key);
        hits.extend(views.hit(row, Some(pieces))?);
    }
    for key in told.difference(&seen) {
        if let Some(row) = messages::find(&transaction, *key)? {
            hits.extend(views.hit(row, None)?);
        }
    }
    Ok(SearchSnapshot { hits, more })
}

struct Views<'a> {
    db: &'a Connection,
    of: BTreeMap<ConversationKey, (ConversationId, View<'a>)>,
}

impl Views<'_> {
    /// A row as it is shown; `None` when the user has hidden or deleted it.
    fn hit(
        &mut self,
        row: MessageRow,
        pieces: Option<Vec<TextPiece>>,
    ) -> Result<Option<SearchHit>> {
        let key = row.conversation;
        if !self.of.contains_key(&key) {
            let head = reading::head(self.db, key)?;
            let id = conversations::public_id(self.db, key)?;
            self.of.insert(key, (id, View::of(self.db, key, head)?));
        }
        let Some((id, view)) = self.of.get(&key) else {
            return Ok(None);
        };
        let text = row.content.text.clone();
        let state = view.state(&row)?;
        let Some(message) = view.item(row, state)? else {
            return Ok(None);
        };
        // An edit that is on its way may not contain it any more, and a deleted message says nothing.
        let pieces = match pieces {
            Some(pieces) if message.text() == text => pieces,
            _ => vec![TextPiece::Plain(message.text().to_owned())],
        };
        Ok((!message.text().is_empty()).then(|| SearchHit {
            conversation_id: id.clone(),
            message,
            pieces,
        }))
    }
}
