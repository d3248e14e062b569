//! Judges a backend by PROTOCOL.md.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use clap::Parser;
use fulmar_conformance::{Backend, Verdict, json, judge, junit, text};

/// Checks a backend against PROTOCOL.md. Sends messages, creates groups and registers users.
#[derive(Debug, Parser)]
#[command(name = "fulmar-conformance", version)]
struct Options {
    /// The base URL, such as http://127.0.0.1:4000.
    #[arg(long, env = "FULMAR_URL")]
    url: String,
    /// The URL of the WebSocket, when it is elsewhere than the protocol says.
    #[arg(long)]
    ws: Option<String>,
    /// A user who can sign in.
    #[arg(long, default_value = "alice")]
    user: String,
    /// The password of that user.
    #[arg(
        long,
        env = "FULMAR_PASSWORD",
        default_value = "alice-password",
        hide_env_values = true
    )]
    password: String,
    /// A second user, who takes part in conversations with the first.
    #[arg(long, default_value = "bob")]
    other_user: String,
    /// The password of that user.
    #[arg(
        long,
        env = "FULMAR_OTHER_PASSWORD",
        default_value = "bob-password",
        hide_env_values = true
    )]
    other_password: String,
    /// A command that restores a backup of the backend from before this run, for the check that needs it.
    #[arg(long, value_name = "COMMAND")]
    restore: Option<String>,
    /// Only this check, or those of this section, such as 5.1.
    #[arg(long, value_name = "NUMBER")]
    only: Option<String>,
    /// Writes the report to this file as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let backend = Backend {
        url: options.url,
        ws: options.ws,
        user: options.user,
        password: options.password,
        other_user: options.other_user,
        other_password: options.other_password,
        restore: options.restore.map(|command| {
            let restore: fulmar_conformance::Restore = Arc::new(move || shell(&command));
            restore
        }),
    };
    // They are opened first: nobody waits for a report that then has no place.
    let files = match (open(options.junit), open(options.json)) {
        (Ok(junit), Ok(json)) => [junit, json],
        (Err(why), _) | (_, Err(why)) => return cannot(&why),
    };
    let reports = match judge(&backend, options.only.as_deref()).await {
        Ok(reports) => reports,
        Err(error) => return cannot(&error.to_string()),
    };
    let mut out = std::io::stdout().lock();
    let shown = out.write_all(text(&reports).as_bytes());
    let is_shown = shown.and_then(|()| out.flush()).is_ok();
    for (file, form) in files.into_iter().zip([junit(&reports), json(&reports)]) {
        if let Some((path, mut file)) = file
            && let Err(error) = file.write_all(form.as_bytes())
        {
            return cannot(&format!("{}: {error}", path.display()));
        }
    }
    if !is_shown {
        return ExitCode::from(2);
    }
    let failed = |verdict: &Verdict| matches!(verdict, Verdict::Fail { .. });
    match reports.iter().any(|report| failed(&report.result)) {
        false => ExitCode::SUCCESS,
        true => ExitCode::FAILURE,
    }
}

/// A file for a report, empty from now on.
fn open(path: Option<PathBuf>) -> Result<Option<(PathBuf, File)>, String> {
    let Some(path) = path else {
        return Ok(None);
    };
    match File::create(&path) {
        Ok(file) => Ok(Some((path, file))),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Says why in one line. Where nobody listens, nobody is told.
fn cannot(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "fulmar-conformance: {why}");
    ExitCode::from(2)
}

fn shell(command: &str) -> Result<(), String> {
    match Command::new("sh").args(["-c", command]).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command} ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}
