//! Figures, each beside its raw limit measured in the same run: a program that does only the
//! unavoidable work. Absolute times mean little on a shared machine; the ratios mean something.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod deletes;
mod files;
mod growth;
mod raw;
mod rows;
mod stage;

use std::process::ExitCode;

use clap::Parser;
use growth::Size;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Options {
    /// Fewer rounds and a smaller cache: shows that everything runs, not how fast.
    #[arg(long)]
    quick: bool,
    /// Only how the figures grow.
    #[arg(long)]
    growth: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Options { quick, growth } = Options::parse();
    if !growth {
        usual(quick).await;
    }
    let size = if quick { Size::Quick } else { Size::Full };
    match growth::all(size).await {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Each beside its raw limit.
async fn usual(quick: bool) {
    let rounds = if quick { 40 } else { 400 };
    println!(
        "{:<52} {:>10} {:>10} {:>7}  goal",
        "", "p50", "raw p50", "ratio"
    );
    rows::send_to_screen(rounds).await;
    rows::send_to_sent(rounds).await;
    rows::newest_fifty(if quick { 50_000 } else { 1_000_000 }, rounds).await;
    rows::drain(500).await;
    deletes::deleted(if quick { 10_000 } else { 100_000 }).await;
    files::up_and_down(if quick { 4 } else { 32 }, if quick { 3 } else { 9 }).await;
}
