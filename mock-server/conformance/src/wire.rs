//! Raw requests and raw frames. Nothing here knows what they mean.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Backend;
use crate::codes;
use crate::exchange::{Exchange, KEPT};

/// An answer that does not come in this time never comes.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many bytes of an answer are read, and of what comes over one socket.
const MOST_BYTES: usize = 64 << 20;

/// Why a check did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("{0}")]
    Broken(String),
    /// It cannot be known here.
    #[error("{0}")]
    Skipped(String),
    /// Nothing can be known: nobody is there, or a user cannot sign in.
    #[error("{0}")]
    CannotRun(String),
}

pub(crate) fn wire(error: impl std::fmt::Display) -> WireError {
    WireError::Broken(error.to_string())
}

pub(crate) fn skipped(reason: impl std::fmt::Display) -> WireError {
    WireError::Skipped(reason.to_string())
}

/// What went wrong with a request, with its cause. Where nothing listens, nothing can be known.
fn unanswered(error: reqwest::Error) -> WireError {
    let is_nobody = error.is_connect();
    // The address has a token in it, now and then.
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        reason = format!("{reason}: {deeper}");
        cause = deeper.source();
    }
    match is_nobody {
        true => WireError::CannotRun(reason),
        false => WireError::Broken(reason),
    }
}

/// An answer: its status, its body as JSON or else null, its bytes, and its headers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

pub(crate) struct Http {
    client: reqwest::Client,
    url: String,
    exchange: Exchange,
}

