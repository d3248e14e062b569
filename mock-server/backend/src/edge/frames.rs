//! WebSocket frames of clients: hello, authenticate, submit, ping, typing (PROTOCOL.md §3).

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_protocol::text::is_too_deep;
use fulmar_protocol::{
    ClientFrame, CloseCode, Code, FrameError, Hello, OutcomeFrame, PROTOCOL_VERSION, Pong, Problem,
    ProblemFrame, Ready, ResetFrame, Secret, Seq, ServerFrame, Submit, SubmitId, Timestamp,
};

use super::notify::{close, notify, send_events};
use super::sockets::{Outgoing, SocketId, Sockets, say};
use super::{presence, typing};
use crate::actor::Caller;
use crate::config::Config;
use crate::defects::{Defect, active, key_unless};
use crate::error::Error;
use crate::operations::apply_submit;
use crate::service::Service;
use crate::shape::has_list_for_object;
use crate::store::log::{self, LogState};

/// A text message came in.
pub(crate) fn frame(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    text: &str,
    now: Timestamp,
) -> Vec<Outgoing> {
    if !sockets.hear(socket, now) {
        return Vec::new();
    }
    if text.len() > service.config().limits.frame_bytes as usize {
        return close(service, sockets, socket, CloseCode::TooLarge);
    }
    let read = match is_too_deep(text.as_bytes()) {
        true => Err(FrameError {
            reason: "nested too deep".to_owned(),
        }),
        false => read_frame(text),
    };
    let frame = match read {
        Ok(frame) => frame,
        Err(error) => return unreadable(service, sockets, socket, text, error),
    };
    // All other frames need a caller.
    let frame = match frame {
        ClientFrame::Unknown if active(Defect::ClosesOnUnknownFrames) => {
            return close(service, sockets, socket, CloseCode::Malformed);
        }
        ClientFrame::Unknown => return Vec::new(),
        ClientFrame::Hello(frame) => return hello(service, sockets, socket, &frame, now),
        ClientFrame::Authenticate(frame) => {
            return authenticate(service, sockets, socket, &frame.access_token, now);
        }
        ClientFrame::Submit(frame) if !has_its_number(text, &frame) => {
            let reason = "a submit without a number".to_owned();
            let error = FrameError { reason };
            return unreadable(service, sockets, socket, text, error);
        }
        ClientFrame::Submit(frame) => CallerFrame::Submit(frame),
        ClientFrame::Ping(frame) => CallerFrame::Ping(frame.id),
        ClientFrame::Typing(frame) => CallerFrame::Typing(frame),
    };
    let caller = match sockets.caller(socket, now) {
        Ok(caller) => caller,
        Err(code) if code == CloseCode::Malformed && active(Defect::HearsBeforeHello) => {
            return Vec::new();
        }
        Err(code) => return close(service, sockets, socket, code),
    };
    match frame {
        CallerFrame::Submit(frame) => submit(service, sockets, socket, &caller, &frame, now),
        CallerFrame::Ping(id) => ping(service, sockets, socket, &caller, id, now),
        CallerFrame::Typing(frame) => {
            typing::typing(service, sockets, socket, &caller, &frame, now)
        }
    }
}

/// The largest number of the protocol (PROTOCOL.md §2.3).
const LARGEST: u64 = (1 << 53) - 1;

fn read_frame(text: &str) -> std::result::Result<ClientFrame, FrameError> {
    let unreadable = |reason: &str| FrameError {
        reason: reason.to_owned(),
    };
    let frame = ClientFrame::from_text(text)?;
    let sent: serde_json::Value =
        serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
    match has_list_for_object(&sent, &frame) {
        Ok(false) => {}
        Ok(true) => return Err(unreadable("a list where an object is meant")),
        Err(error) => return Err(unreadable(&error.into_problem().title)),
    }
    if let ClientFrame::Ping(ping) = &frame
        && ping.id > LARGEST
        && !active(Defect::AnyPing)
    {
        return Err(unreadable("a number too large"));
    }
    Ok(frame)
}

/// A frame that only a known caller may send.
enum CallerFrame {
    Submit(Submit),
    Ping(u64),
    Typing(fulmar_protocol::Typing),
}

