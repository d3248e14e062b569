//! Which steps make up a task, in which order: what fails fast comes first, and what others need before them.

use std::process::Command;

use crate::amounts::{Amounts, CI, Figures, NIGHTLY};
use crate::packages::{self, Missing};
use crate::products::{self, DEBUG, LIBRARIES, PROGRAMS, RELEASE, SERVER};
use crate::run::{self, Step};
use crate::toolchains::{self, Language};
use crate::{
    bindings, chaos, contract, dependencies, features, fuzz, harnesses, ktlint, languages, minimal,
    package, purity, surface, tidy, valgrind,
};
use package::Beside;
use package::android::Archives;

/// How many worlds the inner loop simulates, without optimisation.
const FAST_WORLDS: &str = "10";

/// Everything that tests something, where this machine has what it takes.
pub(crate) fn test() -> Vec<Step> {
    let mut steps = vec![tests(), build()];
    steps.extend(worlds(CI));
    steps.extend(programs(CI, Missing::Skip));
    steps
}

/// The inner loop: what finds most in little time, out of one debug build.
pub(crate) fn fast() -> Vec<Step> {
    vec![
        Step::cargo(
            "units, vectors and end to end",
            &[
                "test",
                "--workspace",
                "--locked",
                "--lib",
                "--test",
                "vectors",
                "--test",
                "end_to_end",
            ],
        ),
        Step::new("simulation", || {
            products::build(&[&["--bin", "fulmar-simulation"]])?;
            let simulation = products::program(DEBUG, "fulmar-simulation")?;
            run::program(Command::new(simulation).args(["--seeds", FAST_WORLDS]))
        }),
        Step::new("what was left out", || {
            println!(
                "Not run: tests in documentation, the conformance suite, the mock server's program and its other \
                 tests, planted defects, all but {FAST_WORLDS} worlds of the simulation, the contract, the \
                 Kotlin and Swift packages, the examples. `cargo xtask test` runs them. Format, lints and docs: \
                 `cargo xtask ci`."
            );
            Ok(())
        }),
    ]
}

/// What must pass before a change lands.
pub(crate) fn ci() -> Vec<Step> {
    all(CI)
}

/// The same with larger amounts.
pub(crate) fn nightly() -> Vec<Step> {
    before(all(NIGHTLY), valgrind())
}

fn all(amounts: Amounts) -> Vec<Step> {
    let mut steps = vec![
        setup(),
        Step::cargo("format", &["fmt", "--all", "--check"]),
        Step::cargo(
            "format of the fuzzers",
            &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"],
        ),
        Step::cargo(
            "format of the schedules",
            &[
                "fmt",
                "--manifest-path",
                "tests/schedules/Cargo.toml",
                "--check",
            ],
        ),
        Step::new("format of Kotlin", ktlint::check),
        Step::new("tidy", tidy::check),
        Step::new("purity", purity::check),
        Step::new("features", features::check),
        Step::new("harnesses", harnesses::check),
        Step::new("dependencies", dependencies::check),
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
        Step::new("docs", || {
            let words = ["doc", "--workspace", "--no-deps", "--locked"];
            run::cargo(&words, &[("RUSTDOCFLAGS", "-D warnings")])
        }),
        tests(),
        build(),
    ];
    steps.extend(worlds(amounts));
    let library = Beside::new();
    let begun = library.clone();
    steps.push(Step::new("library for apps, begun", move || begun.begin()));
    steps.extend(programs(amounts, Missing::Refuse));
    steps.extend([
        Step::new("package android", move || {
            library.finish()?;
            package::android::package(Archives::Built)
        }),
        Step::new("package apple", package::apple::package),
        Step::new("chaos", move || {
            chaos::run(&chaos::Options::of(amounts.chaos))
        }),
        Step::new("fuzz", move || fuzz::run(amounts.fuzz)),
        bench(amounts.figures),
        load(
            amounts.figures,
            amounts.load.iter().map(ToString::to_string).collect(),
        ),
        crossing(amounts.figures),
    ]);
    steps
}

