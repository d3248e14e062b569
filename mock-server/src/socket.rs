//! One WebSocket: frames in and out, with the faults that hit them. What is slow in one direction does not hold up
//! the other.

use std::sync::Arc;

use fulmar_backend::SocketId;
use fulmar_protocol::{CloseCode, Problem, ProblemFrame, ServerFrame, SubmitId};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::sync::mpsc::Receiver;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::core::{Answer, Core, SocketCommand};
use crate::fault::{Action, FrameKind, InFlight, Where, Who, come_again_soon, mangle};

/// Larger than any frame limit, so that the backend's own limit speaks first.
const LARGEST_FRAME: usize = 8 * 1024 * 1024;
/// What may wait to be sent to a client that reads nothing: a frame of the largest size that a client takes
/// (PROTOCOL.md §9). Pings of the WebSocket are answered by the library, also where nobody reads the
/// answers.
const MOST_UNSENT: usize = 16 * 1024 * 1024 + BUFFER;
/// Thousands of sockets are to fit into little memory.
const BUFFER: usize = 4 * 1024;
/// A frame that nobody knows (PROTOCOL.md §2.4).
const UNKNOWN_FRAME: &str = r#"{"type":"of.another.version","anything":[1,2]}"#;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// How a socket ends.
enum End {
    /// Closes it with this code.
    Close(u16),
    /// The client closes it; that is answered.
    ByClient,
    /// Cuts the connection without a close frame.
    Cut,
    /// Not at all: it stays open, and nobody is behind it.
    HalfOpen,
}

pub(crate) async fn serve(
    upgraded: Upgraded,
    core: Arc<Core>,
    token: Option<String>,
    fault: Option<Action>,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_FRAME))
        .max_frame_size(Some(LARGEST_FRAME))
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(MOST_UNSENT);
    let stream =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (socket, mut commands) = core.connect(token.as_deref());
    let (mut out, mut incoming) = stream.split();
    let end = match fault {
        Some(Action::HalfOpen) => End::HalfOpen,
        _ => {
            let writing = Writing {
                out: &mut out,
                core: &core,
                socket,
                held: None,
            };
            tokio::select! {
                end = read(&mut incoming, &core, socket) => end,
                end = writing.run(&mut commands) => end,
            }
        }
    };
    match end {
        End::Close(code) => close(&mut out, code).await,
        End::ByClient => {
            // What was read is answered with what goes out next.
            let _ = out.close().await;
        }
        End::Cut => {}
        End::HalfOpen => nobody_is_there(&core, &mut commands).await,
    }
    core.disconnect(socket);
}

/// Takes no notice of anything, until somebody wants the end. The client's own end is not noticed either.
async fn nobody_is_there(core: &Core, commands: &mut Receiver<SocketCommand>) {
    let told = async { while let Some(SocketCommand::Send(_)) = commands.recv().await {} };
    tokio::select! {
        () = told => {}
        () = core.ended() => {}
    }
}

async fn read(incoming: &mut SplitStream<Stream>, core: &Core, socket: SocketId) -> End {
    loop {
        let text = match incoming.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => return End::Close(CloseCode::Malformed.as_u16()),
            Some(Err(WsError::Capacity(_))) => {
                return End::Close(CloseCode::TooLarge.as_u16());
            }
            // What is no WebSocket cannot be read either.
            Some(Err(WsError::Protocol(_) | WsError::Utf8(_))) => {
                return End::Close(CloseCode::Malformed.as_u16());
            }
            Some(Ok(Message::Close(_))) => return End::ByClient,
            Some(Err(_)) | None => return End::Cut,
            Some(Ok(_)) => continue,
        };
        if let Some(end) = take(text.as_str(), core, socket).await {
            return end;
        }
    }
}

/// What a frame is, as far as rules want to know.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Glance {
    r#type: String,
    submit_id: Option<u64>,
    operations: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    method: String,
}

impl Glance {
    fn at(text: &str) -> Self {
        // What cannot be read is of no kind.
        serde_json::from_str(text).unwrap_or_default()
    }

