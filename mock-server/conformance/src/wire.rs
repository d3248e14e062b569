//! Raw requests and raw frames. Nothing here knows what they mean.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::Backend;

/// An answer that does not come in this time never comes.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WireError(String);

pub(crate) fn wire(error: impl std::fmt::Display) -> WireError {
    WireError(error.to_string())
}

pub(crate) struct Http {
    client: reqwest::Client,
    url: String,
}

impl Http {
    pub(crate) fn new(url: &str) -> Result<Self, WireError> {
        // Another one in this process is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .map_err(wire)?;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Result<(u16, Value), WireError> {
        let request = self.client.get(format!("{}{path}", self.url));
        answer(request.bearer_auth(token)).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<(u16, Value), WireError> {
        let request = self.client.post(format!("{}{path}", self.url));
        answer(request.bearer_auth(token).body(body.to_string())).await
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

async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, Value), WireError> {
    let response = request.send().await.map_err(wire)?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(wire)?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// A WebSocket, frame by frame.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub(crate) async fn open(backend: &Backend) -> Result<Self, WireError> {
        let base = backend.url.trim_end_matches('/');
        let url = format!("{}/v1/socket", base.replacen("http", "ws", 1));
        let connecting = tokio_tungstenite::connect_async(url);
        let (stream, _) = tokio::time::timeout(PATIENCE, connecting)
            .await
            .map_err(wire)?
            .map_err(wire)?;
        Ok(Self { stream })
    }

    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), WireError> {
        self.send_text(&frame.to_string()).await
    }

    pub(crate) async fn send_text(&mut self, text: &str) -> Result<(), WireError> {
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
                    return serde_json::from_str(text.as_str()).map(Ok).map_err(wire);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Ok(Err(frame.map_or(1005, |frame| frame.code.into())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(Err(1006)),
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