/// What keeps all cores busy by itself.
fn worlds(amounts: Amounts) -> Vec<Step> {
    vec![
        Step::new("bindings", bindings::generate),
        Step::new("surface", surface::check),
        simulate(vec!["--seeds".to_owned(), amounts.worlds.to_owned()]),
        planted_defects(amounts.shorten),
    ]
}

/// What runs beside the tests in Rust, out of what `build` has built; most of it on one core, or waiting.
fn programs(amounts: Amounts, missing: Missing) -> Vec<Step> {
    vec![
        lanes(),
        schedules(),
        Step::new("defective backends", mutations),
        Step::new("kotlin", move || packages::test(Language::Kotlin, missing)),
        Step::new("swift", move || packages::test(Language::Swift, missing)),
        languages(vec!["--seeds".to_owned(), amounts.workloads.to_owned()]),
        Step::new("panics", languages::panics),
        endings(amounts.endings),
        Step::new("quickstart", || example("quickstart")),
        Step::new("feature tour", || example("feature_tour")),
        Step::new("contract", move || contract::test(missing)),
        Step::new("minimal backend", move || minimal::test(missing)),
    ]
}

pub(crate) fn setup() -> Step {
    Step::new("setup", toolchains::setup)
}

/// All of them, also after one that failed: one run tells everything that there is to mend.
fn tests() -> Step {
    Step::cargo(
        "tests",
        &["test", "--workspace", "--locked", "--no-fail-fast"],
    )
}

fn build() -> Step {
    Step::new("build", || products::build(&[LIBRARIES, PROGRAMS]))
}

/// The sources of Kotlin and Swift, from the library.
pub(crate) fn bindings() -> Vec<Step> {
    vec![
        Step::new("build", || products::build(&[bindings::WANTED])),
        Step::new("bindings", bindings::generate),
    ]
}

pub(crate) fn surface() -> Vec<Step> {
    before(bindings(), Step::new("surface", surface::check))
}

pub(crate) fn contract() -> Vec<Step> {
    vec![
        Step::new("build", || products::build(&[SERVER])),
        Step::new("contract", || contract::test(Missing::Refuse)),
    ]
}

pub(crate) fn package_android() -> Vec<Step> {
    let package = || package::android::package(Archives::Wanted);
    before(bindings(), Step::new("package android", package))
}

pub(crate) fn package_apple() -> Vec<Step> {
    before(
        bindings(),
        Step::new("package apple", package::apple::package),
    )
}

pub(crate) fn workload(words: Vec<String>) -> Vec<Step> {
    before(classes(), languages(words))
}

pub(crate) fn chaos(options: chaos::Options) -> Vec<Step> {
    before(classes(), Step::new("chaos", move || chaos::run(&options)))
}

pub(crate) fn panics() -> Vec<Step> {
    before(classes(), Step::new("panics", languages::panics))
}

pub(crate) fn ends_of_processes(runs: Option<String>) -> Vec<Step> {
    let runs = runs.unwrap_or_else(|| CI.endings.to_owned());
    before(classes(), endings(runs))
}

pub(crate) fn figures(figures: Figures) -> Vec<Step> {
    let mut steps = vec![bench(figures)];
    steps.extend(crossings(figures));
    steps
}

pub(crate) fn crossings(figures: Figures) -> Vec<Step> {
    before(classes(), crossing(figures))
}

/// What programs of the packages are made of, for a step that starts them by itself.
fn classes() -> Vec<Step> {
    vec![
        build(),
        Step::new("bindings", bindings::generate),
        Step::new("kotlin classes", languages::kotlin_classes),
    ]
}

fn before(mut steps: Vec<Step>, last: Step) -> Vec<Step> {
    steps.push(last);
    steps
}

