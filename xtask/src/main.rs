//! The tasks of this repository.
//!
//! `cargo xtask test` runs every test; `cargo xtask ci` is what must pass before a change lands.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bindings;
mod contract;
mod fuzz;
mod languages;
mod package;
mod packages;
mod purity;
mod run;
mod surface;
mod tidy;
mod toolchains;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use packages::Missing;
use run::{Run, Step};
use toolchains::Language;

/// How many worlds CI simulates.
const CI_SEEDS: &str = "200";
/// How many workloads CI drives through clients of all languages.
const LANGUAGE_SEEDS: &str = "5";

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
    Test,
    /// Gets the toolchains of Kotlin and Swift that a Debian machine lacks, into a cache folder of the
    /// user.
    Setup,
    /// What must pass before a change lands: format, lints, tidy, dependencies, tests, docs, bench.
    Ci,
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
    /// simulator: `--seeds N`, `--from S`, `--defects`, `--verbose`.
    Simulate {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Compares what Rust, Kotlin and Swift show.
    Surface,
    /// Drives clients in Rust, Kotlin and Swift through one workload with faults and kills, and compares
    /// what they show. All further words go to it: `--seeds N`, `--from S`.
    Languages {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// A panic in Rust arrives in each language as an error.
    Panics,
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
    /// Measures, each figure beside its raw limit: `--quick` for a short run.
    Bench {
        #[arg(long)]
        quick: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Platform {
    /// The AAR.
    Android,
    /// The XCFramework.
    Apple,
}

fn main() -> ExitCode {
    let steps = match Options::parse().task {
        Task::Test => test(Missing::Skip),
        Task::Setup => vec![setup()],
        Task::Ci => ci(),
        Task::Bindings => vec![Step::check("bindings", bindings::generate)],
        Task::Surface => vec![
            Step::check("bindings", bindings::generate),
            Step::check("surface", surface::check),
        ],
        Task::Contract => vec![Step::check("contract", || contract::test(Missing::Refuse))],
        Task::Tidy { lower, list } => {
            vec![Step::check("tidy", move || tidy::run(lower, list))]
        }
        Task::Simulate { words } => vec![simulate(&words)],
        Task::Languages { words } => with_classes(languages(&words)),
        Task::Package { platform } => vec![match platform {
            Platform::Android => Step::check("package android", package::android::package),
            Platform::Apple => Step::check("package apple", package::apple::package),
        }],
        Task::Fuzz { seconds } => vec![Step::check("fuzz", move || fuzz::run(seconds))],
        Task::Load { words } => vec![load(words)],
        Task::Panics => with_classes(Step::check("panics", languages::panics)),
        Task::Crossing { quick } => with_classes(crossing(quick)),
        Task::Bench { quick } => {
            let mut steps = vec![bench(quick)];
            steps.extend(with_classes(crossing(quick)));
            steps
        }
    };
    Run::all(steps)
}

fn setup() -> Step {
    Step::check("setup", toolchains::setup)
}

fn test(missing: Missing) -> Vec<Step> {
    vec![
        Step::cargo("tests", &["test", "--workspace", "--locked"]),
        simulate(&["--seeds".to_owned(), CI_SEEDS.to_owned()]),
        defects(),
        Step::check("contract", move || contract::test(missing)),
        Step::check("bindings", packages::build),
        Step::check("surface", surface::check),
        Step::check("kotlin", move || packages::test(Language::Kotlin, missing)),
        Step::check("swift", move || packages::test(Language::Swift, missing)),
        languages(&["--seeds".to_owned(), LANGUAGE_SEEDS.to_owned()]),
        Step::check("panics", languages::panics),
        Step::cargo(
            "quickstart",
            &["run", "--locked", "--example", "quickstart"],
        ),
        Step::cargo(
            "feature tour",
            &["run", "--locked", "--example", "feature_tour"],
        ),
    ]
}

fn ci() -> Vec<Step> {
    let mut steps = vec![
        setup(),
        Step::cargo("format", &["fmt", "--all", "--check"]),
        Step::cargo(
            "format of the fuzzers",
            &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"],
        ),
        Step::check("tidy", tidy::check),
        Step::check("purity", purity::check),
        Step::cargo(
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        ),
    ];
    steps.extend(test(Missing::Refuse));
    steps.extend([
        Step::cargo("docs", &["doc", "--workspace", "--no-deps", "--locked"])
            .with_env("RUSTDOCFLAGS", "-D warnings"),
        Step::check("fuzz", || fuzz::run(None)),
        bench(true),
        load(
            [
                "--sockets",
                "500",
                "--participants",
                "250",
                "--messages",
                "20",
            ]
            .map(str::to_owned)
            .to_vec(),
        ),
        crossing(true),
        Step::check("package android", package::android::package),
        Step::check("package apple", package::apple::package),
        Step::check("dependencies", run::deny),
    ]);
    steps
}

/// A step by itself that starts programs of the packages: what they are made of comes first.
fn with_classes(step: Step) -> Vec<Step> {
    vec![
        Step::check("bindings", packages::build),
        Step::check("kotlin classes", languages::kotlin_classes),
        step,
    ]
}

fn languages(words: &[String]) -> Step {
    let words = words.to_vec();
    Step::check("languages", move || languages::workload(&words))
}

fn simulate(words: &[String]) -> Step {
    let mut arguments = vec![
        "run",
        "--locked",
        "--release",
        "--package",
        "fulmar-simulation",
        "--",
    ];
    arguments.extend(words.iter().map(String::as_str));
    Step::cargo("simulation", &arguments)
}

/// The simulation must find what is planted. The defects are compiled into a build of their own.
fn defects() -> Step {
    Step::cargo(
        "planted defects",
        &[
            "run",
            "--locked",
            "--release",
            "--package",
            "fulmar-simulation",
            "--target-dir",
            "target/defects",
            "--",
            "--defects",
        ],
    )
    .with_env("RUSTFLAGS", "--cfg fulmar_defects")
}

/// What crossing into other languages costs.
fn crossing(quick: bool) -> Step {
    let rounds = if quick { "500" } else { "3000" };
    Step::check("crossing", move || languages::bench(rounds))
}

fn load(words: Vec<String>) -> Step {
    Step::check("load", move || {
        let packages = [
            "--package",
            "fulmar-mock-server",
            "--package",
            "fulmar-load",
        ];
        run::cargo(
            &[&["build", "--locked", "--release"], &packages[..]].concat(),
            &[],
        )?;
        let program = ["--package", "fulmar-load", "--", "--server"];
        let server = ["target/release/fulmar-mock-server"];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let run = [
            &["run", "--locked", "--release"],
            &program[..],
            &server,
            &words,
        ]
        .concat();
        run::cargo(&run, &[])
    })
}

fn bench(quick: bool) -> Step {
    let mut arguments = vec![
        "run",
        "--locked",
        "--release",
        "--package",
        "fulmar-bench",
        "--",
    ];
    if quick {
        arguments.push("--quick");
    }
    Step::cargo("bench", &arguments)
}
