//! Who is there, as far as the server says (PROTOCOL.md §3.11).

use std::collections::BTreeSet;

use fulmar_protocol::{Presence as Is, PresenceFrame, UserId, UserPresence};

use crate::io::Effect;
use crate::tx::Tx;

/// The users whose presence is known.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    known: BTreeSet<UserId>,
}

impl Presence {
    pub(crate) fn heard(&mut self, tx: &mut Tx<'_>, frame: PresenceFrame) {
        for user in &frame.users {
            self.known.insert(user.user_id.clone());
        }
        tx.emit(Effect::Presence(frame.users));
    }

    /// Without a connection nobody knows who is there.
    pub(crate) fn forget(&mut self, tx: &mut Tx<'_>) {
        if self.known.is_empty() {
            return;
        }
        let users = std::mem::take(&mut self.known)
            .into_iter()
            .map(|user_id| UserPresence {
                user_id,
                presence: Is::Unknown,
            })
            .collect();
        tx.emit(Effect::Presence(users));
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{Presence as Is, PresenceFrame, UserId, UserPresence};

    use super::Presence;
    use crate::io::Effect;
    use crate::testing::Bench;

    #[test]
    fn with_the_connection_goes_what_is_known_and_it_is_said_once() {
        let mut bench = Bench::new();
        let mut presence = Presence::default();
        let bob = UserPresence {
            user_id: UserId::new("bob").unwrap(),
            presence: Is::Online,
        };
        let users = vec![bob.clone()];
        let heard = bench.run(|tx| presence.heard(tx, PresenceFrame { users }));
        assert!(matches!(&heard.effects[..], [Effect::Presence(told)] if told[0] == bob));
        let lost = bench.run(|tx| presence.forget(tx));
        assert!(
            matches!(&lost.effects[..], [Effect::Presence(told)] if told[0].presence == Is::Unknown)
        );
        assert!(bench.run(|tx| presence.forget(tx)).effects.is_empty());
    }
}
