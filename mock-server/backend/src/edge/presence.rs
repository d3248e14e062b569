//! Who is there: told to the open sockets of those who share a conversation (PROTOCOL.md §3.11).

use std::collections::BTreeSet;

use fulmar_protocol::{
    PersonPresence, Presence, PresenceFrame, PresenceSetting, ServerFrame, Timestamp, UserId,
};

use super::socket::{Outgoing, SocketId, State, say};
use crate::Backend;
use crate::store::{participants, users};

/// In larger conversations people do not see each other come and go (PROTOCOL.md §3.11).
const MOST_PARTICIPANTS: u32 = 100;

impl Backend {
    /// The first socket of somebody is ready: they are told who is there, and the others of them.
    pub(super) fn arrived(
        &mut self,
        socket: SocketId,
        user: &UserId,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let mut outgoing = self.tell_who_is_there(socket, user, now);
        if self.sockets_of(user).len() == 1 {
            outgoing.extend(self.tell_of(user, now));
        }
        outgoing
    }

    /// The last socket of somebody is gone.
    pub(super) fn left(&mut self, user: &UserId, now: Timestamp) -> Vec<Outgoing> {
        if !self.sockets_of(user).is_empty() {
            return Vec::new();
        }
        let (noted, _) = self.scoped(now, |scope| {
            scope.rooms.accounts.set_last_seen(scope.tx, user)
        });
        match noted {
            Ok(()) => self.tell_of(user, now),
            Err(error) => {
                // Reported by the conversion; there is nobody to tell.
                error.report();
                Vec::new()
            }
        }
    }

    /// Somebody shows or hides from now on.
    pub(super) fn tell_of(&mut self, user: &UserId, now: Timestamp) -> Vec<Outgoing> {
        let circle = self.circle(user, now);
        let people = vec![self.seen(user, now)];
        let frame = ServerFrame::Presence(PresenceFrame { people });
        circle
            .iter()
            .flat_map(|other| self.sockets_of(other))
            .map(|socket| say(socket, frame.clone()))
            .collect()
    }

    /// These people have met: they share a conversation that they did not share before.
    pub(super) fn introduce(&mut self, met: &BTreeSet<UserId>, now: Timestamp) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        for user in met {
            for socket in self.sockets_of(user) {
                outgoing.extend(self.tell_who_is_there(socket, user, now));
            }
        }
        outgoing
    }

    /// Somebody is out of sight for somebody else.
    pub(super) fn part(&self, viewer: &UserId, other: &UserId) -> Vec<Outgoing> {
        let unseen = PersonPresence {
            user_id: other.clone(),
            presence: Presence::Offline { last_seen_at: None },
        };
        let frame = ServerFrame::Presence(PresenceFrame {
            people: vec![unseen],
        });
        self.sockets_of(viewer)
            .into_iter()
            .map(|socket| say(socket, frame.clone()))
            .collect()
    }

    fn tell_who_is_there(
        &mut self,
        socket: SocketId,
        user: &UserId,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        let circle = self.circle(user, now);
        let people: Vec<PersonPresence> =
            circle.iter().map(|other| self.seen(other, now)).collect();
        match people.is_empty() {
            true => Vec::new(),
            false => vec![say(socket, ServerFrame::Presence(PresenceFrame { people }))],
        }
    }

    /// What others see of somebody.
    fn seen(&mut self, user: &UserId, now: Timestamp) -> PersonPresence {
        let online = !self.sockets_of(user).is_empty();
        let (known, _) = self.scoped(now, |scope| users::presence(scope.tx.db(), user));
        let presence = match known {
            Ok((PresenceSetting::Shown, _)) if online => Presence::Online,
            Ok((PresenceSetting::Shown, last_seen_at)) => Presence::Offline { last_seen_at },
            _ => Presence::Offline { last_seen_at: None },
        };
        PersonPresence {
            user_id: user.clone(),
            presence,
        }
    }

    fn circle(&mut self, user: &UserId, now: Timestamp) -> Vec<UserId> {
        let (circle, _) = self.scoped(now, |scope| {
            participants::circle(scope.tx.db(), user, MOST_PARTICIPANTS)
        });
        circle.unwrap_or_default()
    }

    /// Whether somebody has a live connection on any device.
    pub(crate) fn is_connected(&self, user: &UserId) -> bool {
        !self.sockets_of(user).is_empty()
    }

    fn sockets_of(&self, user: &UserId) -> Vec<SocketId> {
        self.sockets
            .iter()
            .filter(|(_, socket)| {
                matches!(&socket.state, State::Ready { caller, .. } if caller.user_id == *user)
            })
            .map(|(id, _)| *id)
            .collect()
    }
}
