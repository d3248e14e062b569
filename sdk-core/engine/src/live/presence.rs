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
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        self.known.len()
    }

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
    use fulmar_protocol::{Presence as Is, PresenceFrame, Timestamp, UserPresence};

    use super::Presence;
    use crate::io::Effect;
    use crate::testing::server::user;
    use crate::testing::{Bench, EPOCH, Step, every};

    fn bob(presence: Is) -> UserPresence {
        UserPresence {
            user_id: user("bob"),
            presence,
        }
    }

    fn said(step: &Step<()>) -> Vec<UserPresence> {
        let told = step.effects.iter().flat_map(|effect| match effect {
            Effect::Presence(users) => users.clone(),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    /// What is known of bob before, and what is told of him then.
    #[test]
    fn every_presence_before_and_after() {
        let all = every!(Is {
            Is::Online => [Is::Online],
            Is::Offline { .. } => [
                Is::Offline { last_seen_at: None },
                Is::Offline { last_seen_at: Some(Timestamp(EPOCH)) },
            ],
            Is::Unknown => [Is::Unknown],
        });
        let mut bench = Bench::new();
        for before in [None].into_iter().chain(all.map(Some)) {
            for after in all {
                let mut presence = Presence::default();
                for told in before.into_iter().chain([after, after]) {
                    let users = vec![bob(told)];
                    let step = bench.run(|tx| presence.heard(tx, PresenceFrame { users }));
                    assert_eq!(said(&step), [bob(told)], "it is told as it comes");
                }
                // With the connection goes what is known, and that is told once.
                let lost = bench.run(|tx| presence.forget(tx));
                assert_eq!(said(&lost), [bob(Is::Unknown)], "{before:?} {after:?}");
                assert!(bench.run(|tx| presence.forget(tx)).effects.is_empty());
            }
        }
    }

    #[test]
    fn of_nobody_there_is_nothing_to_forget() {
        let mut bench = Bench::new();
        let mut presence = Presence::default();
        assert!(bench.run(|tx| presence.forget(tx)).effects.is_empty());
        let users = Vec::new();
        bench.run(|tx| presence.heard(tx, PresenceFrame { users }));
        assert!(bench.run(|tx| presence.forget(tx)).effects.is_empty());
    }

    #[test]
    fn all_of_a_frame_are_forgotten_with_the_connection() {
        let mut bench = Bench::new();
        let mut presence = Presence::default();
        let carol = UserPresence {
            user_id: user("carol"),
            presence: Is::Online,
        };
        let users = vec![carol, bob(Is::Online)];
        bench.run(|tx| presence.heard(tx, PresenceFrame { users }));
        let lost = said(&bench.run(|tx| presence.forget(tx)));
        assert_eq!(lost.len(), 2);
        assert!(lost.iter().all(|user| user.presence == Is::Unknown));
    }
}
