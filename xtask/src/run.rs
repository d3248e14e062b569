//! Running steps, one after the other, with what each took.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::sizes;

/// One thing to do.
pub(crate) struct Step {
    name: &'static str,
    work: Box<dyn Fn() -> Result<(), String>>,
}

impl Step {
    pub(crate) fn new(name: &'static str, work: impl Fn() -> Result<(), String> + 'static) -> Self {
        Self {
            name,
            work: Box::new(work),
        }
    }

    pub(crate) fn cargo(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self::new(name, move || cargo(arguments, &[]))
    }
}

/// What follows a step that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// No further step: each builds on the one before.
    Stop,
    /// All other steps, so that one run names everything that is wrong.
    GoOn,
}

/// Runs steps in order, and says at the end what each took and which failed.
pub(crate) fn all(steps: &[Step], after_failure: AfterFailure) -> ExitCode {
    let mut times = Vec::new();
    let mut failed = Vec::new();
    for step in steps {
        println!("\n── {} ──", step.name);
        let (start, before) = (Instant::now(), processor_time());
        let outcome = (step.work)();
        let used = processor_time()
            .zip(before)
            .map(|(now, before)| now - before);
        times.push((step.name, start.elapsed(), used));
        if let Err(reason) = outcome {
            eprintln!("\n{} failed: {reason}", step.name);
            failed.push((step.name, reason));
            if after_failure == AfterFailure::Stop {
                break;
            }
        }
    }
    if steps.len() > 1 {
        table(&times);
        for (name, reason) in &failed {
            eprintln!("failed: {name}: {reason}");
        }
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What each step took: on the clock, and of all processors together. Only the second can be compared between a
/// busy machine and an idle one.
fn table(times: &[(&str, Duration, Option<Duration>)]) {
    println!("\n{:>9} {:>9}", "minutes", "processor");
    let minutes = |time: Duration| time.as_secs_f64() / 60.0;
    let line = |name: &str, time: Duration, used: Option<Duration>| {
        let used = used.map_or_else(String::new, |used| format!("{:.1}", minutes(used)));
        println!("{:>9.1} {used:>9}  {name}", minutes(time));
    };
    for (name, time, used) in times {
        line(name, *time, *used);
    }
    let all = times.iter().map(|(_, time, _)| *time).sum();
    let used = times.iter().map(|(_, _, used)| *used).sum();
    line("in all", all, used);
    println!();
    for (folder, bytes) in sizes::of_builds() {
        println!("{:>9.2} GiB  {folder}", bytes as f64 / f64::from(1 << 30));
    }
}

/// The processor time of all programs that have ended; where the system is Linux.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything. Behind it, the 14th and 15th word are ticks of
    // children: a hundred a second, whatever the machine.
    let (_, words) = text.rsplit_once(')')?;
    let ticks = words.split_whitespace().skip(13).take(2);
    let ticks: u64 = ticks.map(|word| word.parse().unwrap_or(0)).sum();
    Some(Duration::from_millis(ticks * 10))
}

pub(crate) fn cargo(arguments: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
    match cargo_command(arguments, env).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} ended with {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo could not be run: {error}")),
    }
}

/// Cargo with these words, as every step runs it.
pub(crate) fn cargo_command(arguments: &[&str], env: &[(&str, &str)]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(arguments).envs(env.iter().copied());
    // Cargo told these to this program. A build script of ring looks at the first: handed on, ring and all above
    // it would be built again whenever Cargo is run by hand and from here in turn.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
        command.env_remove(name);
    }
    // The packages of Kotlin and Swift, and the steps here, look for what was built in this folder, whatever the
    // user has set for Cargo.
    command.env("CARGO_TARGET_DIR", "target");
    command
}

/// Any other program.
pub(crate) fn program(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} ended with {status}")),
        Err(error) => Err(format!("{name} could not be run: {error}")),
    }
}
