//! Thousands of live sockets against one mock server, and messages to conversations of a thousand: how long each
//! takes to the last receiver, how many go through in a second, what a connection costs, and that nothing was lost,
//! doubled or turned round. And what an empty world costs.
//!
//! The server is a process of its own, so that its memory is its own. Beside the figures stands what the same
//! machine does in the same run without a server between: a program that writes as many bytes into as many sockets.
#![allow(clippy::print_stdout)]

mod crowd;
mod raw;
mod server;
mod worlds;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use crowd::Crowd;
use server::Server;

/// A step that takes longer than this has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Loads a mock server, and says what it takes.
#[derive(Debug, Parser)]
#[command(name = "fulmar-load", version)]
struct Options {
    /// The program under load.
    #[arg(long)]
    server: PathBuf,
    /// How many live sockets.
    #[arg(long, default_value_t = 5_000)]
    sockets: usize,
    /// How many of them take part in each conversation; at most 1,000.
    #[arg(long, default_value_t = 1_000)]
    participants: usize,
    /// How many messages are sent, one after the other, and as many again all at once.
    #[arg(long, default_value_t = 100)]
    messages: usize,
    /// How many seconds messages go on afterwards, while the memory is watched.
    #[arg(long, default_value_t = 0)]
    soak: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Trouble(String);

pub(crate) fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble(error.to_string())
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Trouble> {
    let server = Server::start(options).await?;
    let empty = server.memory();
    let begun = Instant::now();
    let crowd = Crowd::connect(&server, options).await?;
    let connected = begun.elapsed();
    let full = server.memory();
    say("live sockets", &format!("{}", options.sockets));
    say(
        "signed in and connected",
        &format!("{:.0}/s", options.sockets as f64 / connected.as_secs_f64()),
    );
    if let (Some(empty), Some(full)) = (empty, full) {
        let each = full.saturating_sub(empty) / options.sockets.max(1) as u64;
        let memory = format!("{} MiB, {} MiB before", mib(full), mib(empty));
        say("memory of the server", &memory);
        say("memory per connection", &format!("{} KiB", each / 1024));
    }

    let told = crowd.one_by_one(options.messages).await?;
    let raw = raw::fan_out(options.participants, options.messages).await?;
    say("to the last receiver, p50", &beside(told.p50, raw.p50));
    say("to the last receiver, p99", &beside(told.p99, raw.p99));
    let burst = crowd.all_at_once(options.messages).await?;
    let rate = options.messages as f64 / burst.as_secs_f64();
    let deliveries = rate * options.participants as f64;
    say(
        "messages",
        &format!("{rate:.0}/s, which is {deliveries:.0} deliveries/s"),
    );

    if options.soak > 0 {
        soak(&server, &crowd, options).await?;
    }
    let heard = crowd.settle().await?;
    say("lost, doubled or out of order", &format!("0 of {heard}"));
    worlds::measure(&options.server).await
}

async fn soak(server: &Server, crowd: &Crowd, options: &Options) -> Result<(), Trouble> {
    let begun = Instant::now();
    let mut memory = Vec::new();
    let end = Duration::from_secs(options.soak);
    let mut sent = 0;
    while begun.elapsed() < end {
        sent += 100;
        crowd.all_at_once(100).await?;
        memory.extend(server.memory());
    }
    // The beginning fills what is bounded: logs, the journal.
    let half = &memory[memory.len() / 2..];
    let (Some(first), Some(last)) = (half.first(), half.last()) else {
        return Ok(());
    };
    let growth = *last as f64 / *first as f64;
    say("soaked", &format!("{} s, {sent} messages", options.soak));
    say(
        "memory over its second half",
        &format!("{} to {} MiB, {growth:.2}×", mib(*first), mib(*last)),
    );
    match growth < 1.25 {
        true => Ok(()),
        false => Err(trouble("memory grows")),
    }
}

pub(crate) fn say(what: &str, value: &str) {
    println!("{what:<32} {value}");
}

fn beside(told: Duration, raw: Duration) -> String {
    let ratio = told.as_secs_f64() / raw.as_secs_f64().max(f64::EPSILON);
    format!(
        "{:.1} ms, raw {:.1} ms, {ratio:.1}×",
        millis(told),
        millis(raw)
    )
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn mib(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}

/// What times are like.
pub(crate) struct Spread {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Spread {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| {
            let last = times.len().saturating_sub(1);
            let place = (last as f64 * share).round() as usize;
            times.get(place).copied().unwrap_or_default()
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}
