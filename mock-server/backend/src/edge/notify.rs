//! What goes out over sockets and as pushes once a request is committed.

use std::collections::BTreeSet;
use std::rc::Rc;

use fulmar_protocol::{
    Capability, CloseCode, EventsFrame, Message, Seq, ServerFrame, Timestamp, UserId,
};

use super::presence;
use super::sockets::{Outgoing, SocketId, Sockets, say};
use super::typing;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::log::Log;
use crate::messages::as_they_are_now;
use crate::push::Recorded;
use crate::service::Service;
use crate::tx::{Pending, Tx};

/// In this order: sessions that ended, pushes, events, and who is there.
pub(crate) fn notify(
    service: &mut Service,
    sockets: &mut Sockets,
    pending: Pending,
    now: Timestamp,
) -> Vec<Outgoing> {
    let Pending {
        notify_events,
        notify_introduced,
        notify_separated,
        notify_presence,
        ended_sessions,
        pushes,
    } = pending;
    let mut outgoing = Vec::new();
    for socket in sockets.of_sessions(&ended_sessions) {
        if active(Defect::KeepsEndedSessions) {
            continue;
        }
        outgoing.extend(close(service, sockets, socket, CloseCode::Revoked));
    }
    record_pushes(service, sockets, &pushes, now);
    outgoing.extend(send_events(service, sockets, &notify_events, now));
    outgoing.extend(presence::introduce(
        service,
        sockets,
        &notify_introduced,
        now,
    ));
    for pair in &notify_separated {
        outgoing.extend(presence::part(service, sockets, pair, now));
    }
    for user in &notify_presence {
        outgoing.extend(presence::tell_of(service, sockets, user, now));
    }
    outgoing
}

/// Closes a socket, with what that means for others.
pub(crate) fn close(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    code: CloseCode,
) -> Vec<Outgoing> {
    let mut outgoing = forget(service, sockets, socket);
    outgoing.push(Outgoing::Close { socket, code });
    outgoing
}

/// Takes a socket off the list. A user who typed there, and does nowhere else, has stopped.
pub(crate) fn forget(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
) -> Vec<Outgoing> {
    let Some(gone) = sockets.close(socket) else {
        return Vec::new();
    };
    let (user, now) = (&gone.user_id, gone.last_heard);
    let mut outgoing = Vec::new();
    for id in &gone.typing {
        outgoing.extend(typing::device_stopped(service, sockets, id, user, now));
    }
    outgoing.extend(presence::left(service, sockets, user, now));
    outgoing
}

/// Sends the sockets of these users what their logs have and they have not got.
pub(super) fn send_events(
    service: &mut Service,
    sockets: &mut Sockets,
    users: &BTreeSet<UserId>,
    now: Timestamp,
) -> Vec<Outgoing> {
    if users.is_empty() {
        return Vec::new();
    }
    let waiting: Vec<Waiting> = sockets
        .of_any(users)
        .into_iter()
        .filter_map(|socket| {
            Some(Waiting {
                socket,
                user_id: sockets.who(socket)?.user_id.clone(),
                sent: sockets.sent(socket)?,
            })
        })
        .collect();
    let frames = match service.quiet(now, |rooms, tx| unsent(&rooms.log, tx, &waiting)) {
        Ok(frames) => frames,
        Err(error) => {
            // Nothing is lost: the sockets' clients ask again at the next pong.
            error.report();
            return Vec::new();
        }
    };
    let mut outgoing = Vec::new();
    for (socket, frame) in frames {
        if let Some(last) = frame.events.last() {
            sockets.set_sent(socket, last.seq);
        }
        outgoing.push(say(socket, ServerFrame::Events(frame)));
    }
    outgoing
}

/// A socket of a user with new events.
struct Waiting {
    socket: SocketId,
    user_id: UserId,
    sent: Seq,
}

fn unsent(log: &Log, tx: &Tx<'_>, waiting: &[Waiting]) -> Result<Vec<(SocketId, EventsFrame)>> {
    let mut frames = Vec::new();
    for waiting in waiting {
        let mut since = waiting.sent;
        loop {
            let events = log.frame(tx, &waiting.user_id, since)?;
            let Some(last) = events.last() else { break };
            since = last.seq;
            let events = as_they_are_now(tx, &waiting.user_id, events)?;
            frames.push((waiting.socket, EventsFrame { events }));
        }
    }
    Ok(frames)
}

/// Records a push for each of these users who has no live connection. The message is safe already, so
/// where one push cannot be recorded the others are.
fn record_pushes(
    service: &mut Service,
    sockets: &Sockets,
    pushes: &[(Rc<Message>, Vec<UserId>)],
    now: Timestamp,
) {
    let absent: Vec<(&Message, &UserId)> = pushes
        .iter()
        .flat_map(|(message, users)| users.iter().map(|user| (&**message, user)))
        .filter(|(_, user)| !sockets.is_connected(user))
        .collect();
    if absent.is_empty() || !service.can(&Capability::Push) {
        return;
    }
    let recorded = service.quiet(now, |rooms, tx| {
        for (message, user) in absent {
            match tx.attempt(|tx| rooms.push.record(tx, user, message)) {
                Ok(Recorded::Yes | Recorded::Gone | Recorded::Muted | Recorded::Blocked) => {}
                Err(error) => error.report(),
            }
        }
        Ok(())
    });
    recorded.unwrap_or_else(Error::report);
}
