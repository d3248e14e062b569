//! Raw requests and raw frames. Nothing here knows what they mean; the newest are kept for the report.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Backend;
use crate::codes;
use crate::secrets::{Secrets, first};

/// An answer that does not come in this time never comes.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many of the newest requests, answers and frames are kept. They are enough to understand a failure.
const REMEMBERED: usize = 24;
/// How many characters of each are kept, from its beginning.
const KEPT: usize = 4_096;
/// How many characters of each are shown, once nothing secret is in them.
const SHOWN: usize = 600;
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
}

pub(crate) fn wire(error: impl std::fmt::Display) -> WireError {
    WireError::Broken(error.to_string())
}

pub(crate) fn skipped(reason: impl std::fmt::Display) -> WireError {
    WireError::Skipped(reason.to_string())
}

/// Requests, answers and frames, the newest last, and what must not be shown of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    lines: Arc<Mutex<Vec<String>>>,
    pub(crate) secrets: Secrets,
}

impl Exchange {
    pub(crate) fn note(&self, who: &str, what: &str) {
        // One more than is looked at: what is cut is seen to be cut.
        let kept = first(what, KEPT + 1);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("{who} {kept}"));
        if lines.len() > REMEMBERED {
            lines.remove(0);
        }
    }

    /// Takes all lines so far, as they may be shown.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        let shown = |line: &String| first(&self.secrets.hide(line), SHOWN).to_owned();
        lines.iter().map(shown).collect()
    }

    /// Forgets all lines so far.
    pub(crate) fn clear(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clear();
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
        let mut response = request.body(body).send().await.map_err(wire)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(wire)? {
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
            .map_err(|error| wire(format!("no handshake: {error}")))?;
        Ok(Self {
            stream,
            exchange: exchange.clone(),
            read: 0,
        })
    }

    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), WireError> {
        self.send_text(&frame.to_string()).await
    }

    pub(crate) async fn send_text(&mut self, text: &str) -> Result<(), WireError> {
        self.exchange.note("→", text);
        self.stream.send(Message::text(text)).await.map_err(wire)
    }

    /// The next frame; `Err` with the close code when there is none.
    pub(crate) async fn next(&mut self) -> Result<Result<Value, u16>, WireError> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next())
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
                Some(Err(_)) | None => {
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
