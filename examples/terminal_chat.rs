//! A chat in a terminal, against a running server:
//!
//! ```sh
//! cargo run -p fulmar-mock-server
//! cargo run --example terminal_chat -- --user alice --password alice-password
//! cargo run --example terminal_chat -- --user bob --password bob-password
//! ```
//!
//! What you type is sent. `/list` shows the conversations, `/open NUMBER` goes to one, `/direct NAME`
//! talks to a person, `/file PATH` sends a file, `/get` fetches the files of the newest message that has
//! some, `/older` shows older messages, `/retry` and `/discard` deal with a failed message, `/offline` and
//! `/online` play with the network, `/quit` leaves. Kill it whenever you like.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fulmar::{
    Client, ConnectionState, Conversation, ConversationItem, ConversationStatus, MessageState,
    NetworkState, NewAttachment, NewMessage, OperationKey, SessionState, Timeline,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
struct Options {
    /// Who you are.
    #[arg(long)]
    user: String,
    /// Your password; only needed the first time.
    #[arg(long)]
    password: Option<String>,
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:4000")]
    server: String,
    /// The store; by default USER.db in the folder for temporary files.
    #[arg(long)]
    store: Option<PathBuf>,
}

/// What can be typed but messages.
const COMMANDS: [&str; 10] = [
    "/list", "/open", "/direct", "/offline", "/online", "/file", "/get", "/older", "/retry",
    "/discard",
];

