//! Who is there, as far as the server says (PROTOCOL.md §3.11).

use std::collections::BTreeSet;

use fulmar_protocol::{PersonPresence, Presence as Is, PresenceFrame, UserId};

use crate::io::Effect;
use crate::tx::Tx;

/// Of whom something is known.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    known: BTreeSet<UserId>,
}

impl Presence {
    pub(crate) fn heard(&mut self, tx: &mut Tx<'_>, frame: PresenceFrame) {
        for person in &frame.people {
            self.known.insert(person.user_id.clone());
        }
        tx.emit(Effect::Presence(frame.people));
    }

    /// Without a connection nobody knows who is there.
    pub(crate) fn forget(&mut self, tx: &mut Tx<'_>) {
        if self.known.is_empty() {
            return;
        }
        let people = std::mem::take(&mut self.known)
            .into_iter()
            .map(|user_id| PersonPresence {
                user_id,
                presence: Is::Unknown,
            })
            .collect();
        tx.emit(Effect::Presence(people));
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{PersonPresence, Presence as Is, PresenceFrame, UserId};

    use super::Presence;
    use crate::io::Effect;
    use crate::testing::Bench;

    #[test]
    fn with_the_connection_goes_what_is_known_and_it_is_said_once() {
        let mut bench = Bench::new();
        let mut presence = Presence::default();
        let person = PersonPresence {
            user_id: UserId::new("bob").unwrap(),
            presence: Is::Online,
        };
        let people = vec![person.clone()];
        let heard = bench.run(|tx| presence.heard(tx, PresenceFrame { people }));
        assert!(matches!(&heard.effects[..], [Effect::Presence(told)] if told[0] == person));
        let lost = bench.run(|tx| presence.forget(tx));
        assert!(
            matches!(&lost.effects[..], [Effect::Presence(told)] if told[0].presence == Is::Unknown)
        );
        assert!(bench.run(|tx| presence.forget(tx)).effects.is_empty());
    }
}
