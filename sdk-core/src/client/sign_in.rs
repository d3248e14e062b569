//! Signing in and out.

use fulmar_engine::query::{OutboxItem, OutboxState};
use fulmar_engine::{Command, CommandError, Unsent};
use fulmar_protocol::Secret;

use super::Client;
use super::arguments::parse_user;
use crate::error::WatchError;

/// What a sign-out does about operations that the server has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOut {
    /// Refuse, and say how many there are.
    Refuse,
    /// Sign out when the server has confirmed them.
    Wait,
    /// Gives up what is unsent.
    Discard,
}

impl Client {
    /// Signs in with a password. Needs the network. The password is not stored; the session is, and
    /// is there again when the store is next opened.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `credentials.invalid` for a wrong user or password,
    /// [`CommandError::Unreachable`] without the network, [`CommandError::AlreadySignedIn`],
    /// [`CommandError::OtherUser`] when the store holds unsent operations of somebody else.
    /// PROTOCOL.md §7.1.
    pub async fn sign_in(
        &self,
        user_id: impl AsRef<str>,
        password: impl Into<Secret>,
    ) -> Result<(), CommandError> {
        let command = Command::SignIn {
            user_id: parse_user(user_id.as_ref())?,
            password: password.into(),
        };
        self.runtime().command(command).await.map(|_| ())
    }

    /// Becomes a user of the server, and signs in. Needs the network. The id is in lower case, without spaces and of
    /// one script, the name is not blank and has at most 200 bytes (PROTOCOL.md §4.8), the password has at least 8
    /// (PROTOCOL.md §7.1).
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for the id or the name, before anything is sent; [`CommandError::Refused`] with
    /// `user.exists` when there is such a user, or one whose id looks like that, with `params.invalid` for the
    /// password; otherwise those of [`Client::sign_in`].
    pub async fn register(
        &self,
        user_id: impl AsRef<str>,
        name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<(), CommandError> {
        let command = Command::Register {
            user_id: parse_user(user_id.as_ref())?,
            name: name.into(),
            password: password.into(),
        };
        self.runtime().command(command).await.map(|_| ())
    }

    /// Signs in with an access token of the app's own backend, from the token provider that the
    /// client was built with; later tokens come from it too. Needs the network. PROTOCOL.md §7.2.
    ///
    /// # Errors
    /// [`CommandError::NoToken`] when the provider has none, or one of another user;
    /// [`CommandError::Refused`] when the server does not take it; [`CommandError::Unreachable`],
    /// [`CommandError::AlreadySignedIn`], [`CommandError::OtherUser`].
    pub async fn sign_in_with_provider(
        &self,
        user_id: impl AsRef<str>,
    ) -> Result<(), CommandError> {
        let user_id = parse_user(user_id.as_ref())?;
        let command = Command::SignInWithProvider { user_id };
        self.runtime().command(command).await.map(|_| ())
    }

    /// Signs out and wipes the store. The server is told as soon as it can be reached, also by a later process: until
    /// it has heard it, the store keeps the one token that this takes. Of a token provider's session, which the app
    /// ends, it is told to send no more pushes to this device. PROTOCOL.md §7.1, §7.8.
    ///
    /// What is unsent is asked about: [`SignOut::Refuse`] says how much there is, [`SignOut::Wait`] sends it
    /// first, [`SignOut::Discard`] gives it up. Waiting can be given up at any time by dropping the
    /// future: then nothing has happened. Only a wait needs the network.
    ///
    /// # Errors
    /// [`CommandError::UnsentOperations`] when something is unsent and is not to be given up; after a
    /// wait only for what failed, which the app has to retry or discard. [`CommandError::SignedOut`] when
    /// nobody is signed in.
    pub async fn sign_out(&self, how: SignOut) -> Result<(), CommandError> {
        let unsent = match how {
            SignOut::Discard => Unsent::Discard,
            SignOut::Refuse | SignOut::Wait => Unsent::Refuse,
        };
        let mut outbox = self.outbox();
        loop {
            match self.runtime().command(Command::SignOut { unsent }).await {
                Err(CommandError::UnsentOperations { count }) if how == SignOut::Wait => {
                    outbox.next().await.map_err(|error| match error {
                        WatchError::Closed => CommandError::Closed,
                        WatchError::Store { reason } => CommandError::Store { reason },
                    })?;
                    let left = outbox.items();
                    let stands_still = |item: &OutboxItem| {
                        matches!(
                            item.state,
                            OutboxState::Failed { .. } | OutboxState::Held { .. }
                        )
                    };
                    if !left.is_empty() && left.iter().all(stands_still) {
                        return Err(CommandError::UnsentOperations { count });
                    }
                }
                answer => return answer.map(|_| ()),
            }
        }
    }
}
