//! Fuzzing: every target for a while, from the corpus in `fuzz/corpus` and from what the protocol's vectors and the
//! scenarios say. The targets are those of cargo-fuzz; built here without it, so that CI needs no further tool and
//! no other compiler.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How the compiler instruments code for the fuzzer: as cargo-fuzz does without a sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
const VECTORS: &[&str] = &[
    "protocol/vectors/accept",
    "protocol/vectors/future",
    "protocol/vectors/reject",
];
/// Each target, what it begins with beside its corpus, and how many runs are a smoke test.
const TARGETS: [(&str, &[&str], u32); 9] = [
    ("frames", VECTORS, 30_000),
    ("bodies", VECTORS, 30_000),
    ("answers", &[], 30_000),
    ("worlds", &["mock-server/scenarios"], 30_000),
    ("backend", &[], 1_200),
    ("inputs", &[], 400),
    ("store", &[], 400),
    ("search", &[], 400),
    ("push", &[], 400),
];

/// Runs every target for so many seconds, or as a smoke test, each on one core, and goes on after one that failed.
pub(crate) fn run(seconds: Option<u32>) -> Result<(), String> {
    let host = host()?;
    // With a target of its own, build scripts are built without the instruments.
    let words = [
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        &host,
        // The folder of everything else, so that macros and build scripts are there already.
        "--target-dir",
        "target",
    ];
    crate::run::cargo(&words, &[("RUSTFLAGS", FLAGS)])?;
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = one(&host, target, seconds);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    match told {
                        Ok(told) => println!("\n{}\n{told}", target.0),
                        Err(reason) => failed.push(reason),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed.is_empty() {
        true => Ok(()),
        false => Err(failed.join("\n")),
    }
}

/// Runs one target on one core, and gives what it says.
fn one(
    host: &str,
    (target, seeds, runs): &(&str, &[&str], u32),
    seconds: Option<u32>,
) -> Result<String, String> {
    // What is found on the way is worth keeping only after a merge: it goes to a folder of its own.
    let found = format!("target/fuzz/found/{target}");
    std::fs::create_dir_all(&found).map_err(|error| format!("{found}: {error}"))?;
    let mut command = Command::new(format!("target/{host}/release/{target}"));
    command.args([
        "-timeout=20",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]);
    command.arg(format!("-artifact_prefix=target/fuzz/{target}-"));
    match seconds {
        Some(seconds) => command.arg(format!("-max_total_time={seconds}")),
        None => command.args([format!("-runs={runs}"), "-seed=1".to_owned()]),
    };
    command.arg(&found).arg(format!("fuzz/corpus/{target}"));
    command.args(seeds.iter().filter(|seeds| Path::new(seeds).exists()));
    let ended = command.output();
    let ended = ended.map_err(|error| format!("{target} could not be run: {error}"))?;
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    match ended.status.success() {
        true => Ok(told),
        false => Err(format!(
            "{told}\n{target} ended with {}: what it was given is in target/fuzz/{target}-crash-…",
            ended.status
        )),
    }
}

/// The machine that the compiler builds for.
pub(crate) fn host() -> Result<String, String> {
    let told = Command::new("rustc").arg("-vV").output();
    let told = told.map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not say what it builds for".to_owned())
}
