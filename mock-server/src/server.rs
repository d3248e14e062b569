//! The server as a whole: starting, setting up, stopping.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{AuditEntry, Backend, BackendError, Config, RecordedPush};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::connection::{self, Door};
use crate::core::Core;
use crate::fault::Faults;
use crate::journal::Journal;
use crate::tls::{SelfMade, TlsError};
use crate::webhook::Webhook;

/// How often time-outs are looked for.
const TICK: Duration = Duration::from_millis(200);
/// How long connections may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be had: taken, or not of this machine.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The address of the webhook is none.
    #[error("{0:?} is no address of a webhook: expected http://host:port/path")]
    Webhook(String),
    /// There is no certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
}

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct MockServerBuilder {
    address: SocketAddr,
    database: Option<PathBuf>,
    demo: bool,
    users: Vec<(String, String)>,
    config: Config,
    admin_port: Option<u16>,
    webhook: Option<String>,
    door: Plain,
}

/// Whether clients come in over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    Http,
    Https,
}

impl MockServerBuilder {
    /// Where to listen. Default: a free port of 127.0.0.1.
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Keeps everything in this SQLite file. Default: in memory.
    #[must_use]
    pub fn database(mut self, path: impl Into<PathBuf>) -> Self {
        self.database = Some(path.into());
        self
    }

    /// Adds the users `alice` and `bob` (passwords `alice-password`, `bob-password`) and their
    /// group "General Chat" with two messages.
    #[must_use]
    pub fn demo(mut self) -> Self {
        self.demo = true;
        self
    }

    /// Adds a user, who is called as their id and signs in with this password. Users that a
    /// database has already stay as they are.
    #[must_use]
    pub fn user(mut self, user_id: &str, password: &str) -> Self {
        self.users.push((user_id.to_owned(), password.to_owned()));
        self
    }

    /// Settings of the backend.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Hands push notifications over to this address, by `POST`, as a backend hands them to whoever
    /// carries them: again after 2, 4 and 8 seconds when it does not answer with a success. Plain http.
    /// Default: they are only recorded ([`MockServer::pushes`]).
    #[must_use]
    pub fn webhook(mut self, url: impl Into<String>) -> Self {
        self.webhook = Some(url.into());
        self
    }

    /// Speaks TLS, with a certificate that it makes for itself ([`MockServer::certificate`]). The admin API stays
    /// as it is.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.door = Plain::Https;
        self
    }

    /// Listens for the admin API on this port of 127.0.0.1, or on a free one for 0. Default: nowhere.
    #[must_use]
    pub fn admin(mut self, port: u16) -> Self {
        self.admin_port = Some(port);
        self
    }

    /// Starts listening. Needs a tokio runtime, on which the server lives.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(StartError::Randomness)?;
        let backend = match &self.database {
            Some(path) => Backend::in_file(path, self.config, seed)?,
            None => Backend::in_memory(self.config, seed)?,
        };
        let core = Arc::new(Core::new(backend));
        if self.demo {
            core.with_backend(|backend, now| (backend.seed_demo(now), Vec::new()))?;
        }
        let tls = match self.door {
            Plain::Http => None,
            Plain::Https => Some(SelfMade::new(self.address.ip())?),
        };
        let (address, listener) = listen(self.address).await?;
        let (stop, stopping) = watch::channel(false);
        let mut admin_address = None;
        let mut tasks = Vec::new();
        if let Some(port) = self.admin_port {
            let (address, listener) = listen((Ipv4Addr::LOCALHOST, port).into()).await?;
            admin_address = Some(address);
            let run = run(
                listener,
                Arc::clone(&core),
                Door::Admin,
                None,
                stopping.clone(),
            );
            tasks.push(tokio::spawn(run));
        }
        if let Some(url) = &self.webhook {
            let webhook = Webhook::new(url).ok_or_else(|| StartError::Webhook(url.clone()))?;
            let serving = webhook.serve(Arc::clone(&core), stopping.clone());
            tasks.push(tokio::spawn(serving));
        }
        let run = run(
            listener,
            Arc::clone(&core),
            Door::Public,
            tls.clone(),
            stopping,
        );
        tasks.push(tokio::spawn(run));
        let server = MockServer {
            address,
            admin_address,
            core,
            stop,
            tasks,
            tls,
        };
        for (user, password) in &self.users {
            match server.add_user(user, password) {
                // There from the last time.
                Ok(()) | Err(BackendError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(server)
    }
}

/// A running server. Dropping it stops it at once; [`MockServer::stop`] says goodbye first.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    core: Arc<Core>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    tls: Option<SelfMade>,
}

