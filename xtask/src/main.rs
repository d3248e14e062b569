//! The tasks of this repository.
//!
//! `cargo xtask test` runs every test; `cargo xtask ci` is what must pass before a change lands.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bindings;
mod purity;
mod run;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use run::{Run, Step};

/// How many worlds CI simulates.
const CI_SEEDS: &str = "200";

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Every test: units, docs, vectors, end to end, conformance, simulation, planted defects,
    /// bindings, quickstart.
    Test,
    /// What must pass before a change lands: format, lints, tidy, dependencies, tests, docs, bench.
    Ci,
    /// Rules of this repository that no compiler knows.
    Tidy,
    /// Generates the Kotlin and Swift sources from the built library.
    Bindings,
    /// Simulates worlds of people, devices, storms and crashes. All further words go to the
    /// simulator: `--seeds N`, `--from S`, `--defects`, `--verbose`.
    Simulate {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Measures, each figure beside its raw limit: `--quick` for a short run.
    Bench {
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    let steps = match Options::parse().task {
        Task::Test => test(),
        Task::Ci => ci(),
        Task::Bindings => vec![Step::check("bindings", bindings::generate)],
        Task::Tidy => vec![Step::check("tidy", tidy::check)],
        Task::Simulate { words } => vec![simulate(&words)],
        Task::Bench { quick } => vec![bench(quick)],
    };
    Run::all(steps)
}

fn test() -> Vec<Step> {
    vec![
        Step::cargo("tests", &["test", "--workspace", "--locked"]),
        simulate(&["--seeds".to_owned(), CI_SEEDS.to_owned()]),
        defects(),
        Step::check("bindings", bindings::generate),
        Step::cargo(
            "quickstart",
            &["run", "--locked", "--example", "quickstart"],
        ),
    ]
}

fn ci() -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("format", &["fmt", "--all", "--check"]),
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
    steps.extend(test());
    steps.extend([
        Step::cargo("docs", &["doc", "--workspace", "--no-deps", "--locked"])
            .with_env("RUSTDOCFLAGS", "-D warnings"),
        bench(true),
        Step::check("dependencies", run::deny),
    ]);
    steps
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
