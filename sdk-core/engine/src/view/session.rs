//! Who is signed in, as a person may see it. Reads the account only; no token leaves this file.

use crate::io::SessionState;
use crate::store::account::{self, Account};
use crate::store::{Reader, StoreError, Vault};

/// Who is signed in, in a store that no engine has open: [`crate::Engine`] tells it by itself.
pub fn session(reader: &Reader, vault: Option<&dyn Vault>) -> Result<SessionState, StoreError> {
    let account = account::load(reader.connection(), vault)?;
    Ok(account.as_ref().map(shown).unwrap_or_default())
}

pub(crate) fn shown(account: &Account) -> SessionState {
    match (&account.user_id, &account.tokens, &account.ended) {
        (Some(user_id), Some(_), _) => SessionState::SignedIn {
            user_id: user_id.clone(),
        },
        (Some(user_id), None, Some(end)) => SessionState::Ended {
            user_id: user_id.clone(),
            end: end.clone(),
        },
        (Some(_), None, None) | (None, _, _) => SessionState::SignedOut,
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{DeviceId, UserId};

    use super::shown;
    use crate::io::SessionState;
    use crate::store::account::{Account, Renewal, Tokens};
    use crate::store::state::SessionEnd;

    #[test]
    fn who_is_signed_in() {
        let alice = UserId::new("alice").unwrap();
        let end = SessionEnd::SecretsLost;
        let signed_in = SessionState::SignedIn {
            user_id: alice.clone(),
        };
        let ended = SessionState::Ended {
            user_id: alice.clone(),
            end: end.clone(),
        };
        let out = SessionState::SignedOut;
        for (user, tokens, end, expected) in [
            (true, true, None, &signed_in),
            (true, true, Some(&end), &signed_in),
            (true, false, Some(&end), &ended),
            (true, false, None, &out),
            (false, true, None, &out),
            (false, false, Some(&end), &out),
            (false, false, None, &out),
        ] {
            let account = Account {
                device_id: DeviceId::new("phone").unwrap(),
                user_id: user.then(|| alice.clone()),
                tokens: tokens.then(|| Tokens {
                    access: "secret".into(),
                    renewal: Renewal::Provider,
                    expires_at: fulmar_protocol::Timestamp(0),
                    lifetime_ms: 0,
                }),
                ended: end.cloned(),
            };
            assert_eq!(shown(&account), *expected, "{user} {tokens} {end:?}");
        }
    }
}
