//! One WebSocket: frames in and out, with the faults that hit them.

use std::ops::ControlFlow;
use std::sync::Arc;

use fulmar_backend::SocketId;
use fulmar_protocol::CloseCode;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::core::{Core, Errand};
use crate::fault::{Action, FrameKind, Where};

/// Larger than any frame limit, so that the backend's own limit speaks first.
const LARGEST_FRAME: usize = 8 * 1024 * 1024;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

pub(crate) async fn serve(upgraded: Upgraded, core: Arc<Core>, token: Option<String>) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_FRAME))
        .max_frame_size(Some(LARGEST_FRAME));
    let mut stream =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (socket, mut errands) = core.connect(token.as_deref());
    loop {
        let flow = tokio::select! {
            errand = errands.recv() => run(errand, &mut stream, &core, socket).await,
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => incoming(text.as_str(), &core, socket).await,
                Some(Ok(Message::Binary(_))) => {
                    close(&mut stream, CloseCode::Malformed).await;
                    ControlFlow::Break(())
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => ControlFlow::Break(()),
                Some(Ok(_)) => ControlFlow::Continue(()),
            },
        };
        if flow.is_break() {
            break;
        }
    }
    core.disconnect(socket);
}

async fn incoming(text: &str, core: &Core, socket: SocketId) -> ControlFlow<()> {
    if core.faults.pending() > 0 {
        let place = Where::Incoming(FrameKind::of_text(text).unwrap_or(FrameKind::Any));
        let user = core.user_of_socket(socket);
        match core.strike(&place, user.as_deref()) {
            Some(Action::Delay(wait)) => tokio::time::sleep(wait).await,
            Some(Action::Drop) => return ControlFlow::Continue(()),
            Some(Action::Repeat) => core.frame(socket, text),
            Some(_) => return ControlFlow::Break(()),
            None => {}
        }
    }
    core.frame(socket, text);
    ControlFlow::Continue(())
}

async fn run(
    errand: Option<Errand>,
    stream: &mut Stream,
    core: &Core,
    socket: SocketId,
) -> ControlFlow<()> {
    match errand {
        Some(Errand::Send(frame)) => {
            let text = frame.to_text();
            outgoing(text, stream, core, socket).await
        }
        Some(Errand::Close(code)) => {
            close(stream, code).await;
            ControlFlow::Break(())
        }
        // The way was taken away because it was full: the reader is too slow.
        None => {
            close(stream, CloseCode::TooSlow).await;
            ControlFlow::Break(())
        }
        Some(Errand::Cut) => ControlFlow::Break(()),
    }
}

async fn outgoing(
    mut text: String,
    stream: &mut Stream,
    core: &Core,
    socket: SocketId,
) -> ControlFlow<()> {
    if core.faults.pending() > 0 {
        let place = Where::Outgoing(FrameKind::of_text(&text).unwrap_or(FrameKind::Any));
        let user = core.user_of_socket(socket);
        match core.strike(&place, user.as_deref()) {
            Some(Action::Delay(wait)) => tokio::time::sleep(wait).await,
            Some(Action::Drop) => return ControlFlow::Continue(()),
            Some(Action::Replace(other)) => text = other,
            Some(Action::CutInTheMiddle) => {
                let mut half = text.into_bytes();
                half.truncate(half.len() / 2);
                let fragment = Frame::message(half, OpCode::Data(Data::Text), false);
                let _ = stream.send(Message::Frame(fragment)).await;
                return ControlFlow::Break(());
            }
            Some(_) => return ControlFlow::Break(()),
            None => {}
        }
    }
    match stream.send(Message::text(text)).await {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

async fn close(stream: &mut Stream, code: CloseCode) {
    let frame = CloseFrame {
        code: code.as_u16().into(),
        reason: "".into(),
    };
    // A client that is gone needs no goodbye.
    let _ = stream.close(Some(frame)).await;
}
