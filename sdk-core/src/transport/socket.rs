//! One WebSocket, from the handshake to its end, as a task of its own.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use fulmar_engine::{Input, SocketEvent, SocketFailure, SocketId};
use fulmar_protocol::{ClientFrame, CloseCode, Secret, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::Transport;
use super::bounds::{CONNECT_TIMEOUT, LARGEST_ANSWER};

/// How many frames may wait to be written. The engine has at most one submit per lane and one ping
/// under way, so a full queue is a dead connection.
const WAITING_FRAMES: usize = 1_024;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// The way to a socket's task; when it is dropped, the task says goodbye and ends.
#[derive(Debug)]
pub(crate) struct Outbound {
    frames: mpsc::Sender<ClientFrame>,
    task: JoinHandle<()>,
}

impl Outbound {
    /// Whether the frame will go out, unless the connection breaks before.
    pub(crate) fn send(&self, frame: ClientFrame) -> bool {
        self.frames.try_send(frame).is_ok()
    }

    /// Ends the socket, and returns when that is done.
    pub(crate) async fn end(self) {
        let Self { frames, task } = self;
        drop(frames);
        // A panic was reported where it happened.
        let _ = task.await;
    }
}

/// A socket, and where it reports what happens.
pub(crate) struct SocketTask {
    pub(crate) socket: SocketId,
    pub(crate) transport: Transport,
    pub(crate) inputs: mpsc::Sender<Input>,
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl SocketTask {
    /// Starts connecting, on the current runtime.
    pub(crate) fn start(self, token: Secret) -> Outbound {
        let (sender, frames) = mpsc::channel(WAITING_FRAMES);
        Outbound {
            frames: sender,
            task: tokio::spawn(self.run(token, frames)),
        }
    }

    async fn run(self, token: Secret, mut frames: mpsc::Receiver<ClientFrame>) {
        let connected = tokio::select! {
            // In this order: what nobody wants any more does not even begin.
            biased;
            () = dropped(&mut frames) => return,
            connected = tokio::time::timeout(CONNECT_TIMEOUT, self.connect(&token)) => connected,
        };
        let mut stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(failure)) => return self.tell(SocketEvent::Failed(failure)).await,
            Err(_) => {
                let failure = SocketFailure::Unreachable("no connection in time".to_owned());
                return self.tell(SocketEvent::Failed(failure)).await;
            }
        };
        self.tell(SocketEvent::Opened).await;
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(frame) => {
                        if let Err(error) = stream.send(Message::text(frame.to_text())).await {
                            return self.tell(broken(&error)).await;
                        }
                    }
                    None => {
                        let _ = tokio::time::timeout(GOODBYE, stream.close(None)).await;
                        return;
                    }
                },
                message = stream.next() => {
                    let event = read(message);
                    let ends = !matches!(event, None | Some(SocketEvent::Frame(_)));
                    if let Some(event) = event {
                        self.tell(event).await;
                    }
                    if ends {
                        return;
                    }
                }
            }
        }
    }

    async fn connect(&self, token: &Secret) -> Result<Stream, SocketFailure> {
        let request = self
            .request(token)
            .map_err(|error| SocketFailure::Unreachable(error.to_string()))?;
        let config = config();
        let connector = match &self.transport.tls {
            Some(config) => Connector::Rustls(std::sync::Arc::clone(config)),
            None => Connector::Plain,
        };
        let stream = self
            .reach(request.uri())
            .await
            .map_err(|error| SocketFailure::Unreachable(error.to_string()))?;
        let connecting = tokio_tungstenite::client_async_tls_with_config(
            request,
            stream,
            Some(config),
            Some(connector),
        );
        match connecting.await {
            Ok((stream, _)) => Ok(stream),
            Err(Error::Http(response)) => Err(SocketFailure::Refused {
                status: response.status().as_u16(),
            }),
            Err(error) => Err(SocketFailure::Unreachable(error.to_string())),
        }
    }

    async fn reach(&self, uri: &Uri) -> io::Result<TcpStream> {
        let of_scheme = if self.transport.address.is_encrypted() {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(of_scheme);
        let host = uri.host().unwrap_or_default();
        let addresses = self.transport.resolver.addresses(host).await?;
        let addresses: Vec<SocketAddr> = addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect();
        let stream = TcpStream::connect(&addresses[..]).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn request(&self, token: &Secret) -> Result<Request, Error> {
        let mut request = self.transport.address.socket().into_client_request()?;
        // A token with characters that no header can carry still goes with the hello.
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn tell(&self, event: SocketEvent) {
        let socket = self.socket;
        // The driver is gone only when everything is.
        let _ = self.inputs.send(Input::Socket { socket, event }).await;
    }
}

/// Waits until nobody holds the other end. Frames do not come before the socket is open.
async fn dropped(frames: &mut mpsc::Receiver<ClientFrame>) {
    while frames.recv().await.is_some() {}
}

/// Bounds for what comes and for what waits to be sent: pings of the WebSocket are answered by the library, also while
/// the other side reads nothing.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(LARGEST_ANSWER))
        .max_frame_size(Some(LARGEST_ANSWER))
        .max_write_buffer_size(LARGEST_ANSWER)
}

fn read(message: Option<Result<Message, Error>>) -> Option<SocketEvent> {
    match message {
        Some(Ok(Message::Text(text))) => Some(match ServerFrame::from_text(text.as_str()) {
            Ok(frame) => SocketEvent::Frame(frame),
            Err(error) => SocketEvent::Unreadable(error.to_string()),
        }),
        Some(Ok(Message::Binary(_))) => {
            Some(SocketEvent::Unreadable("a binary message".to_owned()))
        }
        Some(Ok(Message::Close(frame))) => {
            let code = frame.map_or(1005, |frame| u16::from(frame.code));
            Some(SocketEvent::Closed(CloseCode::from(code)))
        }
        // Pings are answered by the library.
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(broken(&error)),
        None => Some(SocketEvent::Failed(SocketFailure::Unreachable(
            "the connection ended".to_owned(),
        ))),
    }
}

/// What broke it. The library's errors are its own: what is not known here counts as unreachable.
fn broken(error: &Error) -> SocketEvent {
    // The library's word for a connection that just ends.
    let just_ended = matches!(
        error,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    );
    // UTF-8, sizes, and what else makes it no WebSocket.
    let no_websocket = matches!(
        error,
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_)
    );
    if no_websocket && !just_ended {
        SocketEvent::Unreadable(error.to_string())
    } else {
        SocketEvent::Failed(SocketFailure::Unreachable(error.to_string()))
    }
}
