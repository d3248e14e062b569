//! A link: the network between one device and the server, as a TCP proxy. Each connection is a task. It knows bytes and
//! connections only; what they mean is nothing to it.

mod pipe;
mod weather;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::figures::Figures;
use pipe::{End, Pipe};
use weather::Direction;
pub(crate) use weather::Weather;

/// What a hotel says instead of the server.
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 50\r\nConnection: close\r\n\r\n\
                    <html><body>Please accept our terms.</body></html>";
/// A request for a page is not waited for longer.
const LONGEST_REQUEST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    sky: watch::Sender<Sky>,
    listening: JoinHandle<()>,
}

/// What is above all connections of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sky {
    weather: Weather,
    /// How often the connections that were there were cut.
    cuts: u64,
}

impl Sky {
    /// Whether a connection is over that began after so many cuts.
    fn breaks(&self, cuts: u64) -> bool {
        self.cuts != cuts || self.weather.breaks()
    }
}

impl Link {
    /// Opens one to a server, which need not be there yet.
    pub(crate) async fn open(server: SocketAddr, figures: Figures) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let sky = watch::Sender::new(Sky {
            weather: Weather::Fair,
            cuts: 0,
        });
        let address = listener.local_addr()?;
        let listening = tokio::spawn(listen(listener, server, sky.subscribe(), figures));
        Ok(Self {
            address,
            sky,
            listening,
        })
    }

    /// From now on it is like this.
    pub(crate) fn set(&self, weather: Weather) {
        self.sky.send_modify(|sky| sky.weather = weather);
    }

    /// Breaks the connections that are there.
    pub(crate) fn cut(&self) {
        self.sky.send_modify(|sky| sky.cuts += 1);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    server: SocketAddr,
    sky: watch::Receiver<Sky>,
    figures: Figures,
) {
    // They end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(connection(client, server, sky.clone(), figures.clone()));
                }
                // Out of file descriptors: there are some again when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(
    mut client: TcpStream,
    server: SocketAddr,
    sky: watch::Receiver<Sky>,
    figures: Figures,
) {
    let Sky { weather, cuts } = *sky.borrow();
    match weather {
        Weather::Refusing => {
            figures.fault(weather.kind());
            return reset(&client);
        }
        Weather::Portal => {
            figures.fault(weather.kind());
            let mut request = [0; 1024];
            let _ = timeout(LONGEST_REQUEST, client.read(&mut request)).await;
            // Who does not wait for the page does without it.
            let _ = client.write_all(PAGE.as_bytes()).await;
            let _ = client.shutdown().await;
            return;
        }
        Weather::Fair
        | Weather::HalfOpen(_)
        | Weather::Silent
        | Weather::Slow(_)
        | Weather::Dripping { .. }
        | Weather::Tearing { .. } => {}
    }
    let Ok(mut server) = TcpStream::connect(server).await else {
        return reset(&client);
    };
    // Pieces go out as they come in, also small ones.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let pipe = |direction| Pipe {
            direction,
            sky: sky.clone(),
            cuts,
            figures: figures.clone(),
        };
        let up = pipe(Direction::Up).carry(from_client, to_server);
        let down = pipe(Direction::Down).carry(from_server, to_client);
        tokio::pin!(up, down);
        // One that is finished leaves the other what it still has to say.
        tokio::select! {
            end = &mut up => if end == End::Finished { down.await } else { end },
            end = &mut down => if end == End::Finished { up.await } else { end },
        }
    };
    if end == End::Broken {
        reset(&client);
        reset(&server);
    }
}

/// It does not say goodbye when it goes.
fn reset(stream: &TcpStream) {
    // What is closed already is fine as well.
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_carries_both_ways_and_breaks_when_it_is_cut() {
        let (server, link) = link().await;
        let (mut near, mut far) = connect(&server, &link).await;
        near.write_all(b"ping").await.unwrap();
        let mut told = [0; 4];
        far.read_exact(&mut told).await.unwrap();
        far.write_all(b"pong").await.unwrap();
        near.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"pong");
        link.cut();
        assert!(!matches!(near.read(&mut told).await, Ok(1..)));
        assert!(!matches!(far.read(&mut told).await, Ok(1..)));
        connect(&server, &link).await;
    }

    #[tokio::test]
    async fn a_link_that_refuses_lets_nothing_through_until_it_is_fair() {
        let (server, link) = link().await;
        link.set(Weather::Refusing);
        let mut near = TcpStream::connect(link.address).await.unwrap();
        assert!(!matches!(near.read(&mut [0; 1]).await, Ok(1..)));
        link.set(Weather::Fair);
        connect(&server, &link).await;
    }

    #[tokio::test]
    async fn a_captive_portal_answers_in_place_of_the_server() {
        let (_server, link) = link().await;
        link.set(Weather::Portal);
        let mut near = TcpStream::connect(link.address).await.unwrap();
        near.write_all(b"GET /v1/me HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        let mut told = String::new();
        near.read_to_string(&mut told).await.unwrap();
        assert_eq!(told, PAGE);
    }

    #[tokio::test]
    async fn without_a_server_a_connection_ends() {
        let (server, link) = link().await;
        drop(server);
        let mut near = TcpStream::connect(link.address).await.unwrap();
        assert!(!matches!(near.read(&mut [0; 1]).await, Ok(1..)));
    }

    async fn link() -> (TcpListener, Link) {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let link = Link::open(server.local_addr().unwrap(), Figures::default());
        let link = link.await.unwrap();
        (server, link)
    }

    async fn connect(server: &TcpListener, link: &Link) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(link.address).await.unwrap();
        let (far, _) = server.accept().await.unwrap();
        (near, far)
    }
}
