//! One client, steered by lines of JSON on the standard input; `tests/languages/README.md` says how.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::{Duration, Instant};

use fulmar::{
    Backoff, Client, CommandError, Config, ConnectionState, Conversation, ConversationItem, GapEnd,
    GapRange, MessageItem, MessageState, NetworkState, OutboxState, Position, SessionState,
    TimelineItem,
};
use serde::Deserialize;
use serde_json::{Value, json};

type Outcome<T = Value> = Result<T, Box<dyn Error>>;

/// What the server could not be asked for is asked for again after this.
const AGAIN: Duration = Duration::from_millis(100);

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
    Send {
        conversation: String,
        text: String,
    },
    Page {
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
    Watch {
        conversation: String,
    },
    AskForSessions,
    List,
    Bench {
        conversation: String,
        rounds: usize,
    },
    Close,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut client = None;
    for line in std::io::stdin().lines() {
        let answer = match act(&mut client, &line?).await {
            Ok(ok) => json!({ "ok": ok }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn act(client: &mut Option<Client>, line: &str) -> Outcome {
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
        *client = Some(
            Client::builder(server, store)
                .config(config)
                .build()
                .await?,
        );
        return Ok(json!({}));
    }
    let Some(open) = client else {
        return Err("open first".into());
    };
    match request {
        Request::Close => {
            open.close().await;
            *client = None;
            Ok(json!({}))
        }
        request => act_on(open, request).await,
    }
}

async fn act_on(client: &Client, request: Request) -> Outcome {
    let chat = |id: &str| -> Outcome<Conversation> {
        Ok(client.conversation(&fulmar::ConversationId::new(id)?))
    };
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
        Request::Send { conversation, text } => {
            json!({ "key": chat(&conversation)?.send(text).await?.to_string() })
        }
        Request::Page { conversation } => page(&chat(&conversation)?).await?,
        Request::Timeline {
            conversation,
            messages,
        } => {
            let items = complete(&chat(&conversation)?, messages).await?;
            json!({ "messages": items.iter().map(message).collect::<Vec<_>>() })
        }
        Request::Read {
            conversation,
            messages,
        } => {
            read(&chat(&conversation)?, messages).await?;
            json!({})
        }
        Request::Watch { conversation } => {
            watch(&chat(&conversation)?).await?;
            json!({})
        }
        Request::AskForSessions => {
            let account = client.account();
            tokio::spawn(async move { account.fetch_sessions().await });
            json!({})
        }
        Request::Bench {
            conversation,
            rounds,
        } => {
            let chat = chat(&conversation)?;
            measure(client, &chat, rounds).await?
        }
        Request::List => {
            let mut list = client.conversations();
            list.next().await?;
            json!({ "conversations": list.items().iter().map(row).collect::<Vec<_>>() })
        }
    })
}

fn hint(client: &Client, network: NetworkState) -> Value {
    client.set_network(network);
    json!({})
}

async fn page(chat: &Conversation) -> Outcome {
    let mut timeline = chat.timeline();
    timeline.next().await?;
    Ok(json!({ "messages": timeline.messages().map(message).collect::<Vec<_>>() }))
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

/// For as long as the process runs.
async fn watch(chat: &Conversation) -> Outcome<()> {
    let mut timeline = chat.timeline();
    timeline.next().await?;
    tokio::spawn(async move { while timeline.next().await.is_ok() {} });
    Ok(())
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

fn message(item: &MessageItem) -> Value {
    json!({
        "key": item.key.to_string(),
        "sender": item.sender.as_str(),
        "text": item.text(),
        "position": item.position.map_or(0, |position| position.0),
    })
}

fn row(item: &ConversationItem) -> Value {
    json!({
        "title": item.title,
        "participants": item.participant_count,
        "unread": item.unread_count,
        "preview": item.preview.as_ref().map(fulmar::Preview::text),
    })
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

fn has_failed(state: &OutboxState) -> bool {
    matches!(state, OutboxState::Failed { .. })
}

/// All messages, once there are so many and each is confirmed. What is missing is fetched.
async fn complete(chat: &Conversation, messages: usize) -> Outcome<Vec<MessageItem>> {
    let mut timeline = chat.timeline();
    loop {
        timeline.next().await?;
        let items: Vec<MessageItem> = timeline.messages().cloned().collect();
        let confirmed = items.iter().all(|item| item.state == MessageState::Sent);
        if items.len() >= messages && confirmed {
            return Ok(items);
        }
        let first = items.first().and_then(|item| item.position);
        if let Some(gap) = timeline.items().iter().find_map(gap) {
            fetched(|| timeline.load_gap(gap, GapEnd::Newest)).await?;
        } else if items.len() < messages && first.is_some_and(|first| first > Position(1)) {
            fetched(|| timeline.load_older()).await?;
        }
    }
}

fn gap(item: &TimelineItem) -> Option<GapRange> {
    match item {
        TimelineItem::Gap(range) => Some(*range),
        TimelineItem::Message(_) => None,
    }
}

/// Asks until there is an answer.
async fn fetched<T, F>(ask: impl Fn() -> F) -> Outcome<T>
where
    F: Future<Output = Result<T, CommandError>>,
{
    loop {
        match ask().await {
            Err(CommandError::Unreachable { .. }) => tokio::time::sleep(AGAIN).await,
            answer => return Ok(answer?),
        }
    }
}
