//! One client, steered by lines of JSON on the standard input; `tests/languages/README.md` says how.
#![allow(clippy::print_stdout)]

mod changes;
mod screens;
mod shown;

use std::error::Error;
use std::time::{Duration, Instant};

use fulmar::{
    Backoff, Client, Config, ConnectionState, Conversation, ConversationItem, MessageItem,
    NetworkState, OutboxItem, OutboxState, SessionState,
};
use serde::Deserialize;
use serde_json::{Value, json};

use changes::Change;
use screens::Screens;
use shown::{complete, message, older, page, people, row};

type Outcome<T = Value> = Result<T, Box<dyn Error>>;

/// A request, by its command.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Request {
    Open {
        server: String,
        store: String,
    },
    SignIn {
        user: String,
        password: String,
    },
    Session,
    Offline,
    Online,
    Available,
    Unavailable,
    Settled,
    Finish,
    Direct {
        with: String,
    },
    Group {
        title: String,
        participants: Vec<String>,
    },
    Find {
        title: String,
    },
    Page {
        conversation: String,
    },
    Seen {
        conversation: String,
    },
    Older {
        conversation: String,
    },
    Timeline {
        conversation: String,
        messages: usize,
    },
    Read {
        conversation: String,
        messages: usize,
    },
    People {
        conversation: String,
    },
    Watch {
        conversation: String,
    },
    Search {
        text: String,
    },
    AskForSessions,
    List,
    Bench {
        conversation: String,
        rounds: usize,
    },
    Close,
    #[serde(untagged)]
    Change(Change),
}

