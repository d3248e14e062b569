//! Typing signals: passed on to open sockets, and not kept (PROTOCOL.md §3.10).

use std::time::Duration;

use fulmar_protocol::{
    Capability, ConversationId, ServerFrame, Timestamp, Typing, TypingState, UserId,
};

use super::sockets::{Outgoing, SocketId, Sockets, say};
use crate::access::Writer;
use crate::actor::Caller;
use crate::defects::{Defect, active};
use crate::service::Service;
use crate::store::participants;

/// After so long without a word nobody types any more (PROTOCOL.md §3.10).
const PATIENCE: Duration = Duration::from_secs(3);

/// A `typing` frame. It is ignored where the user may not write, and when there are too many.
pub(super) fn typing(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    caller: &Caller,
    typing: &Typing,
    now: Timestamp,
) -> Vec<Outgoing> {
    if !sockets.may_type(socket, now) {
        return Vec::new();
    }
    let (id, user) = (&typing.conversation_id, &caller.user_id);
    let allowed = service.quiet(now, |_, tx| Writer::check(tx, id, user));
    let allowed = allowed.is_ok() || active(Defect::TypingOfAnybody);
    if !allowed || active(Defect::TypingIsLost) || !service.can(&Capability::Typing) {
        return Vec::new();
    }
    sockets.set_typing(socket, id, typing.state, now);
    pass_on(service, sockets, id, user, typing.state, now)
}

/// Says for those who type no more, and did not say so, that they have stopped.
pub(super) fn expire(
    service: &mut Service,
    sockets: &mut Sockets,
    now: Timestamp,
) -> Vec<Outgoing> {
    let silent = sockets.expire_typing(now, PATIENCE);
    let stopped = silent.iter();
    stopped
        .flat_map(|(id, user)| device_stopped(service, sockets, id, user, now))
        .collect()
}

/// One device of a user types no more; they have stopped, unless another one does.
pub(super) fn device_stopped(
    service: &mut Service,
    sockets: &Sockets,
    id: &ConversationId,
    user: &UserId,
    now: Timestamp,
) -> Vec<Outgoing> {
    if sockets.is_typing(user, id) || active(Defect::TypesForEver) {
        Vec::new()
    } else {
        pass_on(service, sockets, id, user, TypingState::Stopped, now)
    }
}

fn pass_on(
    service: &mut Service,
    sockets: &Sockets,
    id: &ConversationId,
    user: &UserId,
    state: TypingState,
    now: Timestamp,
) -> Vec<Outgoing> {
    let people = service.quiet(now, |_, tx| participants::ids(tx.db(), id));
    let people = people.unwrap_or_default();
    let frame = ServerFrame::Typing(Typing {
        conversation_id: id.clone(),
        user_id: Some(user.clone()),
        state,
    });
    let others = people
        .iter()
        .filter(|other| *other != user || active(Defect::TypingEchoes));
    sockets
        .of_any(others)
        .into_iter()
        .map(|socket| say(socket, frame.clone()))
        .collect()
}
