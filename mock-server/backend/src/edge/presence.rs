//! Who is there: told to the open sockets of those who share a conversation (PROTOCOL.md §3.11).

use std::collections::BTreeSet;

use fulmar_protocol::{
    Capability, Presence, PresenceFrame, PresenceSetting, ServerFrame, Timestamp, UserId,
    UserPresence,
};

use super::sockets::{Outgoing, SocketId, Sockets, say};
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::store::{participants, users};
use crate::tx::Tx;

/// In larger conversations people do not see each other come and go (PROTOCOL.md §3.11).
const MOST_PARTICIPANTS: u32 = 100;

/// A socket is ready: its user is told who is there, and if it is their first, the others of them.
pub(super) fn arrived(
    service: &mut Service,
    sockets: &Sockets,
    socket: SocketId,
    user: &UserId,
    now: Timestamp,
) -> Vec<Outgoing> {
    let mut outgoing = tell_who_is_there(service, sockets, socket, user, now);
    if sockets.of(user).len() == 1 {
        outgoing.extend(tell_of(service, sockets, user, now));
    }
    outgoing
}

/// A socket of a user is gone; if it was their last, the others are told.
pub(super) fn left(
    service: &mut Service,
    sockets: &Sockets,
    user: &UserId,
    now: Timestamp,
) -> Vec<Outgoing> {
    if sockets.is_connected(user) || active(Defect::GoesUnseen) {
        return Vec::new();
    }
    let noted = service.quiet(now, |rooms, tx| rooms.accounts.set_last_seen(tx, user));
    match noted {
        Ok(()) => tell_of(service, sockets, user, now),
        Err(error) => {
            error.report();
            Vec::new()
        }
    }
}

/// Tells the others whether a user is there.
pub(super) fn tell_of(
    service: &mut Service,
    sockets: &Sockets,
    user: &UserId,
    now: Timestamp,
) -> Vec<Outgoing> {
    if !service.can(&Capability::Presence) {
        return Vec::new();
    }
    let read = service.quiet(now, |_, tx| {
        Ok((circle(tx, user)?, seen(tx, sockets, user)?))
    });
    let Some((circle, person)) = or_nobody(read) else {
        return Vec::new();
    };
    let frame = ServerFrame::Presence(PresenceFrame {
        users: vec![person],
    });
    circle
        .iter()
        .flat_map(|other| sockets.of(other))
        .map(|socket| say(socket, frame.clone()))
        .collect()
}

/// These users share a conversation that they did not share before.
pub(super) fn introduce(
    service: &mut Service,
    sockets: &Sockets,
    users: &BTreeSet<UserId>,
    now: Timestamp,
) -> Vec<Outgoing> {
    let mut outgoing = Vec::new();
    for user in users {
        for socket in sockets.of(user) {
            outgoing.extend(tell_who_is_there(service, sockets, socket, user, now));
        }
    }
    outgoing
}

/// Two users are out of sight for each other, where they were in it: strangers are told nothing of each other.
pub(super) fn part(
    service: &mut Service,
    sockets: &Sockets,
    (one, other): &(UserId, UserId),
    now: Timestamp,
) -> Vec<Outgoing> {
    let read = service.quiet(now, |_, tx| {
        participants::share(tx.db(), one, other, MOST_PARTICIPANTS)
    });
    if !service.can(&Capability::Presence) || or_nobody(read) != Some(true) {
        return Vec::new();
    }
    let mut outgoing = unseen(sockets, one, other);
    outgoing.extend(unseen(sockets, other, one));
    outgoing
}

/// A user is out of sight for another.
fn unseen(sockets: &Sockets, viewer: &UserId, other: &UserId) -> Vec<Outgoing> {
    let unseen = UserPresence {
        user_id: other.clone(),
        presence: Presence::Offline { last_seen_at: None },
    };
    let frame = ServerFrame::Presence(PresenceFrame {
        users: vec![unseen],
    });
    let theirs = sockets.of(viewer).into_iter();
    theirs.map(|socket| say(socket, frame.clone())).collect()
}

fn tell_who_is_there(
    service: &mut Service,
    sockets: &Sockets,
    socket: SocketId,
    user: &UserId,
    now: Timestamp,
) -> Vec<Outgoing> {
    if !service.can(&Capability::Presence) {
        return Vec::new();
    }
    let read = service.quiet(now, |_, tx| {
        let circle = circle(tx, user)?;
        let users = circle.iter().map(|other| seen(tx, sockets, other));
        users.collect::<Result<Vec<UserPresence>>>()
    });
    match or_nobody(read) {
        Some(users) if !users.is_empty() => {
            vec![say(socket, ServerFrame::Presence(PresenceFrame { users }))]
        }
        Some(_) | None => Vec::new(),
    }
}

/// What others see of a user.
fn seen(tx: &Tx<'_>, sockets: &Sockets, user: &UserId) -> Result<UserPresence> {
    let (setting, last_seen_at) = users::presence(tx.db(), user)?;
    let presence = match setting {
        PresenceSetting::Shown if sockets.is_connected(user) => Presence::Online,
        PresenceSetting::Shown => Presence::Offline { last_seen_at },
        PresenceSetting::Hidden if active(Defect::ShowsHidden) => Presence::Online,
        PresenceSetting::Hidden => Presence::Offline { last_seen_at: None },
    };
    Ok(UserPresence {
        user_id: user.clone(),
        presence,
    })
}

/// Who sees whether a user is there.
fn circle(tx: &Tx<'_>, user: &UserId) -> Result<Vec<UserId>> {
    participants::circle(tx.db(), user, MOST_PARTICIPANTS)
}

/// Where presence cannot be read, nobody is told of it.
fn or_nobody<T>(read: Result<T>) -> Option<T> {
    read.map_err(Error::report).ok()
}