impl MockServer {
    /// Begins to describe a server.
    #[must_use]
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: None,
            demo: false,
            users: Vec::new(),
            config: Config::default(),
            admin_port: None,
            webhook: None,
            door: Plain::Http,
        }
    }

    /// The base URL, such as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = match self.tls {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that clients have to trust, as PEM, when the server speaks TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| tls.certificate.as_str())
    }

    /// The base URL of the admin API, when there is one.
    #[must_use]
    pub fn admin_url(&self) -> Option<String> {
        self.admin_address
            .map(|address| format!("http://{address}"))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a user, who is called as their id. Fails when there is such a user already.
    pub fn add_user(&self, user_id: &str, password: &str) -> Result<(), BackendError> {
        self.core.add_user(user_id, password)
    }

    /// What goes wrong with the network.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// What passed through the server, and a way to wait for what has to.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.core.journal
    }

    /// Cuts a user off: open connections break without a word, and new ones get no answer, until
    /// [`MockServer::reconnect`]. Signing in still works, because nobody knows who that is yet.
    pub fn disconnect(&self, user_id: &str) {
        self.core.cut_off(user_id);
    }

    /// Lets a user back in.
    pub fn reconnect(&self, user_id: &str) {
        self.core.let_in(user_id);
    }

    /// Breaks the open connections of a user once.
    pub fn cut(&self, user_id: &str) {
        self.core.cut_user(user_id);
    }

    /// Moves the server's clock forward: tokens run out, and so on.
    pub fn advance(&self, by: Duration) {
        self.core.advance(by);
    }

    /// Forgets the events of a user's log so far: devices that have not seen them get a reset.
    pub fn cut_log(&self, user_id: &str) -> Result<(), BackendError> {
        self.core.cut_log(user_id)
    }

    /// Every push notification that was recorded so far, the oldest first: for whoever had no live
    /// connection when something was said, and does not want silence.
    #[must_use]
    pub fn pushes(&self) -> Vec<RecordedPush> {
        self.core.pushes()
    }

    /// Who did what so far, in its order, but never what was said.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.core.audit()
    }

    /// Ends every session of a user, as an administrator would.
    pub fn revoke_sessions(&self, user_id: &str) -> Result<(), BackendError> {
        self.core.revoke_sessions(user_id)
    }

    /// Stops: open sockets are closed with 1001, running requests are answered, and the port is
    /// free afterwards.
    pub async fn stop(mut self) {
        self.core
            .with_backend(|backend, _| ((), backend.close_all()));
        let _ = self.stop.send(true);
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if !self.tasks.is_empty() {
            self.tasks.iter().for_each(JoinHandle::abort);
            self.core.cut_all();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(SocketAddr, TcpListener), StartError> {
    TcpListener::bind(address)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)))
        .map_err(|error| StartError::Listen { address, error })
}

/// Accepts connections until the server stops. The tasks of connections end with this one.
async fn run(
    listener: TcpListener,
    core: Arc<Core>,
    door: Door,
    tls: Option<SelfMade>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let core = Arc::clone(&core);
                    let tls = tls.clone();
                    connections.spawn(connection::serve(stream, core, door, tls, stopping.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = tick.tick() => core.with_backend(|backend, now| ((), backend.tick(now))),
            () = connection::stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}
