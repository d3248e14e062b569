//! Asking code of the app: off the driver's thread, and not for ever.

use std::sync::Arc;
use std::time::Duration;

use fulmar_engine::{ProvidedToken, TokenFailure, Vault};
use fulmar_protocol::UserId;

use super::setup::Setup;
use crate::token_provider::TokenProvider;
use crate::vault::vault as vault_of;

/// The key is in foreign hands: asked off this thread, and not for ever.
pub(super) async fn vault(setup: &Setup) -> Result<Option<Arc<dyn Vault>>, String> {
    let Some(storage) = setup.secret_storage.clone() else {
        return Ok(None);
    };
    let asked = tokio::task::spawn_blocking(move || vault_of(&*storage));
    match tokio::time::timeout(setup.config.token_timeout, asked).await {
        Ok(Ok(answer)) => answer.map(Some),
        Ok(Err(panicked)) => Err(panicked.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Asks foreign code for a token, and not for ever.
pub(super) async fn token(
    provider: Option<Arc<dyn TokenProvider>>,
    user_id: UserId,
    patience: Duration,
) -> Result<ProvidedToken, TokenFailure> {
    let unavailable = |reason: &str| TokenFailure::Unavailable {
        reason: reason.to_owned(),
    };
    let provider =
        provider.ok_or_else(|| unavailable("the client was built without a token provider"))?;
    match tokio::time::timeout(patience, provider.token(user_id)).await {
        Ok(answer) => answer,
        Err(_) => Err(unavailable("the token provider did not answer in time")),
    }
}
