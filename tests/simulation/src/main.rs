//! Simulates worlds. A failing one prints the command that replays it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::Parser;
use fulmar_engine::defects::{Defect, plant};
use fulmar_simulation::{World, check};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate")]
struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The seed of the first.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Prints every step; for one seed.
    #[arg(long)]
    verbose: bool,
    /// Plants each defect, one after another, and fails unless some world finds it.
    #[arg(long)]
    defects: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if options.defects {
        return find_defects(&options);
    }
    let (mut transactions, mut messages, mut crashes) = (0, 0, 0);
    for seed in options.from..options.from + options.seeds {
        let result = match options.verbose {
            true => World::new(seed).verbose().run(),
            false => check(seed),
        };
        match result {
            Ok(outcome) => {
                transactions += outcome.transactions;
                messages += outcome.messages;
                crashes += outcome.crashes;
            }
            Err(failure) => {
                eprintln!(
                    "seed {} failed at {} ms: {}\n\nreplay: cargo xtask simulate --seeds 1 --from {} --verbose",
                    failure.seed, failure.at, failure.what, failure.seed
                );
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{} worlds converged, each twice: {transactions} transactions, {messages} messages, {crashes} crashes",
        options.seeds
    );
    println!("{} passed, 0 failed", options.seeds);
    ExitCode::SUCCESS
}

fn find_defects(options: &Options) -> ExitCode {
    let mut missed = 0;
    for defect in Defect::ALL {
        plant(Some(*defect));
        let found = (options.from..options.from + options.seeds).find_map(|seed| check(seed).err());
        plant(None);
        match found {
            Some(failure) => println!(
                "{defect:?}: found by seed {} ({})",
                failure.seed, failure.what
            ),
            None => {
                eprintln!("{defect:?}: not found in {} worlds", options.seeds);
                missed += 1;
            }
        }
    }
    println!("{} passed, {missed} failed", Defect::ALL.len() - missed);
    match missed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
