//! Processes of clients in all languages and of the mock server, while networks, processes, disks and clocks misbehave;
//! in the end nothing is lost, doubled or out of order, and all show the same.
//!
//! A seed draws the settings, who does what, and what goes wrong. The processes run in real time, so a seed that failed is
//! much the same world again, not exactly the same: what is kept of a failure are its logs and stores.
#![allow(clippy::print_stdout)]

mod acts;
mod clocks;
mod convergence;
mod device;
mod disks;
mod figures;
mod ledger;
mod oracle;
mod processes;
mod proxy;
mod settings;
mod storm;
mod trouble;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use fastrand::Rng;

use figures::Figures;
use processes::Program;
use trouble::{Outcome, Trouble, machine};
use world::Ground;

/// Processes in all languages against a server, while everything around them misbehaves.
#[derive(Debug, Parser)]
struct Options {
    /// How long, altogether; at most a day.
    #[arg(long, default_value_t = 2.0, value_parser = minutes)]
    minutes: f64,
    /// The seed of the first world; each next one has the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program of the mock server.
    #[arg(long)]
    server: PathBuf,
    /// A driver, as `LANGUAGE=COMMAND WORD …`.
    #[arg(long = "driver", value_name = "LANGUAGE=COMMAND", required = true, value_parser = program)]
    drivers: Vec<Program>,
    /// The library of libfaketime, for clocks that are wrong.
    #[arg(long)]
    faketime: Option<PathBuf>,

    /// Keeps the folder of each world, with its logs and stores.
    #[arg(long)]
    keep: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: Result<f64, _> = text.parse();
    match minutes {
        Ok(minutes) if minutes > 0.0 && minutes <= 1440.0 => Ok(minutes),
        Ok(_) | Err(_) => Err(format!("{text:?} is not between 0 and 1440 minutes")),
    }
}

/// A storm lasts between these.
const STORM: std::ops::Range<u64> = 10..40;
/// So long a device may have to rest after the storm: it has spent its tries of a minute (PROTOCOL.md §3.9).
const REST: Duration = Duration::from_secs(60);
/// With less than this before the rest there is no further world.
const SHORTEST: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // One that is there already serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let figures = Figures::default();
    let ran = run(&options, &figures).await;
    print!("{figures}");
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            println!("{trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options, figures: &Figures) -> Outcome {
    let begin = Instant::now();
    let folder = tempfile::tempdir().map_err(machine)?;
    let (disks, missing) = disks::probe(folder.path());
    for what in missing {
        println!("SKIPPED: {what}");
    }
    if options.faketime.is_none() {
        println!("SKIPPED: no clocks that are wrong: there is no libfaketime");
    }
    let ground = Ground {
        server: options.server.clone(),
        programs: options.drivers.clone(),
        disks,
        faketime: options.faketime.clone(),
        figures: figures.clone(),
    };
    let all = Duration::from_secs_f64(options.minutes * 60.0);
    for seed in options.seed.. {
        let left = all.saturating_sub(begin.elapsed() + REST);
        if left < SHORTEST && seed > options.seed {
            break;
        }
        let storm = Duration::from_secs(Rng::with_seed(seed).u64(STORM));
        let storm = storm.min(left.max(SHORTEST));
        let folder = tempfile::Builder::new().prefix("fulmar-chaos-").tempdir();
        let folder = folder.map_err(machine)?;
        match world::run(&ground, seed, storm, folder.path()).await {
            Ok(said) => {
                println!("seed {seed}: {said}");
                if options.keep {
                    println!("kept in {}", folder.keep().display());
                }
            }
            Err(trouble) => return Err(kept(&trouble, seed, folder)),
        }
    }
    Ok(())
}

/// The same, with the way to look into it.
fn kept(trouble: &Trouble, seed: u64, folder: tempfile::TempDir) -> Trouble {
    let folder = folder.keep();
    Trouble::Failed(format!(
        "seed {seed}: {trouble}\nlogs and stores are in {}; much the same again, with the same languages: cargo xtask chaos --seed {seed}",
        folder.display()
    ))
}

fn program(option: &str) -> Result<Program, String> {
    let (language, command) = option.split_once('=').ok_or("wanted is LANGUAGE=COMMAND")?;
    Ok(Program {
        language: language.to_owned(),
        words: command.split_whitespace().map(str::to_owned).collect(),
    })
}
