//! Running steps, one after the other, with their times.

use std::process::{Command, ExitCode};
use std::time::Instant;

/// The version of cargo-deny that CI uses.
const DENY_VERSION: &str = "0.20.2";

/// One thing to do.
pub(crate) struct Step {
    name: &'static str,
    work: Work,
}

enum Work {
    Cargo {
        arguments: Vec<String>,
        env: Vec<(&'static str, &'static str)>,
    },
    Check(Box<dyn Fn() -> Result<(), String>>),
}

impl Step {
    pub(crate) fn cargo(name: &'static str, arguments: &[&str]) -> Self {
        Self {
            name,
            work: Work::Cargo {
                arguments: arguments.iter().map(ToString::to_string).collect(),
                env: Vec::new(),
            },
        }
    }

    pub(crate) fn check(
        name: &'static str,
        check: impl Fn() -> Result<(), String> + 'static,
    ) -> Self {
        Self {
            name,
            work: Work::Check(Box::new(check)),
        }
    }

    pub(crate) fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        if let Work::Cargo { env, .. } = &mut self.work {
            env.push((name, value));
        }
        self
    }

    fn run(&self) -> Result<(), String> {
        match &self.work {
            Work::Check(check) => check(),
            Work::Cargo { arguments, env } => {
                let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
                cargo(&words, env)
            }
        }
    }
}

/// Runs steps until one fails.
pub(crate) struct Run;

impl Run {
    pub(crate) fn all(steps: Vec<Step>) -> ExitCode {
        let mut times = Vec::new();
        for step in &steps {
            println!("\n── {} ──", step.name);
            let start = Instant::now();
            if let Err(reason) = step.run() {
                eprintln!("\n{} failed: {reason}", step.name);
                return ExitCode::FAILURE;
            }
            times.push((step.name, start.elapsed()));
        }
        println!();
        for (name, time) in times {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
        ExitCode::SUCCESS
    }
}

pub(crate) fn cargo(arguments: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(arguments).envs(env.iter().copied());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} ended with {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo could not be run: {error}")),
    }
}

/// Licences, sources, bans and duplicates always; advisories when their database can be had.
pub(crate) fn deny() -> Result<(), String> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        cargo(
            &[
                "install",
                "--locked",
                "cargo-deny",
                "--version",
                DENY_VERSION,
            ],
            &[],
        )?;
    }
    cargo(&["deny", "check", "bans", "licenses", "sources"], &[])?;
    if cargo(&["deny", "fetch", "db"], &[]).is_err() {
        println!("The advisory database cannot be reached from here: advisories NOT checked.");
        return Ok(());
    }
    cargo(&["deny", "check", "advisories"], &[])
}
