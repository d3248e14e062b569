//! The crowd: live sockets that listen, of which some speak.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::Server;
use crate::{Options, PATIENCE, Spread, Trouble, trouble};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How many sign in at a time.
const AT_ONCE: usize = 32;

pub(crate) struct Crowd {
    speaker: Mutex<Speaker>,
    heard: Arc<Heard>,
    participants: usize,
}

struct Speaker {
    out: SplitSink<Stream, Message>,
    conversation: String,
    said: u64,
}

/// What all listeners of the first conversation have heard together.
struct Heard {
    /// How often a message arrived anywhere.
    count: AtomicUsize,
    changed: watch::Sender<usize>,
    faults: AtomicU64,
}

impl Crowd {
    pub(crate) async fn connect(server: &Server, options: &Options) -> Result<Self, Trouble> {
        // Another one in this process is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(trouble)?;
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let heard = Arc::new(Heard {
            count: AtomicUsize::new(0),
            changed: watch::Sender::new(0),
            faults: AtomicU64::new(0),
        });
        let mut joining = Vec::with_capacity(options.sockets);
        for number in 0..options.sockets {
            let (http, gate, url) = (http.clone(), Arc::clone(&gate), server.url.clone());
            joining.push(tokio::spawn(async move {
                let _turn = gate.acquire().await.map_err(trouble)?;
                join(&http, &url, number).await
            }));
        }
        let mut speaker = None;
        for (number, joined) in joining.into_iter().enumerate() {
            let (stream, token) = joined.await.map_err(trouble)??;
            let (out, incoming) = stream.split();
            if number == 0 {
                let list = format!("{}/v1/conversations", server.url);
                let answer = http
                    .get(list)
                    .bearer_auth(&token)
                    .send()
                    .await
                    .map_err(trouble)?;
                let body = answer.bytes().await.map_err(trouble)?;
                let page: Value = serde_json::from_slice(&body).map_err(trouble)?;
                let id = page["conversations"][0]["conversationId"].as_str();
                let conversation = id
                    .ok_or_else(|| trouble("there is no conversation"))?
                    .to_owned();
                speaker = Some(Speaker {
                    out,
                    conversation,
                    said: 0,
                });
                tokio::spawn(listen(incoming, Arc::clone(&heard), None));
            } else {
                tokio::spawn(listen(incoming, Arc::clone(&heard), Some(out)));
            }
        }
        let speaker = speaker.ok_or_else(|| trouble("nobody is there"))?;
        Ok(Self {
            speaker: Mutex::new(speaker),
            heard,
            participants: options.participants.min(options.sockets),
        })
    }

    /// Each message when the one before has arrived everywhere: how long that takes.
    pub(crate) async fn one_by_one(&self, count: usize) -> Result<Spread, Trouble> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let before = self.heard.count.load(Ordering::SeqCst);
            let begun = Instant::now();
            self.speaker.lock().await.say(1).await?;
            self.until(before + self.participants).await?;
            times.push(begun.elapsed());
        }
        Ok(Spread::of(times))
    }

    /// All of them in submits of twenty, without waiting in between: how long until the last has arrived everywhere.
    pub(crate) async fn all_at_once(&self, count: usize) -> Result<Duration, Trouble> {
        let before = self.heard.count.load(Ordering::SeqCst);
        let begun = Instant::now();
        let mut speaker = self.speaker.lock().await;
        let mut left = count;
        while left > 0 {
            let part = left.min(20);
            speaker.say(part).await?;
            left -= part;
        }
        self.until(before + count * self.participants).await?;
        Ok(begun.elapsed())
    }

    /// How often something was heard, when all of it was heard as it had to be.
    pub(crate) async fn settle(&self) -> Result<usize, Trouble> {
        // Whatever comes too often comes now.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let heard = self.heard.count.load(Ordering::SeqCst);
        let said = self.speaker.lock().await.said as usize * self.participants;
        match (self.heard.faults.load(Ordering::SeqCst), heard == said) {
            (0, true) => Ok(heard),
            (faults, _) => Err(trouble(format!(
                "{heard} were heard of {said}, {faults} of them wrongly"
            ))),
        }
    }

    async fn until(&self, count: usize) -> Result<(), Trouble> {
        let mut changes = self.heard.changed.subscribe();
        let arrived = changes.wait_for(|heard| *heard >= count);
        match tokio::time::timeout(PATIENCE, arrived).await {
            Ok(_) => Ok(()),
            Err(_) => {
                let heard = self.heard.count.load(Ordering::SeqCst);
                Err(trouble(format!("only {heard} of {count} were heard")))
            }
        }
    }
}

