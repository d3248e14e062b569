//! Drives clients in several languages through one workload from a seed, and compares what they show.
#![allow(clippy::print_stdout)]

mod bench;
mod device;
mod endings;
mod interpreters;
mod panics;
mod process;
mod samples;
mod workload;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

use device::Program;

/// Something went wrong, with all that is known of it.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One workload for clients in Rust, Kotlin and Swift.
#[derive(Debug, Parser)]
struct Options {
    /// How many workloads.
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// A driver, as `NAME=COMMAND WORD …`; the one in Rust is always there.
    #[arg(long = "driver", value_name = "NAME=COMMAND")]
    drivers: Vec<String>,
    /// A terminal sample, as `NAME=COMMAND WORD …`. With any, they talk to each other first.
    #[arg(long = "sample", value_name = "NAME=COMMAND")]
    samples: Vec<String>,
    /// A driver over a library with planted panics, as `NAME=COMMAND WORD …`.
    #[arg(long = "panics", value_name = "NAME=COMMAND")]
    panics: Vec<String>,
    /// A driver whose processes must end in peace, as `NAME=COMMAND WORD …`.
    #[arg(long = "ending", value_name = "NAME=COMMAND")]
    endings: Vec<String>,
    /// A program for an interpreter that ends in every way, as `NAME=COMMAND WORD …`.
    #[arg(long = "interpreter", value_name = "NAME=COMMAND")]
    interpreters: Vec<String>,
    /// How many processes end in each way.
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Measures what crossing into each language costs, with so many rounds, instead of anything else.
    #[arg(long)]
    bench: Option<u32>,
}

fn main() -> Outcome {
    let options = Options::parse();
    let mut programs = vec![Program::new(
        "rust",
        &[beside("driver")?.display().to_string()],
    )];
    programs.extend(programs_of(&options.drivers)?);
    // The server has threads of its own, so that waiting for a driver holds nobody up.
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(rounds) = options.bench {
        return bench::run(&runtime, &programs, rounds);
    }
    for program in programs_of(&options.panics)? {
        panics::run(&runtime, &program)?;
        println!("a panic arrives in {} as an error", program.name);
    }
    for program in programs_of(&options.endings)? {
        let begin = Instant::now();
        endings::run(&runtime, &program, options.runs)?;
        let (runs, seconds) = (options.runs, begin.elapsed().as_secs());
        println!(
            "processes of {} end in peace: {runs} in each way, {seconds} s",
            program.name
        );
    }
    for program in programs_of(&options.interpreters)? {
        let begin = Instant::now();
        interpreters::run(&runtime, &program, options.runs)?;
        let (runs, seconds) = (options.runs, begin.elapsed().as_secs());
        println!(
            "interpreters of {} end in peace: {runs} in each way, {seconds} s",
            program.name
        );
    }
    let samples = programs_of(&options.samples)?;
    if !samples.is_empty() {
        println!("the samples talk: {}", samples::run(&runtime, &samples)?);
    }
    for seed in options.from..options.from + options.seeds {
        let said = workload::run(&runtime, seed, &programs);
        println!(
            "seed {seed}: {}",
            said.map_err(|error| format!("seed {seed}: {error}"))?
        );
    }
    Ok(())
}

fn programs_of(options: &[String]) -> Outcome<Vec<Program>> {
    let programs = options.iter().map(|option| {
        let (name, command) = option.split_once('=').ok_or("wanted is NAME=COMMAND")?;
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        Ok(Program::new(name, &words))
    });
    programs.collect()
}

/// A program that was built together with this one.
fn beside(name: &str) -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