/// What is open.
struct Driver {
    client: Client,
    screens: Screens,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut driver = None;
    for line in std::io::stdin().lines() {
        let answer = match act(&mut driver, &line?).await {
            Ok(ok) => json!({ "ok": ok }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn act(driver: &mut Option<Driver>, line: &str) -> Outcome {
    let request = serde_json::from_str(line)?;
    if let Request::Open { server, store } = request {
        let config = Config {
            // Quick to try again.
            backoff: Backoff {
                first: Duration::from_millis(20),
                cap: Duration::from_millis(200),
            },
            answer_timeout: Duration::from_secs(1),
            ..Config::default()
        };
        let client = Client::builder(server, store).config(config);
        *driver = Some(Driver {
            client: client.build().await?,
            screens: Screens::default(),
        });
        return Ok(json!({}));
    }
    let Some(open) = driver else {
        return Err("open first".into());
    };
    match request {
        Request::Close => {
            open.client.close().await;
            *driver = None;
            Ok(json!({}))
        }
        request => act_on(open, request).await,
    }
}

async fn act_on(driver: &mut Driver, request: Request) -> Outcome {
    let client = &driver.client;
    Ok(match request {
        // Dealt with above.
        Request::Open { .. } | Request::Close => json!({}),
        Request::SignIn { user, password } => {
            client.sign_in(&user, password).await?;
            json!({})
        }
        Request::Session => json!({ "session": user(client) }),
        Request::Offline => {
            client.set_network(NetworkState::Unavailable);
            connection(client, ConnectionState::Offline).await?;
            json!({})
        }
        Request::Online => {
            client.set_network(NetworkState::Available);
            connection(client, ConnectionState::Live).await?;
            json!({})
        }
        Request::Available => hint(client, NetworkState::Available),
        Request::Unavailable => hint(client, NetworkState::Unavailable),
        Request::Settled => settled(client).await?,
        Request::Finish => json!({ "refused": finish(client).await? }),
        Request::Direct { with } => {
            json!({ "conversation": client.create_direct(&with).await?.id().as_str() })
        }
        Request::Group {
            title,
            participants,
        } => {
            let group = client.create_group(title, participants).await?;
            json!({ "conversation": group.id().as_str() })
        }
        Request::Find { title } => {
            json!({ "conversation": find(client, &title).await?.conversation_id.as_str() })
        }
        Request::Page { conversation } => messages(&page(&chat(client, &conversation)?).await?),
        Request::Seen { conversation } => {
            let chat = chat(client, &conversation)?;
            messages(&driver.screens.seen(&chat).await?)
        }
        Request::Older { conversation } => messages(&older(&chat(client, &conversation)?).await?),
        Request::Timeline {
            conversation,
            messages: count,
        } => messages(&complete(&chat(client, &conversation)?, count).await?),
        Request::Read {
            conversation,
            messages,
        } => {
            read(&chat(client, &conversation)?, messages).await?;
            json!({})
        }
        Request::People { conversation } => people(&chat(client, &conversation)?).await?,
        Request::Watch { conversation } => {
            driver.screens.seen(&chat(client, &conversation)?).await?;
            json!({})
        }
        Request::Search { text } => search(client, text).await?,
        Request::AskForSessions => {
            let account = client.account();
            tokio::spawn(async move { account.fetch_sessions().await });
            json!({})
        }
        Request::Bench {
            conversation,
            rounds,
        } => measure(client, &chat(client, &conversation)?, rounds).await?,
        Request::List => {
            let mut list = client.conversations();
            list.next().await?;
            json!({ "conversations": list.items().iter().map(row).collect::<Vec<_>>() })
        }
        Request::Change(change) => changes::make(client, change).await?,
    })
}

fn chat(client: &Client, id: &str) -> Outcome<Conversation> {
    Ok(client.conversation(&fulmar::ConversationId::new(id)?))
}

fn messages(shown: &[MessageItem]) -> Value {
    json!({ "messages": shown.iter().map(message).collect::<Vec<_>>() })
}

/// With what is on the device.
async fn search(client: &Client, text: String) -> Outcome {
    let mut search = client.search(fulmar::SearchQuery::new(text));
    search.next().await?;
    let hits = search.items().iter();
    Ok(json!({ "messages": hits.map(|hit| message(&hit.message)).collect::<Vec<_>>() }))
}

fn hint(client: &Client, network: NetworkState) -> Value {
    client.set_network(network);
    json!({})
}

async fn read(chat: &Conversation, messages: usize) -> Outcome<()> {
    let items = complete(chat, messages).await?;
    if let Some(last) = items.last().and_then(|item| item.position) {
        chat.mark_read_up_to(last).await?;
    }
    Ok(())
}

fn user(client: &Client) -> String {
    match client.session() {
        SessionState::SignedIn { user_id } => user_id.to_string(),
        _ => "none".to_owned(),
    }
}

/// How long the first page of a timeline takes, and a call that needs nothing.
async fn measure(client: &Client, chat: &Conversation, rounds: usize) -> Outcome {
    let (mut pages, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begin = Instant::now();
        let mut timeline = chat.timeline();
        timeline.next().await?;
        pages.push(begin.elapsed());
        let begin = Instant::now();
        let _ = client.connection().current();
        calls.push(begin.elapsed());
    }
    Ok(json!({ "page": median(pages), "call": median(calls) }))
}

/// In microseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

async fn connection(client: &Client, expected: ConnectionState) -> Outcome<()> {
    let mut watch = client.connection();
    while watch.next().await? != expected {}
    Ok(())
}

async fn find(client: &Client, title: &str) -> Outcome<ConversationItem> {
    let mut list = client.conversations();
    loop {
        list.next().await?;
        if let Some(item) = list.items().iter().find(|item| item.title == title) {
            return Ok(item.clone());
        }
    }
}

/// Waits until the server has confirmed everything.
async fn settled(client: &Client) -> Outcome {
    let mut outbox = client.outbox();
    loop {
        outbox.next().await?;
        let failed = outbox.items().iter().find(|item| has_failed(&item.state));
        if let Some(failed) = failed {
            return Err(format!("failed: {failed:?}").into());
        }
        if outbox.items().is_empty() {
            return Ok(json!({}));
        }
    }
}

/// Waits until the server has confirmed or refused everything, and gives up what it refused.
async fn finish(client: &Client) -> Outcome<Vec<Value>> {
    let mut outbox = client.outbox();
    let mut refused = Vec::new();
    loop {
        outbox.next().await?;
        if outbox.items().is_empty() {
            return Ok(refused);
        }
        let failed: Vec<OutboxItem> = outbox.items().to_vec();
        for item in failed.iter().filter(|item| has_failed(&item.state)) {
            outbox.discard(item.operation).await?;
            refused.push(json!({
                "operation": item.operation.to_string(),
                "conversation": item.conversation_id.as_str(),
                "message": item.message.map(|key| key.to_string()),
            }));
        }
    }
}

fn has_failed(state: &OutboxState) -> bool {
    matches!(state, OutboxState::Failed { .. })
}
