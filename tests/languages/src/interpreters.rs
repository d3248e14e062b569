//! Interpreters that end in each way in which one can, whatever they have open: the exit status is what the language
//! says of that way, and the library says nothing.

use std::process::{Command, Output, Stdio};

use fulmar_mock_server::MockServer;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::Program;

/// How many run at once.
const AT_ONCE: usize = 4;

/// A way, its exit status, and what the last line on standard error is.
const WAYS: [(&str, i32, &str); 9] = [
    ("watching", 0, ""),
    ("calling", 0, ""),
    ("closed", 0, ""),
    ("dropped", 0, ""),
    ("opening", 0, ""),
    ("threads", 0, ""),
    ("loop", 0, ""),
    ("exiting", 3, ""),
    ("raising", 1, "SystemError: as it is told"),
];

/// So many processes for each way.
pub(crate) fn run(runtime: &Runtime, program: &Program, runs: u32) -> Outcome {
    let server = runtime.block_on(MockServer::builder().demo().start())?;
    for (way, status, last) in WAYS {
        for batch in (0..runs).collect::<Vec<_>>().chunks(AT_ONCE) {
            let folder = tempfile::tempdir()?;
            let mut processes = Vec::new();
            for number in batch {
                let own = folder.path().join(number.to_string());
                std::fs::create_dir(&own)?;
                let (command, words) = program.words.split_first().ok_or("no command")?;
                let process = Command::new(command)
                    .args(words)
                    .arg(server.url())
                    .arg(own)
                    .arg(way)
                    .stderr(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()?;
                processes.push(process);
            }
            for process in processes {
                let ended = process.wait_with_output()?;
                if !as_expected(&ended, status, last) {
                    return Err(format!("{} {way}: {ended:?}", program.name).into());
                }
            }
        }
    }
    runtime.block_on(server.stop());
    Ok(())
}

fn as_expected(ended: &Output, status: i32, last: &str) -> bool {
    let said = String::from_utf8_lossy(&ended.stderr);
    ended.status.code() == Some(status) && said.lines().next_back().unwrap_or_default() == last
}