impl Http {
    pub(crate) fn new(url: &str, exchange: Exchange) -> Result<Self, WireError> {
        // Another one in this process is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            // What a redirect leads to is not the backend, and shall not see its passwords.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(wire)?;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            exchange,
        })
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Result<(u16, Value), WireError> {
        self.json("GET", path, token, &Value::Null).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<(u16, Value), WireError> {
        self.json("POST", path, token, body).await
    }

    pub(crate) async fn json(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<(u16, Value), WireError> {
        let bytes = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let answer = self.ask(method, path, token, &[], bytes).await?;
        Ok((answer.status, answer.body))
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, WireError> {
        let verb = reqwest::Method::from_bytes(method.as_bytes()).map_err(wire)?;
        let sent = String::from_utf8_lossy(&body).into_owned();
        self.exchange.note(&format!("→ {method} {path}"), &sent);
        let mut request = self.client.request(verb, format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.body(body).send().await.map_err(unanswered)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unanswered)? {
            bytes.extend_from_slice(&part);
            if bytes.len() > MOST_BYTES {
                return Err(wire(format!("an answer of more than {MOST_BYTES} bytes")));
            }
        }
        let start = bytes.get(..4 * KEPT + 4).unwrap_or(&bytes);
        self.exchange
            .note(&format!("← {status}"), &String::from_utf8_lossy(start));
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        self.exchange.secrets.learn(&body);
        if status >= 400 {
            codes::check(&body)?;
            if body["status"].is_u64() && body["status"] != status {
                return Err(wire(format!(
                    "the problem has another status than {status}"
                )));
            }
        }
        Ok(Answer {
            status,
            body,
            bytes,
            headers,
        })
    }

    pub(crate) async fn login(
        &self,
        user: &str,
        password: &str,
        device: &str,
    ) -> Result<(u16, Value), WireError> {
        let body = json!({"userId": user, "password": password, "deviceId": device});
        self.post("/v1/auth/login", "", &body).await
    }
}

/// A WebSocket, frame by frame.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    exchange: Exchange,
    /// How many bytes of frames have come.
    read: usize,
    /// How long it waits for a frame.
    patience: Duration,
    /// Whether the other side has cut it off, which takes away what it has said last.
    was_reset: bool,
}

impl Socket {
    /// With a token in the header, in the query, or nowhere yet.
    pub(crate) async fn open(
        backend: &Backend,
        exchange: &Exchange,
        header: Option<&str>,
        query: Option<&str>,
    ) -> Result<Self, WireError> {
        let base = match &backend.ws {
            Some(ws) => ws.clone(),
            None => format!(
                "{}/v1/socket",
                backend.url.trim_end_matches('/').replacen("http", "ws", 1)
            ),
        };
        let url = match query {
            Some(token) => format!("{base}?token={token}"),
            None => base,
        };
        let mut request = url.into_client_request().map_err(wire)?;
        if let Some(token) = header {
            let value = format!("Bearer {token}").parse().map_err(wire)?;
            request.headers_mut().insert("authorization", value);
        }
        exchange.note("→", "a WebSocket is opened");
        let connecting = tokio_tungstenite::connect_async(request);
        let (stream, _) = tokio::time::timeout(PATIENCE, connecting)
            .await
            .map_err(|_| wire("no handshake in time"))?
            .map_err(|error| {
                let reason = format!("no handshake: {error}");
                match error {
                    Error::Io(error) if !is_reset(&error) => WireError::CannotRun(reason),
                    Error::Tls(_) | Error::Url(_) => WireError::CannotRun(reason),
                    _ => WireError::Broken(reason),
                }
            })?;
        Ok(Self {
            stream,
            exchange: exchange.clone(),
            read: 0,
            patience: PATIENCE,
            was_reset: false,
        })
    }

    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), WireError> {
        self.send_text(&frame.to_string()).await
    }

    pub(crate) async fn send_text(&mut self, text: &str) -> Result<(), WireError> {
        self.exchange.note("→", text);
        self.stream.send(Message::text(text)).await.map_err(wire)
    }

    /// The close code after a frame that the other side refuses to read, which may end the socket while it is written.
    /// The second is whether it was cut off so that its close code may be lost.
    pub(crate) async fn refused(&mut self, frame: &Value) -> Result<(u16, bool), WireError> {
        let written = self.send(frame).await;
        let code = self.closed().await?;
        Ok((code, written.is_err() || self.was_reset))
    }

    /// Waits longer for frames than usual.
    pub(crate) fn wait_up_to(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The next frame; `Err` with the close code when there is none.
    pub(crate) async fn next(&mut self) -> Result<Result<Value, u16>, WireError> {
        loop {
            let message = tokio::time::timeout(self.patience, self.stream.next())
                .await
                .map_err(|_| wire("no frame in time"))?;
            match message {
                Some(Ok(Message::Text(text))) => {
                    self.exchange.note("←", text.as_str());
                    self.read += text.len();
                    if self.read > MOST_BYTES {
                        return Err(wire(format!("more than {MOST_BYTES} bytes of frames")));
                    }
                    let frame: Value = serde_json::from_str(text.as_str()).map_err(wire)?;
                    self.exchange.secrets.learn(&frame);
                    return Ok(Ok(frame));
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1005, |frame| frame.code.into());
                    self.exchange.note("←", &format!("closed with {code}"));
                    return Ok(Err(code));
                }
                Some(Ok(_)) => {}
                ended @ (Some(Err(_)) | None) => {
                    if let Some(Err(Error::Io(error))) = ended {
                        self.was_reset |= is_reset(&error);
                    }
                    self.exchange.note("←", "the end, without a close frame");
                    return Ok(Err(1006));
                }
            }
        }
    }

    /// The next frame of a type, whatever comes before it.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Result<Value, WireError> {
        loop {
            match self.next().await? {
                Ok(frame) if frame["type"] == kind => return Ok(frame),
                Ok(_) => {}
                Err(code) => return Err(wire(format!("closed with {code} instead of {kind}"))),
            }
        }
    }

    /// The events of the next frames, until there are so many.
    pub(crate) async fn events(&mut self, count: usize) -> Result<Vec<Value>, WireError> {
        let mut seen: Vec<Value> = Vec::new();
        while seen.len() < count {
            let frame = self.next_of("events").await?;
            seen.extend(frame["events"].as_array().cloned().unwrap_or_default());
        }
        Ok(seen)
    }

    /// What comes before the answer to a ping.
    pub(crate) async fn so_far(&mut self) -> Result<Vec<Value>, WireError> {
        self.send(&json!({"type": "ping", "id": 9_000})).await?;
        let mut frames = Vec::new();
        loop {
            match self.next().await? {
                Ok(frame) if frame["type"] == "pong" && frame["id"] == 9_000 => return Ok(frames),
                Ok(frame) => frames.push(frame),
                Err(code) => return Err(wire(format!("closed with {code} instead of a pong"))),
            }
        }
    }

    /// The close code, whatever comes before it.
    pub(crate) async fn closed(&mut self) -> Result<u16, WireError> {
        loop {
            if let Err(code) = self.next().await? {
                return Ok(code);
            }
        }
    }
}

fn is_reset(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

/// A fresh operation key: a version 7 UUID by its looks, which is all that a server may ask.
pub(crate) fn operation_key() -> Result<String, WireError> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(wire)?;
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    ))
}
