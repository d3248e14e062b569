//! One TCP connection: HTTP/1.1, which may become a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::admin::{self, Guard};
use crate::http;
use crate::tls::SelfMade;
use crate::worlds::Worlds;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a request that runs may go on when the server stops.
const GOODBYE: Duration = Duration::from_secs(2);

/// Where somebody came in.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// Speaks the protocol.
    Public,
    /// Answers the admin API.
    Admin(Guard),
}

/// Serves a connection until it ends or the server stops.
pub(crate) async fn serve(
    stream: TcpStream,
    worlds: Arc<Worlds>,
    door: Door,
    tls: Option<SelfMade>,
    stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return speak(stream, worlds, door, stopping).await;
    };
    let mut ending = stopping.clone();
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(PATIENCE, tls.acceptor.accept(stream)) => accepted,
        () = stopped(&mut ending) => return,
    };
    // An error is somebody who does not speak TLS, or does not trust the certificate.
    if let Ok(Ok(stream)) = accepted {
        speak(stream, worlds, door, stopping).await;
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    worlds: Arc<Worlds>,
    door: Door,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| {
        let (worlds, door) = (Arc::clone(&worlds), door.clone());
        async move {
            match door {
                Door::Public => http::handle(request, worlds).await,
                Door::Admin(guard) => admin::handle(request, worlds, guard).await,
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // An error is a client that went away, or a fault that cut the connection.
        _ = connection.as_mut() => {}
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            // A request of which half has come, or that a fault holds back, is not waited for.
            let _ = tokio::time::timeout(GOODBYE, connection).await;
        }
    }
}

/// Waits until the server stops, or is gone.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
