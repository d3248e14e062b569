//! Searching messages.

use std::sync::Arc;

use fulmar::{ConversationId, Timestamp, UserId};

use crate::cancel::{CancelHandle, cancellable};
use crate::{CommandError, MessageItem, PageResult, SearchWatcher};

/// What is searched for. All of it has to fit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchQuery {
    /// Words, or beginnings of words; a message has to contain each of them.
    pub text: String,
    /// Only in this conversation.
    #[uniffi(default = None)]
    pub conversation_id: Option<ConversationId>,
    /// Only what this person wrote.
    #[uniffi(default = None)]
    pub sender_id: Option<UserId>,
    /// Only what was sent at this time or later.
    #[uniffi(default = None)]
    pub from: Option<Timestamp>,
    /// Only what was sent before this time.
    #[uniffi(default = None)]
    pub until: Option<Timestamp>,
}

impl From<SearchQuery> for fulmar::SearchQuery {
    fn from(query: SearchQuery) -> Self {
        let SearchQuery {
            text,
            conversation_id,
            sender_id,
            from,
            until,
        } = query;
        Self {
            text,
            conversation_id,
            sender_id,
            from,
            until,
        }
    }
}

/// A message that a search has found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchHit {
    /// The conversation of the message.
    pub conversation_id: ConversationId,
    /// The message that was found.
    pub message: MessageItem,
    /// What it says, in pieces: what was searched for, and what is around that.
    pub pieces: Vec<TextPiece>,
}

impl From<fulmar::SearchHit> for SearchHit {
    fn from(hit: fulmar::SearchHit) -> Self {
        let fulmar::SearchHit {
            conversation_id,
            message,
            pieces,
        } = hit;
        Self {
            conversation_id,
            message: message.into(),
            pieces: pieces.into_iter().map(Into::into).collect(),
        }
    }
}

/// A piece of a text that was found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TextPiece {
    /// Text that does not match.
    Plain {
        /// The text.
        text: String,
    },
    /// What was searched for.
    Hit {
        /// The text.
        text: String,
    },
}

impl From<fulmar::TextPiece> for TextPiece {
    fn from(piece: fulmar::TextPiece) -> Self {
        match piece {
            fulmar::TextPiece::Plain(text) => Self::Plain { text },
            fulmar::TextPiece::Hit(text) => Self::Hit { text },
        }
    }
}

/// A search, for any number of watchers.
#[derive(Debug, uniffi::Object)]
pub struct SearchHandle {
    search: fulmar::Search,
}

impl SearchHandle {
    pub(crate) fn of(search: fulmar::Search) -> Arc<Self> {
        Arc::new(Self { search })
    }
}

#[uniffi::export]
impl SearchHandle {
    /// One more watcher of this search.
    pub fn watch(&self) -> Result<Arc<SearchWatcher>, CommandError> {
        Ok(SearchWatcher::of(self.search.clone()))
    }

    /// Asks for 50 more; every watcher is told of them.
    pub async fn load_more(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<PageResult, CommandError> {
        let page = cancellable(cancel, self.search.load_more()).await?;
        Ok(page.into())
    }
}