fn languages(words: Vec<String>) -> Step {
    Step::new("languages", move || languages::workload(&words))
}

fn endings(runs: impl Into<String>) -> Step {
    let runs = runs.into();
    Step::new("endings", move || languages::endings(&runs))
}

fn example(name: &str) -> Result<(), String> {
    let program = products::program(&format!("{DEBUG}/examples"), name)?;
    run::program(&mut Command::new(program))
}

/// Worlds, and the simulation must find what is planted in them.
pub(crate) fn simulate(words: Vec<String>) -> Step {
    Step::new("simulation", move || simulation(&words))
}

fn simulation(words: &[String]) -> Result<(), String> {
    products::build_release(&[&["--bin", "fulmar-simulation"]])?;
    let program = products::program(RELEASE, "fulmar-simulation")?;
    run::program(Command::new(program).args(words))
}

/// What is planted in the engine is found, and, where it is asked for, in a world that is a quarter as long at most.
fn planted_defects(shorten: bool) -> Step {
    Step::new("planted defects", move || {
        let mut words = vec!["--defects".to_owned()];
        if shorten {
            words.push("--shrink".to_owned());
        }
        simulation(&words)
    })
}

/// Every state of the model of lanes, within its bounds.
pub(crate) fn lanes() -> Step {
    Step::new("lanes", || {
        products::build_release(&[&["--bin", "fulmar-lane-model"]])?;
        let program = products::program(RELEASE, "fulmar-lane-model")?;
        run::program(&mut Command::new(program))
    })
}

/// The hand-overs between the threads of the runtime, in many orders: a quarter of a minute, and a minute and a half for
/// the build the first time. A workspace of its own, so that what it brings is in no other lock file.
pub(crate) fn schedules() -> Step {
    Step::cargo(
        "schedules",
        &[
            "test",
            "--manifest-path",
            "tests/schedules/Cargo.toml",
            "--locked",
            "--target-dir",
            "target",
        ],
    )
}

/// Memory of the runtime and of the surface for other languages, where there is valgrind.
pub(crate) fn valgrind() -> Step {
    Step::new("valgrind", valgrind::run)
}

/// Backends that each break one rule, and the conformance suite, which has to see it. Out of the debug build: most of
/// the time they wait for what does not come.
fn mutations() -> Result<(), String> {
    products::build(&[PROGRAMS])?;
    let program = products::program(DEBUG, "fulmar-mutations")?;
    run::program(&mut Command::new(program))
}

/// What crossing into other languages costs.
fn crossing(figures: Figures) -> Step {
    Step::new("crossing", move || {
        figures.build(&[languages::WANTED])?;
        let rounds = match figures {
            Figures::Full => "3000",
            Figures::Quick => "500",
        };
        languages::bench(rounds, figures.folder())
    })
}

pub(crate) fn load(figures: Figures, words: Vec<String>) -> Step {
    Step::new("load", move || {
        figures.build(&[SERVER, &["--bin", "fulmar-load"]])?;
        let server = products::program(figures.folder(), "fulmar-mock-server")?;
        let program = products::program(figures.folder(), "fulmar-load")?;
        run::program(
            Command::new(program)
                .arg("--server")
                .arg(server)
                .args(&words),
        )
    })
}

fn bench(figures: Figures) -> Step {
    Step::new("bench", move || measure(figures, &[]))
}

/// How the figures grow with what piles up.
pub(crate) fn growth(figures: Figures) -> Step {
    Step::new("growth", move || measure(figures, &["--growth"]))
}

fn measure(figures: Figures, words: &[&str]) -> Result<(), String> {
    figures.build(&[&["--bin", "fulmar-bench"]])?;
    let mut program = Command::new(products::program(figures.folder(), "fulmar-bench")?);
    program.args(words);
    match figures {
        Figures::Full => {}
        Figures::Quick => {
            program.arg("--quick");
        }
    }
    run::program(&mut program)
}
