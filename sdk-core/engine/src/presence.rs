//! Who is there, as far as the server says (PROTOCOL.md §3.11). Nothing of it is stored, and nothing of
//! it outlives the connection.

use std::collections::BTreeSet;

use fulmar_protocol::{PersonPresence, Presence, PresenceFrame, UserId};

use crate::connection::LinkState;
use crate::effect::Effect;
use crate::turn::Turn;

/// Of whom something is known.
pub(crate) type Known = BTreeSet<UserId>;

impl Turn<'_> {
    pub(crate) fn presence_heard(&mut self, frame: PresenceFrame) {
        for person in &frame.people {
            self.brain.presence.insert(person.user_id.clone());
        }
        self.hold(Effect::Presence(frame.people));
    }

    /// Without a connection nobody knows who is there.
    pub(crate) fn settle_presence(&mut self) {
        let open = matches!(self.brain.link.state, LinkState::Open { .. });
        if open || self.brain.presence.is_empty() {
            return;
        }
        let people = std::mem::take(&mut self.brain.presence)
            .into_iter()
            .map(|user_id| PersonPresence {
                user_id,
                presence: Presence::Unknown,
            })
            .collect();
        self.hold(Effect::Presence(people));
    }
}
