//! The tasks of this repository.
//!
//! `cargo xtask test` runs every test; `cargo xtask ci` is what must pass before a change lands.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod amounts;
mod bindings;
mod chaos;
mod contract;
mod dependencies;
mod faketime;
mod features;
mod fuzz;
mod harnesses;
mod ktlint;
mod languages;
mod minimal;
mod package;
mod packages;
mod plan;
mod products;
mod purity;
mod python;
mod run;
mod sizes;
mod surface;
mod tidy;
mod toolchains;
mod valgrind;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use amounts::Figures;
use run::{AfterFailure, Step};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Every test: units, docs, vectors, end to end, conformance, simulation, planted defects, the
    /// Kotlin and Swift packages, the examples.
    Test {
        /// The inner loop: units, vectors and end to end of the whole workspace, and a few worlds of the
        /// simulation. Left out: tests in documentation, the conformance suite, the mock server's program,
        /// planted defects, the contract, the Kotlin and Swift packages, the examples.
        #[arg(long)]
        fast: bool,
    },
    /// Gets the toolchains of Kotlin and Swift that a Debian machine lacks, and ktlint, into a cache folder
    /// of the user.
    Setup,
    /// What must pass before a change lands: format, tidy, dependencies, lints, docs, tests, fuzzers, figures,
    /// packages. Goes on after a step that failed, and names at the end all that did.
    Ci,
    /// The same with larger amounts, for hours: thousands of worlds, minutes for each fuzzer, figures from
    /// release builds, a soak.
    Nightly,
    /// Formats Rust and Kotlin.
    Format,
    /// Rules of this repository that no compiler knows.
    Tidy {
        /// Lowers the numbers of xtask/tidy/ratchet.toml to what is there now.
        #[arg(long)]
        lower: bool,
        /// Names every place that is counted.
        #[arg(long)]
        list: bool,
    },
    /// Generates the Kotlin and Swift sources from the built library.
    Bindings,
    /// Asks the mock server all that its OpenAPI document allows, and more, with a property-based tester
    Contract,
    /// Simulates worlds of people, devices, storms and crashes. All further words go to the
    /// simulator: `--seeds N`, `--from S`, `--shrink`, `--defects`, `--verbose`, `--keep-going`.
    Simulate {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Visits every state of the model of lanes within its bounds.
    Lanes,
    /// Runs the hand-overs between the threads of the runtime in many orders.
    Schedules,
    /// Runs the tests of the runtime and of the surface for other languages under valgrind.
    Valgrind,
    /// Compares what Rust, Kotlin and Swift show.
    Surface,
    /// Drives clients in Rust, Kotlin and Swift through one workload with faults and kills, and compares
    /// what they show. All further words go to it: `--seeds N`, `--from S`.
    Languages {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Processes in Rust, Kotlin and Swift against the mock server's, while networks, processes, disks and clocks
    /// misbehave; then nothing is lost, doubled or out of order, and all show the same.
    Chaos {
        /// How long, altogether.
        #[arg(long, default_value = "2")]
        minutes: String,
        /// The seed of the first world.
        #[arg(long, default_value = "1")]
        seed: String,
        /// Whose drivers take part; all that are set up, where none is named.
        #[arg(long, value_delimiter = ',')]
        languages: Vec<chaos::Driver>,
    },
    /// A panic in Rust arrives in each language as an error.
    Panics,
    /// Processes in each language end with exit code 0 and nothing on standard error, whether they closed their clients
    /// or not.
    Endings {
        /// How many end in each way.
        #[arg(long)]
        runs: Option<String>,
    },
    /// What crossing into each language costs.
    Crossing {
        #[arg(long)]
        quick: bool,
    },
    /// Builds what app teams get, and says what this machine lacks for the rest of it.
    Package { platform: Platform },
    /// Gives every parser, and the backend as a whole, what nobody would send: so many seconds each, or briefly.
    Fuzz {
        #[arg(long)]
        seconds: Option<u32>,
    },
    /// Thousands of live sockets against a mock server: connections, messages and their way to the last receiver,
    /// memory, and that nothing was lost. All further words go to it: `--sockets N`, `--soak SECONDS`.
    Load {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Measures, each figure beside its raw limit, and how they grow: `--quick` for a short run, `--growth` for that alone
    Bench {
        #[arg(long)]
        quick: bool,
        #[arg(long)]
        growth: bool,
    },
}

impl Task {
    /// The long runs name everything that is wrong at once.
    fn after_failure(&self) -> AfterFailure {
        if matches!(self, Self::Ci | Self::Nightly) {
            AfterFailure::GoOn
        } else {
            AfterFailure::Stop
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Platform {
    /// The AAR.
    Android,
    /// The XCFramework.
    Apple,
}

/// All paths here are from the root of the repository, wherever the user stands in it.
fn enter_repository() -> std::io::Result<()> {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(xtask) => std::env::set_current_dir(Path::new(&xtask).join("..")),
        // Not run by Cargo: where it stands.
        None => Ok(()),
    }
}

fn main() -> ExitCode {
    let task = Options::parse().task;
    if let Err(error) = enter_repository() {
        eprintln!("the root of the repository cannot be entered: {error}");
        return ExitCode::FAILURE;
    }
    let after_failure = task.after_failure();
    let steps = match task {
        Task::Test { fast: true } => plan::fast(),
        Task::Test { fast: false } => plan::test(),
        Task::Setup => vec![plan::setup()],
        Task::Ci => plan::ci(),
        Task::Nightly => plan::nightly(),
        Task::Format => vec![
            Step::cargo("format", &["fmt", "--all"]),
            Step::cargo(
                "format of the fuzzers",
                &["fmt", "--manifest-path", "fuzz/Cargo.toml"],
            ),
            Step::cargo(
                "format of the schedules",
                &["fmt", "--manifest-path", "tests/schedules/Cargo.toml"],
            ),
            Step::new("format of Kotlin", ktlint::format),
        ],
        Task::Bindings => plan::bindings(),
        Task::Surface => plan::surface(),
        Task::Contract => plan::contract(),
        Task::Tidy { lower, list } => {
            vec![Step::new("tidy", move || tidy::run(lower, list))]
        }
        Task::Simulate { words } => vec![plan::simulate(words)],
        Task::Lanes => vec![plan::lanes()],
        Task::Schedules => vec![plan::schedules()],
        Task::Valgrind => vec![plan::valgrind()],
        Task::Languages { words } => plan::workload(words),
        Task::Package {
            platform: Platform::Android,
        } => plan::package_android(),
        Task::Package {
            platform: Platform::Apple,
        } => plan::package_apple(),
        Task::Fuzz { seconds } => vec![Step::new("fuzz", move || fuzz::run(seconds))],
        Task::Load { words } => vec![plan::load(Figures::Full, words)],
        Task::Chaos {
            minutes,
            seed,
            languages,
        } => plan::chaos(chaos::Options {
            minutes,
            seed,
            drivers: languages,
        }),
        Task::Panics => plan::panics(),
        Task::Endings { runs } => plan::ends_of_processes(runs),
        Task::Crossing { quick } => plan::crossings(Figures::new(quick)),
        Task::Bench {
            quick,
            growth: false,
        } => plan::figures(Figures::new(quick)),
        Task::Bench {
            quick,
            growth: true,
        } => vec![plan::growth(Figures::new(quick))],
    };
    run::all(&steps, after_failure)
}