/// A submit is answered; anything else that cannot be read is not the protocol.
fn unreadable(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    text: &str,
    error: FrameError,
) -> Vec<Outgoing> {
    // What else a `hello` has may be another in another version.
    if version_of_hello(text).is_some_and(|version| version != PROTOCOL_VERSION) {
        return another_version(service, sockets, socket);
    }
    let problem =
        Problem::new(Code::RequestMalformed, "The frame cannot be read").with_detail(error.reason);
    let submit_id = submit_id_of(text);
    let mut outgoing = vec![say(
        socket,
        ServerFrame::Problem(ProblemFrame { submit_id, problem }),
    )];
    if let (Some(submit_id), true) = (submit_id, active(Defect::AnswersStrangers)) {
        let outcomes = Vec::new();
        let frame = OutcomeFrame {
            submit_id,
            log_id: None,
            outcomes,
        };
        outgoing.push(say(socket, ServerFrame::Outcome(frame)));
    }
    // Before a `hello` nothing else is waited for.
    let stays =
        submit_id.is_some() && sockets.is_greeted(socket) && !active(Defect::HangsUpOnSubmits);
    if !stays && !active(Defect::TakesNonsense) {
        outgoing.extend(close(service, sockets, socket, CloseCode::Malformed));
    }
    outgoing
}

/// Over a socket a submit says its number: it comes back in the answer (PROTOCOL.md §5.2).
fn has_its_number(text: &str, submit: &Submit) -> bool {
    submit.submit_id != SubmitId::ZERO || submit_id_of(text).is_some()
}

/// The submit that an unreadable frame wanted to be, so that it can be answered.
fn submit_id_of(text: &str) -> Option<SubmitId> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    if value.get("type")?.as_str()? != "submit" {
        return None;
    }
    SubmitId::try_from(value.get("submitId")?.as_u64()?).ok()
}

/// The version of a `hello` of which the rest cannot be read.
fn version_of_hello(text: &str) -> Option<u32> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    if value.get("type")?.as_str()? != "hello" {
        return None;
    }
    value.get("version")?.as_u64()?.try_into().ok()
}

fn another_version(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
) -> Vec<Outgoing> {
    let problem = Problem::new(
        Code::VersionUnsupported,
        "This version of the protocol is not supported",
    );
    close_with(service, sockets, socket, problem, CloseCode::Malformed)
}

fn hello(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    hello: &Hello,
    now: Timestamp,
) -> Vec<Outgoing> {
    let Some(handshake_token) = sockets.greeting(socket) else {
        if active(Defect::HelloTwice) {
            return Vec::new();
        }
        return close(service, sockets, socket, CloseCode::Malformed);
    };
    if hello.version != PROTOCOL_VERSION && !active(Defect::SpeaksEveryVersion) {
        return another_version(service, sockets, socket);
    }
    let said = hello.access_token.clone();
    let token = if active(Defect::HandshakeWins) {
        handshake_token.or(said)
    } else {
        said.or(handshake_token.filter(|_| !active(Defect::NoTokenInHandshake)))
    };
    let found = service.quiet(now, |rooms, tx| {
        let token = token.as_ref().map(Secret::expose);
        let caller = rooms.accounts.authenticate(tx, token)?;
        let log = log::state(tx.db(), &caller.user_id)?;
        Ok((caller, log))
    });
    let (caller, log) = match found {
        Ok(found) => found,
        Err(error) => return close_refused(service, sockets, socket, error),
    };
    let user = caller.user_id.clone();
    let ready = ready(service.config(), &caller, &log, now);
    let same_log = hello.log_id.as_ref() == Some(&log.log_id) || active(Defect::FollowsAnyLog);
    let resumes = same_log && hello.since >= log.cut_to && hello.since <= log.head;
    let sent = if resumes && !active(Defect::SkipsWhatWasMissed) {
        hello.since
    } else {
        log.head
    };
    sockets.greet(socket, caller, sent);
    sockets.hear(socket, now);
    let mut outgoing = vec![say(socket, ServerFrame::Ready(ready))];
    if !resumes {
        let reset = ResetFrame {
            log_id: log.log_id,
            head: log.head,
        };
        outgoing.push(say(socket, ServerFrame::Reset(reset)));
    }
    let users = BTreeSet::from([user.clone()]);
    let mut events = send_events(service, sockets, &users, now);
    let late = if active(Defect::PresenceAmongEvents) {
        events.split_off(events.len().min(1))
    } else {
        Vec::new()
    };
    outgoing.extend(events);
    outgoing.extend(presence::arrived(service, sockets, socket, &user, now));
    outgoing.extend(late);
    outgoing
}