impl Speaker {
    async fn say(&mut self, count: usize) -> Result<(), Trouble> {
        let mut operations = Vec::with_capacity(count);
        for _ in 0..count {
            self.said += 1;
            let key = format!("0190b5f0-0000-7000-8000-{:012x}", self.said);
            let text = format!("number {}", self.said);
            operations.push(json!({"operationKey": key, "method": "message.send",
                "params": {"conversationId": self.conversation, "text": text}}));
        }
        let frame = json!({"type": "submit", "submitId": self.said, "operations": operations});
        self.out
            .send(Message::text(frame.to_string()))
            .await
            .map_err(trouble)
    }
}

async fn join(
    http: &reqwest::Client,
    url: &str,
    number: usize,
) -> Result<(Stream, String), Trouble> {
    let body =
        json!({"userId": format!("u{number}"), "password": "p", "deviceId": format!("d{number}")});
    let login = http
        .post(format!("{url}/v1/auth/login"))
        .body(body.to_string());
    let answer = login
        .send()
        .await
        .map_err(trouble)?
        .bytes()
        .await
        .map_err(trouble)?;
    let session: Value = serde_json::from_slice(&answer).map_err(trouble)?;
    let token = session["accessToken"]
        .as_str()
        .ok_or_else(|| trouble("no token"))?
        .to_owned();
    let socket = format!("{}/v1/socket", url.replacen("http", "ws", 1));
    let config = WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(4_096);
    let connecting = tokio_tungstenite::connect_async_with_config(socket, Some(config), true);
    let (mut stream, _) = connecting.await.map_err(trouble)?;
    let hello = json!({"type": "hello", "version": 1, "since": 0, "accessToken": token});
    stream
        .send(Message::text(hello.to_string()))
        .await
        .map_err(trouble)?;
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) if text.contains("\"type\":\"sync.reset\"") => {
                return Ok((stream, token));
            }
            Some(Ok(_)) => {}
            other => return Err(trouble(format!("no ready: {other:?}"))),
        }
    }
}

/// Counts what arrives, and looks whether it is in order. `_open` keeps the connection open.
async fn listen(
    mut incoming: SplitStream<Stream>,
    heard: Arc<Heard>,
    _open: Option<SplitSink<Stream, Message>>,
) {
    let (mut seq, mut position) = (None, None);
    while let Some(Ok(message)) = incoming.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        if !text.contains("\"type\":\"events\"") {
            continue;
        }
        let frame: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
        for event in frame["events"].as_array().into_iter().flatten() {
            heard.follows(&mut seq, event["seq"].as_u64());
            if event["type"] == "message.created" {
                heard.follows(&mut position, event["data"]["position"].as_u64());
                let count = heard.count.fetch_add(1, Ordering::SeqCst) + 1;
                heard.changed.send_if_modified(|told| {
                    let newer = count > *told;
                    *told = count.max(*told);
                    newer
                });
            }
        }
    }
}

impl Heard {
    /// Each number is one more than the one before.
    fn follows(&self, last: &mut Option<u64>, next: Option<u64>) {
        if next.is_none() || last.is_some_and(|last| next != Some(last + 1)) {
            self.faults.fetch_add(1, Ordering::SeqCst);
        }
        *last = next;
    }
}