#[tokio::main]
async fn main() -> ExitCode {
    match chat(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("terminal_chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn chat(options: Options) -> Result<()> {
    let store = options
        .store
        .unwrap_or_else(|| std::env::temp_dir().join(format!("fulmar-{}.db", options.user)));
    let client = Client::builder(&options.server, store).build().await?;
    if !matches!(client.session(), SessionState::SignedIn { .. }) {
        let password = options.password.ok_or("--password is needed to sign in")?;
        client.sign_in(&options.user, password).await?;
    }
    let mut chats = client.conversations();
    // The first change is what there is, at once.
    chats.next().await?;
    let mut screen = None;
    if !go_to_the_first(&client, chats.items(), &mut screen) {
        println!("no conversation yet: /direct NAME begins one, /quit leaves");
    }
    let mut connection = client.connection();
    let mut lines = typed();
    loop {
        tokio::select! {
            state = connection.next() => println!("· {}", describe(&state?)),
            shown = next(&mut screen) => {
                // The conversation may be gone by now.
                if let Err(error) = shown?.print().await {
                    println!("! {error}");
                }
            }
            changes = chats.next() => {
                changes?;
                match &mut screen {
                    Some(screen) => screen.explain(chats.items()),
                    None => { go_to_the_first(&client, chats.items(), &mut screen); }
                }
            }
            line = lines.recv() => {
                let Some(line) = line else { break };
                if line.trim() == "/quit" { break }
                if let Err(error) = obey(&client, chats.items(), &mut screen, line.trim()).await {
                    println!("! {error}");
                }
            }
        }
    }
    client.close().await;
    Ok(())
}

/// Opens the first conversation, if there is one.
fn go_to_the_first(
    client: &Client,
    chats: &[ConversationItem],
    screen: &mut Option<Screen>,
) -> bool {
    let Some(chat) = chats.first() else {
        return false;
    };
    println!("— {} —", chat.title);
    *screen = Some(Screen::open(client.conversation(&chat.conversation_id)));
    true
}

/// Waits for news on the screen; for ever while none is open.
async fn next(screen: &mut Option<Screen>) -> Result<&mut Screen> {
    let Some(screen) = screen else {
        return std::future::pending().await;
    };
    screen.timeline.next().await?;
    Ok(screen)
}

/// What is typed. Reading blocks, so it has a thread of its own, which nobody waits for in the end.
fn typed() -> UnboundedReceiver<String> {
    let (sender, lines) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(std::result::Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// A conversation on the terminal, which cannot take back what it has printed: each state of each
/// message is printed once.
struct Screen {
    chat: Conversation,
    timeline: Timeline,
    printed: BTreeMap<OperationKey, &'static str>,
    refused: Option<OperationKey>,
}

impl Screen {
    fn open(chat: Conversation) -> Self {
        let timeline = chat.timeline();
        Self {
            chat,
            timeline,
            printed: BTreeMap::new(),
            refused: None,
        }
    }

    /// Says so when the server refused to create this conversation.
    fn explain(&mut self, chats: &[ConversationItem]) {
        let this = |chat: &&ConversationItem| chat.conversation_id == *self.chat.id();
        if let Some(ConversationStatus::Failed { operation, reason }) =
            chats.iter().find(this).map(|chat| &chat.status)
            && self.refused != Some(*operation)
        {
            println!("✗ this conversation: {reason} — /retry or /discard");
            self.refused = Some(*operation);
        }
    }

    async fn print(&mut self) -> Result<()> {
        for item in self.timeline.messages() {
            let mark = match &item.state {
                MessageState::Pending => "…",
                MessageState::Uploading { .. } => "⇡",
                MessageState::Sending => "↑",
                MessageState::Unconfirmed => "?",
                MessageState::Sent => "✓",
                MessageState::Failed { .. } => "✗",
            };
            if self.printed.insert(item.key, mark) != Some(mark) {
                println!("{mark} {}: {}", item.sender, item.text());
                for file in item.content.attachments() {
                    println!("  [{}, {} bytes]", file.name, file.size);
                }
                if let MessageState::Failed { reason } = &item.state {
                    println!("  {reason} — /retry or /discard");
                }
            }
        }
        // What was printed was read.
        let newest = self.timeline.messages().filter_map(|item| item.position);
        if let Some(position) = newest.max() {
            self.chat.mark_read_up_to(position).await?;
        }
        Ok(())
    }

    fn failed(&self) -> Option<OperationKey> {
        let mut items = self.timeline.messages();
        let failed = items.find(|item| matches!(item.state, MessageState::Failed { .. }));
        failed.map(|item| item.key).or(self.refused)
    }
}

async fn obey(
    client: &Client,
    chats: &[ConversationItem],
    screen: &mut Option<Screen>,
    line: &str,
) -> Result<()> {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("", _) => return Ok(()),
        (command, _) if command.starts_with('/') && !COMMANDS.contains(&command) => {
            let all = COMMANDS.join(", ");
            return Err(format!("no such command: {all} and /quit are").into());
        }
        ("/list", _) => {
            for (number, chat) in chats.iter().enumerate() {
                println!("{number}  {} ({} unread)", chat.title, chat.unread_count);
            }
        }
        ("/open", number) => {
            let chat = chats
                .get(number.parse::<usize>()?)
                .ok_or("no such number")?;
            println!("— {} —", chat.title);
            *screen = Some(Screen::open(client.conversation(&chat.conversation_id)));
        }
        ("/direct", name) => {
            let chat = client.create_direct(name).await?;
            println!("— {name} —");
            *screen = Some(Screen::open(chat));
        }
        ("/offline", _) => client.set_network(NetworkState::Unavailable),
        ("/online", _) => client.set_network(NetworkState::Available),
        words => {
            let screen = screen.as_mut();
            let screen = screen.ok_or("no conversation is open: /direct NAME begins one")?;
            return obey_here(client, screen, line, words).await;
        }
    }
    Ok(())
}

/// What is about the conversation on the screen.
async fn obey_here(
    client: &Client,
    screen: &mut Screen,
    line: &str,
    words: (&str, &str),
) -> Result<()> {
    match words {
        ("/file", path) => {
            let file = NewMessage::file(NewAttachment::from_path(path));
            screen.chat.send(file).await?;
        }
        ("/get", _) => {
            let mut messages = screen.timeline.messages();
            let files = messages.rfind(|item| !item.content.attachments().is_empty());
            for file in files.ok_or("no files here")?.content.attachments() {
                let path = client.download(file).finish().await?;
                println!("· {} is {}", file.name, path.display());
            }
        }
        ("/older", _) => {
            let page = screen.timeline.load_older().await?;
            println!(
                "{}",
                if page.has_more {
                    "there is more"
                } else {
                    "that is all"
                }
            );
        }
        ("/retry", _) => {
            client
                .outbox()
                .retry(screen.failed().ok_or("nothing failed")?)
                .await?;
            screen.refused = None;
        }
        ("/discard", _) => {
            client
                .outbox()
                .discard(screen.failed().ok_or("nothing failed")?)
                .await?
        }
        _ => {
            screen.chat.send(line).await?;
        }
    }
    Ok(())
}

fn describe(state: &ConnectionState) -> String {
    match state {
        ConnectionState::SignedOut => "signed out".to_owned(),
        ConnectionState::Offline => "offline".to_owned(),
        ConnectionState::Connecting { attempt } => format!("connecting (try {attempt})"),
        ConnectionState::CatchingUp => "catching up".to_owned(),
        ConnectionState::Live => "live".to_owned(),
        ConnectionState::Polling { reason, .. } => format!("over HTTP, because {reason}"),
        ConnectionState::Waiting { reason, .. } => format!("waiting: {reason}"),
    }
}
