//! Live queries: what a screen shows, read from the store, and the difference to what it showed.
//!
//! A query is read on a reading connection when somebody asks ([`timeline`], [`conversations`]) and
//! compared with what that watcher saw last ([`diff`]). Nothing is pushed, so nothing can overflow,
//! and a slow screen costs nothing.

pub(crate) mod content;
mod conversations;
mod diff;
mod files;
pub(crate) mod list_row;
mod message_item;
mod outbox;
mod participants;
mod pinned;
mod search;
mod server;
pub(crate) mod session;
mod timeline;

pub use crate::store::search::TextPiece;
pub use conversations::{
    ConversationFilter, ConversationItem, ConversationStatus, Folder, UnreadFilter, conversation,
    conversation_key, conversations, count_conversations,
};
pub use diff::{Change, apply, diff};
pub use files::files_in_use;
pub use list_row::Preview;
pub use message_item::{MessageItem, MessageState, Quote, QuotedMessage, Receipts, ThreadOverview};
pub use outbox::{Action, OutboxItem, OutboxState, outbox};
pub use participants::{ParticipantsSnapshot, blocked_users, participants};
pub use pinned::{PinnedSnapshot, pinned_messages};
pub use search::{SearchHit, SearchSnapshot, search};
pub use server::supports;
pub use session::session;
pub use timeline::{
    GapRange, Newer, Older, PAGE, TimelineItem, TimelineKey, TimelineSnapshot, Window, page_after,
    page_before, timeline,
};
