//! Hands recorded pushes to a webhook, as a backend hands them to a push service. Plain HTTP only,
//! because only tests use it.

use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::RecordedPush;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::connection;
use crate::core::Core;

/// How long a webhook may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether a push is due.
const LOOK: Duration = Duration::from_millis(50);

/// The address that pushes are posted to.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    uri: Uri,
    address: String,
}

impl Webhook {
    /// `None` for what is no plain HTTP address.
    pub(crate) fn new(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let host = uri.host()?;
        let port = uri.port_u16().unwrap_or(80);
        let plain = uri.scheme_str() == Some("http");
        plain.then(|| Self {
            address: format!("{host}:{port}"),
            uri: uri.clone(),
        })
    }

    /// Hands over what is due, until the server stops.
    pub(crate) async fn serve(self, core: Arc<Core>, mut stopping: watch::Receiver<bool>) {
        let mut looking = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = looking.tick() => {}
                () = connection::stopped(&mut stopping) => return,
            }
            for push in core.with_backend(|backend, now| (backend.due_pushes(now), Vec::new())) {
                let taken = self.hand_over(&push).await;
                core.with_backend(|backend, now| {
                    backend.push_handed_over(push.push_id, taken, now);
                    ((), Vec::new())
                });
            }
        }
    }

    /// Whether it was taken.
    async fn hand_over(&self, push: &RecordedPush) -> bool {
        match tokio::time::timeout(PATIENCE, self.post(push)).await {
            Ok(Ok(taken)) => taken,
            Ok(Err(error)) => {
                tracing::info!(push = push.push_id, %error, "the webhook was not reached");
                false
            }
            Err(_) => false,
        }
    }

    async fn post(
        &self,
        push: &RecordedPush,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driving = tokio::spawn(connection);
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::post(path)
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(push)?)))?;
        let answer = sender.send_request(request).await;
        driving.abort();
        Ok(answer?.status().is_success())
    }
}
