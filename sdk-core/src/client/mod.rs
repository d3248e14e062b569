//! The public handles. They are thin: each turns a call into a command for the engine, or into a
//! read of the store.

mod account;
mod arguments;
mod attachment;
mod builder;
mod conversation;
mod conversation_watch;
mod creation;
mod download;
mod file_name;
mod handle;
mod list;
mod live;
mod messages;
mod new_message;
mod outbox;
mod participants;
mod people;
mod presence;
mod push;
mod search;
mod sign_in;
mod status;
mod thread;
mod timeline;
mod typing;

pub use account::Account;
pub use attachment::NewAttachment;
pub use builder::{ClientBuilder, rebuild_store};
pub use conversation::Conversation;
pub use conversation_watch::ConversationWatch;
pub use creation::NewGroup;
pub use download::{Download, DownloadProgress};
pub use handle::Client;
pub use list::{ConversationList, Listed};
pub use new_message::NewMessage;
pub use outbox::Outbox;
pub use participants::ParticipantList;
pub use presence::PresenceWatch;
pub use push::handle_push_beside;
pub use search::{Found, Search};
pub use sign_in::SignOut;
pub use status::{ConnectionWatch, SessionWatch};
pub use thread::Thread;
pub use timeline::{GapEnd, History, Newest, Timeline, Visibility};
pub use typing::TypingWatch;