fn ready(config: &Config, caller: &Caller, log: &LogState, now: Timestamp) -> Ready {
    Ready {
        user_id: caller.user_id.clone(),
        device_id: caller.device_id.clone(),
        log_id: log.log_id.clone(),
        head: log.head,
        heartbeat_ms: millis(config.heartbeat),
        operation_key_retention_ms: if active(Defect::ShortMemory) {
            86_400_000
        } else {
            millis(config.operation_key_retention)
        },
        server_time: if active(Defect::SecondsForTimes) {
            Timestamp(now.0 / 1000)
        } else {
            now
        },
        limits: config.limits,
        capabilities: config.capabilities.clone(),
    }
}

fn close_refused(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    error: Error,
) -> Vec<Outgoing> {
    let problem = error.into_problem();
    let token_is_bad = problem.code == Code::TokenExpired || problem.code == Code::TokenInvalid;
    let code = if token_is_bad && !active(Defect::BadTokenGoesAway) {
        CloseCode::Unauthenticated
    } else {
        CloseCode::GoingAway
    };
    close_with(service, sockets, socket, problem, code)
}

fn close_with(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    problem: Problem,
    code: CloseCode,
) -> Vec<Outgoing> {
    let frame = ServerFrame::Problem(ProblemFrame {
        submit_id: None,
        problem,
    });
    let mut outgoing = vec![say(socket, frame)];
    outgoing.extend(close(service, sockets, socket, code));
    outgoing
}

fn authenticate(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    token: &Secret,
    now: Timestamp,
) -> Vec<Outgoing> {
    let token = Some(token.expose());
    let fresh = service.quiet(now, |rooms, tx| rooms.accounts.authenticate(tx, token));
    match fresh {
        Ok(_) if active(Defect::FreshTokenBreaksSocket) => {
            close(service, sockets, socket, CloseCode::Malformed)
        }
        Ok(fresh) if sockets.renew(socket, fresh.clone()) => Vec::new(),
        Ok(_) if active(Defect::TakesAnothersToken) => Vec::new(),
        Ok(_) if sockets.who(socket).is_some() => {
            close(service, sockets, socket, CloseCode::Unauthenticated)
        }
        // Before the greeting it does not belong there.
        Ok(_) => close(service, sockets, socket, CloseCode::Malformed),
        Err(_) if active(Defect::KeepsBadToken) => Vec::new(),
        Err(error) => close_refused(service, sockets, socket, error),
    }
}

fn submit(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    caller: &Caller,
    submit: &Submit,
    now: Timestamp,
) -> Vec<Outgoing> {
    let submit_id = submit.submit_id;
    let applied = service.run(now, |rooms, tx| {
        if !active(Defect::KeysOfSockets) {
            return apply_submit(rooms, tx, caller, submit);
        }
        let mut submit = submit.clone();
        for operation in &mut submit.operations {
            operation.operation_key = key_unless(operation.operation_key, Defect::KeysOfSockets);
        }
        let mut answer = apply_submit(rooms, tx, caller, &submit)?;
        for outcome in &mut answer.outcomes {
            outcome.operation_key = key_unless(outcome.operation_key, Defect::KeysOfSockets);
        }
        Ok(answer)
    });
    match applied {
        Ok((answer, pending)) => {
            let frame = ServerFrame::Outcome(OutcomeFrame {
                submit_id,
                log_id: answer.log_id,
                outcomes: answer.outcomes,
            });
            let mut outgoing = vec![say(socket, frame)];
            outgoing.extend(notify(service, sockets, pending, now));
            outgoing
        }
        Err(error) => {
            let frame = ServerFrame::Problem(ProblemFrame {
                submit_id: Some(submit_id).filter(|_| !active(Defect::AnonymousRefusal)),
                problem: error.into_problem(),
            });
            vec![say(socket, frame)]
        }
    }
}

fn ping(
    service: &mut Service,
    sockets: &mut Sockets,
    socket: SocketId,
    caller: &Caller,
    id: u64,
    now: Timestamp,
) -> Vec<Outgoing> {
    let log = service.quiet(now, |_, tx| log::state(tx.db(), &caller.user_id));
    match log {
        Ok(log) => {
            let id = id + u64::from(active(Defect::PongOfAnother));
            let head = Seq(log.head.0 + u64::from(active(Defect::PongAhead)));
            vec![say(socket, ServerFrame::Pong(Pong { id, head }))]
        }
        Err(error) => close_refused(service, sockets, socket, error),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
