//! Backends that each break one rule of PROTOCOL.md, and whether the conformance suite sees it.
//!
//! Every defect that can be planted in the backend is planted in a world of its own, and the check that names the
//! broken rule judges it. A defect that is not seen is a hole in the suite. It fails where fewer than 95 of 100 are
//! seen, where a survivor is not named here with its reason, and where the README of the suite says another score.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use fulmar_conformance::{Backend, Report, Verdict, run};
use fulmar_mock_server::{Defect, MockServer, Scenario};
use futures_util::stream::{self, StreamExt as _};

/// How many worlds are judged at once: most of the time they wait for what does not come.
const AT_ONCE: usize = 24;
/// Of a hundred defects, how many have to be seen.
const WANTED_PERCENT: usize = 95;
/// Defects that no check sees, and why.
const SURVIVORS: &[(Defect, &str)] = &[];
/// What the score is said in.
const README: &str = include_str!("../../../mock-server/conformance/README.md");

/// Plants defects in the mock backend, and judges it.
#[derive(Parser)]
struct Options {
    /// Only the defects whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// Also say what each check saw.
    #[arg(long)]
    why: bool,
}

/// What the check said of one defect.
enum Seen {
    /// It failed, as it should, and said this.
    Caught(String),
    /// It passed, or was skipped.
    Survived,
    /// There is no such check, or it could not be run.
    NotJudged(String),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let began = Instant::now();
    let wanted: Vec<Defect> = Defect::ALL
        .iter()
        .copied()
        .filter(|defect| format!("{defect:?}").contains(&options.only))
        .collect();
    let server = match MockServer::builder().start().await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("the mock server cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let judged: Vec<(Defect, Seen)> = stream::iter(&wanted)
        .map(|defect| judge(&server, *defect))
        .buffered(AT_ONCE)
        .collect()
        .await;
    for (defect, seen) in &judged {
        if let (true, Seen::Caught(reason)) = (options.why, seen) {
            println!("{defect:?} {}: {reason}", defect.check());
        }
    }
    let whole = wanted.len() == Defect::ALL.len();
    let complaints = complaints(&judged, whole);
    println!(
        "{} of {} defects are caught by the check that names their rule, in {:.1} s",
        caught(&judged),
        judged.len(),
        began.elapsed().as_secs_f64()
    );
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Judges a backend with one defect by the one check that has to see it.
async fn judge(server: &MockServer, defect: Defect) -> (Defect, Seen) {
    let demo = Scenario {
        demo: true,
        ..Scenario::default()
    };
    let world = match server.create_world(&demo) {
        Ok(world) => world,
        Err(error) => return (defect, Seen::NotJudged(error.to_string())),
    };
    world.plant(defect);
    let reports = run(&Backend::new(&world.url()), Some(defect.check())).await;
    server.end_world(&world);
    (defect, seen(defect, &reports))
}

fn seen(defect: Defect, reports: &[Report]) -> Seen {
    match reports {
        [report] if report.id == defect.check() => match &report.result {
            Verdict::Fail { reason, .. } => Seen::Caught(reason.clone()),
            Verdict::Pass | Verdict::Skip { .. } => Seen::Survived,
        },
        others => Seen::NotJudged(format!("{others:?}")),
    }
}

fn caught(judged: &[(Defect, Seen)]) -> usize {
    let caught = judged
        .iter()
        .filter(|(_, seen)| matches!(seen, Seen::Caught(_)));
    caught.count()
}

/// Everything that is wrong with the outcome.
fn complaints(judged: &[(Defect, Seen)], whole: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for (defect, seen) in judged {
        let (check, says) = (defect.check(), defect.says());
        let known = SURVIVORS.iter().find(|(survivor, _)| survivor == defect);
        match (seen, known) {
            (Seen::Caught(_), None) => {}
            (Seen::Survived, Some((_, reason))) => {
                println!("{defect:?} is not seen by {check}: {reason}");
            }
            (Seen::Caught(_), Some(_)) => {
                complaints.push(format!("{defect:?} is seen by {check}: name it no more"));
            }
            (Seen::Survived, None) => {
                complaints.push(format!("{defect:?} is not seen by {check}: {says}"));
            }
            (Seen::NotJudged(why), _) => {
                complaints.push(format!("{defect:?} was not judged by {check}: {why}"));
            }
        }
    }
    let (caught, all) = (caught(judged), judged.len());
    if caught * 100 < all * WANTED_PERCENT {
        complaints.push(format!("fewer than {WANTED_PERCENT} of 100 are caught"));
    }
    let score = format!("{caught} of {all}");
    if whole && !README.contains(&score) {
        complaints.push(format!(
            "mock-server/conformance/README.md does not say that it is {score}"
        ));
    }
    complaints
}
