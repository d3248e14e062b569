//! Access tokens from the app's own backend.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use fulmar_protocol::UserId;

pub use fulmar_engine::{ProvidedToken, TokenFailure};

/// A token, or why there is none, at some time.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<ProvidedToken, TokenFailure>> + Send>>;

/// Where the access tokens of an app with its own sign-in come from. PROTOCOL.md §7.2.
///
/// It is asked when [`Client::sign_in_with_provider`](crate::Client::sign_in_with_provider) is called,
/// shortly before a token runs out, and when the server has refused one: one question at a time. It
/// may be slow or fail: messages wait meanwhile, and none ever fails for it. An answer that takes
/// longer than [`Config::token_timeout`](crate::Config::token_timeout) counts as none.
pub trait TokenProvider: Debug + Send + Sync {
    /// An access token for this user. Called on the client's own thread: do the work in the future,
    /// and do not hold a [`Client`](crate::Client) here, which would keep it alive for ever.
    fn token(&self, user_id: UserId) -> TokenFuture;
}
