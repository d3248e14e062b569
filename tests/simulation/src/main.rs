//! Simulates worlds. A failing one prints the command that replays it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::ops::Range;
use std::process::ExitCode;

use clap::Parser;
use fulmar_engine::defects::Defect;
use fulmar_simulation::{Failure, Sum, World, check_all};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate")]
struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The seed of the first.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Runs each once, one after another, and prints every step.
    #[arg(long)]
    verbose: bool,
    /// Plants each defect, one after another, and fails unless some world finds it.
    #[arg(long)]
    defects: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seeds = options.from..options.from.saturating_add(options.seeds);
    if options.defects {
        return find_defects(&seeds);
    }
    let (ran, times) = match options.verbose {
        true => (step_by_step(seeds), "once"),
        false => (check_all(seeds, None), "twice"),
    };
    match ran {
        Ok(sum) => {
            println!(
                "{} worlds converged, each {times}: {} transactions, {} messages, {} crashes",
                options.seeds, sum.transactions, sum.messages, sum.crashes
            );
            println!("{} passed, 0 failed", options.seeds);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!(
                "seed {} failed at {} ms: {}\n\nreplay: cargo xtask simulate --seeds 1 --from {} --verbose",
                failure.seed, failure.at, failure.what, failure.seed
            );
            ExitCode::FAILURE
        }
    }
}

fn step_by_step(seeds: Range<u64>) -> Result<Sum, Failure> {
    let mut sum = Sum::default();
    for seed in seeds {
        sum.add(&World::new(seed).verbose().run()?);
    }
    Ok(sum)
}

fn find_defects(seeds: &Range<u64>) -> ExitCode {
    let mut missed = 0;
    for defect in Defect::ALL {
        match check_all(seeds.clone(), Some(*defect)) {
            Err(failure) => println!(
                "{defect:?}: found by seed {} ({})",
                failure.seed, failure.what
            ),
            Ok(_) => {
                eprintln!(
                    "{defect:?}: not found in {} worlds",
                    seeds.end - seeds.start
                );
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