    fn kind(&self) -> FrameKind {
        FrameKind::of_type(&self.r#type)
    }

    fn methods(&self) -> Vec<String> {
        let methods = self.operations.iter().map(|named| named.method.clone());
        methods.collect()
    }
}

/// The methods of the operations that a body carries.
pub(crate) fn methods_in(body: &[u8]) -> Vec<String> {
    std::str::from_utf8(body).map_or_else(|_| Vec::new(), |text| Glance::at(text).methods())
}

async fn take(text: &str, core: &Core, socket: SocketId) -> Option<End> {
    if !core.faults.any() {
        core.frame(socket, text, Answer::Delivered);
        return None;
    }
    let glance = Glance::at(text);
    let in_flight = InFlight {
        at: Where::Incoming(glance.kind()),
        methods: &glance.methods(),
    };
    let applied = core.apply_faults(&in_flight, &core.who_is_at(socket));
    core.clock.sleep(applied.time_for(text.len())).await;
    let Some(action) = applied.action else {
        core.frame(socket, text, Answer::Delivered);
        return None;
    };
    if let (Some(problem), FrameKind::Submit) = (action.problem(), glance.kind())
        && action.close_code().is_none()
    {
        refuse(core, socket, glance.submit_id, problem);
        return None;
    }
    if let Some(code) = action.close_code() {
        return Some(End::Close(code));
    }
    match action {
        Action::Drop => {}
        Action::SwallowAnswer => core.frame(socket, text, Answer::Lost),
        Action::Repeat => {
            core.frame(socket, text, Answer::Delivered);
            core.frame(socket, text, Answer::Delivered);
        }
        Action::CutAfter => {
            core.frame(socket, text, Answer::Delivered);
            return Some(End::Cut);
        }
        Action::HalfOpen => return Some(End::HalfOpen),
        Action::ResetLog => {
            core.reset_log_of(&core.who_is_at(socket));
            core.frame(socket, text, Answer::Delivered);
        }
        Action::Restart(how) => {
            core.restart_by_fault(how);
            return Some(End::Cut);
        }
        Action::UnknownFrame => {
            core.frame(socket, UNKNOWN_FRAME, Answer::Delivered);
            core.frame(socket, text, Answer::Delivered);
        }
        Action::Replace(_)
        | Action::Truncate
        | Action::Malform
        | Action::WrongTypes
        | Action::WrongTypesAt(_)
        | Action::UnknownFields => {
            core.frame(socket, &mangle(&action, text.to_owned()), Answer::Delivered);
        }
        _ => return Some(End::Cut),
    }
    None
}

/// Answers a submit with a problem as a whole (PROTOCOL.md §3.7).
fn refuse(core: &Core, socket: SocketId, submit_id: Option<u64>, problem: Problem) {
    let submit_id = submit_id.and_then(|id| SubmitId::try_from(id).ok());
    let frame = ServerFrame::Problem(ProblemFrame { submit_id, problem });
    core.with_backend(|_, _| ((), vec![fulmar_backend::Outgoing::Frame { socket, frame }]));
}

struct Writing<'a> {
    out: &'a mut SplitSink<Stream, Message>,
    core: &'a Core,
    socket: SocketId,
    /// A frame that changes places with the next one.
    held: Option<String>,
}

impl Writing<'_> {
    async fn run(mut self, commands: &mut Receiver<SocketCommand>) -> End {
        loop {
            let end = match commands.recv().await {
                Some(SocketCommand::Send(frame)) => {
                    let mut text = frame.to_text();
                    if self.core.clock.is_stepped() {
                        text = come_again_soon(text);
                    }
                    self.pass(text).await
                }
                Some(SocketCommand::Close(code)) => Some(End::Close(code.as_u16())),
                // The way was taken away because it was full: the reader is too slow.
                None => Some(End::Close(CloseCode::TooSlow.as_u16())),
                Some(SocketCommand::Cut) => Some(End::Cut),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn pass(&mut self, text: String) -> Option<End> {
        let held = self.held.take();
        if let Some(end) = self.through_faults(text).await {
            return Some(end);
        }
        match held {
            Some(held) => self.send(held).await,
            None => None,
        }
    }

    async fn through_faults(&mut self, text: String) -> Option<End> {
        if !self.core.faults.any() {
            return self.send(text).await;
        }
        let in_flight = InFlight {
            at: Where::Outgoing(Glance::at(&text).kind()),
            methods: &[],
        };
        let who: Who = self.core.who_is_at(self.socket);
        let applied = self.core.apply_faults(&in_flight, &who);
        let time = applied.time_for(text.len());
        self.core.clock.sleep(time).await;
        let Some(action) = applied.action else {
            return self.send(text).await;
        };
        if let Some(code) = action.close_code() {
            return Some(End::Close(code));
        }
        match action {
            Action::Drop => None,
            Action::Repeat => match self.send(text.clone()).await {
                None => self.send(text).await,
                end => end,
            },
            Action::Reorder => {
                self.held = Some(text);
                None
            }
            Action::CutInTheMiddle => {
                let mut half = text.into_bytes();
                half.truncate(half.len() / 2);
                let fragment = Frame::message(half, OpCode::Data(Data::Text), false);
                // A client that is gone already gets less than half of it.
                let _ = self.out.send(Message::Frame(fragment)).await;
                Some(End::Cut)
            }
            Action::CutAfter => self.send(text).await.or(Some(End::Cut)),
            Action::HalfOpen => Some(End::HalfOpen),
            Action::ResetLog => {
                let end = self.send(text).await;
                self.core.reset_log_of(&who);
                end
            }
            Action::Restart(how) => {
                self.core.restart_by_fault(how);
                Some(End::Cut)
            }
            Action::UnknownFrame => match self.send(UNKNOWN_FRAME.to_owned()).await {
                None => self.send(text).await,
                end => end,
            },
            Action::Replace(_)
            | Action::Truncate
            | Action::Malform
            | Action::WrongTypes
            | Action::WrongTypesAt(_)
            | Action::UnknownFields
            | Action::UnknownEvents
            | Action::Gap
            | Action::Skew(_) => self.send(mangle(&action, text)).await,
            _ => Some(End::Cut),
        }
    }

    async fn send(&mut self, text: String) -> Option<End> {
        match self.out.send(Message::text(text)).await {
            Ok(()) => None,
            Err(_) => Some(End::Cut),
        }
    }
}

async fn close(out: &mut SplitSink<Stream, Message>, code: u16) {
    let frame = CloseFrame {
        code: code.into(),
        reason: "".into(),
    };
    // A client that is gone needs no goodbye.
    let _ = out.send(Message::Close(Some(frame))).await;
    let _ = out.close().await;
}
