//! Judges a backend by PROTOCOL.md.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use fulmar_conformance::{Backend, run};

/// Checks a backend against PROTOCOL.md. Sends messages as the users it is given.
#[derive(Debug, Parser)]
#[command(name = "fulmar-conformance", version)]
struct Options {
    /// The base URL, such as http://127.0.0.1:4000.
    #[arg(long)]
    url: String,
    /// A user.
    #[arg(long, default_value = "alice")]
    user: String,
    /// Their password.
    #[arg(long, default_value = "alice-password")]
    password: String,
    /// Another user.
    #[arg(long, default_value = "bob")]
    other_user: String,
    /// Their password.
    #[arg(long, default_value = "bob-password")]
    other_password: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let reports = run(&Backend {
        url: options.url,
        user: options.user,
        password: options.password,
        other_user: options.other_user,
        other_password: options.other_password,
    })
    .await;
    let mut failed = 0;
    for report in &reports {
        match &report.result {
            Ok(()) => println!("pass  §{:<4} {}", report.section, report.rule),
            Err(reason) => {
                failed += 1;
                println!(
                    "FAIL  §{:<4} {}\n      {reason}",
                    report.section, report.rule
                );
            }
        }
    }
    println!("{} passed, {failed} failed", reports.len() - failed);
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
