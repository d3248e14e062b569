//! Tests of the driver without an engine: what it does for one.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fulmar_engine::{Config, Effect, FilePart, Input, RequestId, SocketEvent, SocketId};
use fulmar_protocol::{ApiRequest, ContentHash, FileId, Secret};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use super::app_work::AppWork;
use super::driver::Driver;
use super::handle::Runtime;
use super::published::Published;
use super::setup::Setup;
use crate::files::{Files, Source};
use crate::transport::{Address, Resolver, Transport};

/// A driver, and a server that does what the test does.
struct Stage {
    driver: Driver,
    server: TcpListener,
    _folder: tempfile::TempDir,
}

const REQUEST: RequestId = RequestId(7);

impl Stage {
    async fn new() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", server.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.db");
        let published = Published::new(&path);
        let files = Arc::new(Files::beside(&path));
        let transport = Transport::new(Address::parse(&address, false).unwrap(), &[]).unwrap();
        let setup = setup(path, transport);
        let work = AppWork::default();
        work.begin_on(&Handle::current());
        Self {
            driver: Driver::new(setup, None, published, files, work),
            server,
            _folder: folder,
        }
    }

    fn import(&self, bytes: Vec<u8>) -> ContentHash {
        let files = &self.driver.file_transfer.files;
        let size = bytes.len() as u64;
        files.import(&Source::Bytes(bytes), size).unwrap().0
    }

    /// The next request, as far as its head: more of it stays in the socket.
    async fn asked(&self) -> TcpStream {
        let (mut stream, _) = self.server.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream
    }

    /// What the network says next, if it is still wanted.
    async fn heard(&mut self) -> Option<Input> {
        let input = self.driver.from_network.recv().await.unwrap();
        self.driver.admitted(input)
    }
}

fn setup(path: PathBuf, transport: Transport) -> Setup {
    Setup {
        path,
        config: Config::default(),
        owner: None,
        transport,
        token_provider: None,
        secret_storage: None,
    }
}

fn token() -> Secret {
    Secret::from("token")
}

fn me() -> Effect {
    Effect::Request {
        request: REQUEST,
        call: ApiRequest::Me,
        access_token: Some(token()),
    }
}

fn part(content: ContentHash, length: u64) -> FilePart {
    FilePart {
        file_id: FileId::new("file").unwrap(),
        content,
        offset: 0,
        length,
    }
}

/// Waits until the other side has hung up, whatever it still sends before.
async fn hung_up(mut stream: TcpStream) {
    let mut block = [0; 64 * 1024];
    while stream.read(&mut block).await.is_ok_and(|count| count > 0) {}
}

#[tokio::test]
async fn a_driver_that_ends_closes_its_socket() {
    let mut stage = Stage::new().await;
    stage.driver.perform(Effect::OpenSocket {
        socket: SocketId(1),
        access_token: token(),
    });
    let (stream, _) = stage.server.accept().await.unwrap();
    let mut there = tokio_tungstenite::accept_async(stream).await.unwrap();
    assert!(matches!(
        stage.heard().await,
        Some(Input::Socket {
            event: SocketEvent::Opened,
            ..
        })
    ));
    let (_, last) = tokio::join!(stage.driver.say_goodbye(), there.next());
    assert!(last.unwrap().unwrap().is_close());
}

#[tokio::test]
async fn what_is_called_off_leaves_the_wire_and_has_no_answer() {
    // So much does not fit into the buffers of a connection: it is on its way when it is called off.
    let large = 32 * 1024 * 1024;
    let mut stage = Stage::new().await;
    let content = stage.import(vec![7; large]);
    let length = large as u64;
    let effects = [
        me(),
        Effect::SendChunk {
            request: REQUEST,
            part: part(content, length),
            access_token: token(),
        },
        Effect::FetchChunk {
            request: REQUEST,
            part: part(content, length),
            size: length,
            access_token: token(),
        },
    ];
    for effect in effects {
        let name = format!("{effect:?}");
        stage.driver.perform(effect);
        let stream = stage.asked().await;
        stage
            .driver
            .perform(Effect::CancelRequest { request: REQUEST });
        let ended = tokio::time::timeout(Duration::from_secs(30), hung_up(stream));
        assert!(ended.await.is_ok(), "still on the wire: {name}");
        assert!(stage.driver.from_network.try_recv().is_err(), "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_crosses_the_calling_off_is_dropped() {
    let mut stage = Stage::new().await;
    for called_off in [false, true] {
        stage.driver.perform(me());
        let mut stream = stage.asked().await;
        let answer = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        // It is here, and nobody has looked.
        while stage.driver.from_network.is_empty() {
            tokio::task::yield_now().await;
        }
        if called_off {
            stage
                .driver
                .perform(Effect::CancelRequest { request: REQUEST });
        }
        assert_eq!(stage.heard().await.is_none(), called_off);
    }
}

#[tokio::test]
async fn a_request_without_an_answer_is_under_way_until_the_engine_calls_it_off() {
    let mut stage = Stage::new().await;
    stage.driver.perform(me());
    let stream = stage.asked().await;
    // From here on nothing comes but time.
    tokio::time::pause();
    for _ in 0..60 {
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(stage.driver.from_network.try_recv().is_err());
    }
    drop(stream);
    let Some(Input::Answer { request, result }) = stage.heard().await else {
        panic!("another input");
    };
    assert_eq!(request, REQUEST);
    assert!(result.is_err());
}

#[tokio::test]
async fn names_that_are_looked_up_for_long_hold_up_neither_reads_nor_the_end() {
    static SAID: OnceLock<()> = OnceLock::new();
    let names = Resolver::of(|_| {
        SAID.wait();
        Err(std::io::Error::other("unknown"))
    });
    let folder = tempfile::tempdir().unwrap();
    let address = Address::parse("https://chat.example", false).unwrap();
    let transport = Transport::with(address, &[], names).unwrap();
    let http = transport.http.clone();
    let runtime = Runtime::start(setup(folder.path().join("alice.db"), transport))
        .await
        .unwrap();
    // More than there are threads for reads.
    for _ in 0..8 {
        let http = http.clone();
        runtime.spawn(async move { drop(http.ask(&ApiRequest::Me, Some(&token())).await) });
    }
    let soon = Duration::from_secs(30);
    let read = tokio::time::timeout(soon, runtime.read(|_| 1)).await;
    assert_eq!(read.unwrap(), Some(1));
    tokio::time::timeout(soon, runtime.close()).await.unwrap();
    SAID.set(()).unwrap();
}
