//! The server as a whole: starting, setting up, stopping.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{Backend, BackendError, Config};
use fulmar_protocol::Code;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::admin::Guard;
use crate::connection::{self, Door};
use crate::scenario::Scenario;
use crate::tls::{SelfMade, TlsError};
use crate::webhook::Webhook;
use crate::world::World;
use crate::worlds::Worlds;

/// How often time-outs are looked for.
const TICK: Duration = Duration::from_millis(200);
/// When no connection could be accepted, the next is tried after this time.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long connections may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be had: taken, or not of this machine.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address that could not be listened on.
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
    /// Somebody who was asked for cannot be there, such as one whose id is none.
    #[error("the user {user_id:?}: {error}")]
    User {
        /// The id that was asked for.
        user_id: String,
        /// Why not.
        error: BackendError,
    },
    /// The scenario asks for what the rules forbid.
    #[error("the scenario: {0}")]
    Scenario(BackendError),
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
    admin: Option<Admin>,
    scenario: Option<Scenario>,
    webhook: Option<String>,
    door: Plain,
}

/// Where the admin API is.
#[derive(Debug, Clone)]
struct Admin {
    address: SocketAddr,
    guard: Guard,
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
    /// database has already stay as they are. What is no id is a [`StartError::User`] at the start.
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

    /// Hands push notifications over to this address, by `POST`, as a backend hands them to a push
    /// service: again after 2, 4 and 8 seconds when it does not answer with a success. Plain http.
    /// Default: they are only recorded ([`World::pushes`]).
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
        self.admin = Some(Admin {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            guard: Guard::Loopback,
        });
        self
    }

    /// Listens for the admin API at an address that others may reach, for everybody who has this token.
    #[must_use]
    pub fn admin_at(mut self, address: SocketAddr, token: impl Into<String>) -> Self {
        self.admin = Some(Admin {
            address,
            guard: Guard::Token(token.into()),
        });
        self
    }

    /// The main world begins like this.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = Some(scenario);
        self
    }

    /// Starts listening. Needs a tokio runtime, on which the server lives.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(StartError::Randomness)?;
        let config = match &self.scenario {
            Some(scenario) => scenario.settings.over(&self.config),
            None => self.config,
        };
        let backend = match &self.database {
            Some(path) => Backend::in_file(path, config, seed)?,
            None => Backend::in_memory(config, seed)?,
        };
        let tls = match self.door {
            Plain::Http => None,
            Plain::Https => Some(SelfMade::new(self.address.ip())?),
        };
        let (address, listener) = listen(self.address).await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let worlds = Arc::new(Worlds::new(backend, format!("{scheme}://{address}")));
        let main = worlds.main();
        if self.demo {
            (main.core).with_backend(|backend, now| (backend.seed_demo(now), Vec::new()))?;
        }
        for (user, password) in &self.users {
            match main.add_user(user, password) {
                Ok(()) => {}
                // There from the last time.
                Err(BackendError::Refused(problem)) if problem.code == Code::UserExists => {}
                Err(error) => {
                    let user_id = user.clone();
                    return Err(StartError::User { user_id, error });
                }
            }
        }
        if let Some(scenario) = &self.scenario {
            scenario.begin(&main.core).map_err(StartError::Scenario)?;
        }
        let (stop, stopping) = watch::channel(false);
        let mut admin_address = None;
        let mut tasks = Vec::new();
        let mut open = |listener, door, tls| {
            let running = run(listener, Arc::clone(&worlds), door, tls, stopping.clone());
            tasks.push(tokio::spawn(running));
        };
        if let Some(admin) = self.admin {
            let (address, listener) = listen(admin.address).await?;
            admin_address = Some(address);
            open(listener, Door::Admin(admin.guard), None);
        }
        open(listener, Door::Public, tls.clone());
        if let Some(url) = &self.webhook {
            let webhook = Webhook::new(url).ok_or_else(|| StartError::Webhook(url.clone()))?;
            let serving = webhook.serve(Arc::clone(&main.core), stopping.clone());
            tasks.push(tokio::spawn(serving));
        }
        tasks.push(tokio::spawn(keep_time(Arc::clone(&worlds), stopping)));
        Ok(MockServer {
            address,
            admin_address,
            main,
            worlds,
            stop,
            tasks,
            tls,
        })
    }
}

/// A running server. Dropping it stops it at once; [`MockServer::stop`] says goodbye first.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    main: World,
    worlds: Arc<Worlds>,
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
            admin: None,
            scenario: None,
            webhook: None,
            door: Plain::Http,
        }
    }

    /// Creates a world beside the main one, with users, clock, faults and a base URL of its own, that ends with the
    /// server or with [`MockServer::end_world`].
    ///
    /// # Errors
    /// When the scenario asks for what the rules forbid, or there are 2,000 worlds.
    pub fn create_world(&self, scenario: &Scenario) -> Result<World, BackendError> {
        self.worlds.begin(scenario)
    }

    /// Ends a world, with its connections. Whether there was one; the main one stays.
    pub fn end_world(&self, world: &World) -> bool {
        self.worlds.end(world.id())
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

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: open sockets are closed with 1001, requests that run are answered if that takes no more than 2 seconds,
    /// and the port is free afterwards.
    pub async fn stop(mut self) {
        self.worlds.end_all();
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
            for world in self.worlds.all() {
                world.core.cut_all();
                world.core.end();
            }
        }
    }
}

/// A server is its main world, and more.
impl std::ops::Deref for MockServer {
    type Target = World;

    fn deref(&self) -> &World {
        &self.main
    }
}

async fn listen(address: SocketAddr) -> Result<(SocketAddr, TcpListener), StartError> {
    TcpListener::bind(address)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)))
        .map_err(|error| StartError::Listen { address, error })
}

/// Time-outs happen although nobody asks.
async fn keep_time(worlds: Arc<Worlds>, mut stopping: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = connection::stopped(&mut stopping) => return,
        }
        for world in worlds.all() {
            world
                .core
                .with_backend(|backend, now| ((), backend.tick(now)));
        }
    }
}

/// Accepts connections until the server stops. The tasks of connections end with this one.
async fn run(
    listener: TcpListener,
    worlds: Arc<Worlds>,
    door: Door,
    tls: Option<SelfMade>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (worlds, door) = (Arc::clone(&worlds), door.clone());
                    let tls = tls.clone();
                    connections.spawn(connection::serve(stream, worlds, door, tls, stopping.clone()));
                }
                // There are no file descriptors left, say: the next try would fail as well.
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = connection::stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}
