//! The mock server as a process: always the same file, the same port, the same world.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::Process;
use crate::trouble::{Outcome, Trouble, machine};

/// It listens within this time, also after a kill and on a machine that is busy.
const LONGEST_START: Duration = Duration::from_secs(30);
/// A port that is still in use is free again after some of these.
const AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    program: PathBuf,
    scenario: PathBuf,
    database: PathBuf,
    logs: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// One with a scenario. It is not started.
    pub(crate) fn new(
        program: &Path,
        address: SocketAddr,
        scenario: PathBuf,
        database: PathBuf,
        logs: PathBuf,
    ) -> Self {
        Self {
            address,
            program: program.to_owned(),
            scenario,
            database,
            logs,
            process: None,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it, and waits until it listens.
    pub(crate) async fn start(&mut self) -> Outcome {
        match timeout(LONGEST_START, self.start_patiently()).await {
            Ok(started) => started,
            Err(_) => Err(Trouble::Silence(format!(
                "the server does not listen within {} s",
                LONGEST_START.as_secs()
            ))),
        }
    }

    /// Starts it where it does not run.
    pub(crate) async fn start_again(&mut self) -> Outcome {
        if self.process.is_some() {
            return Ok(());
        }
        self.start().await
    }

    async fn start_patiently(&mut self) -> Outcome {
        let mut tries = 0;
        loop {
            match self.try_to_start().await {
                Err(Trouble::Ended(why)) if tries < 10 => {
                    tries += 1;
                    self.note(&format!("not started: {why}"));
                    sleep(AGAIN).await;
                }
                other => return other,
            }
        }
    }

    async fn try_to_start(&mut self) -> Outcome {
        let mut command = Command::new(&self.program);
        command
            .args(["--no-admin", "--stop-with-input"])
            .args(["--port", &self.address.port().to_string()])
            .arg("--scenario")
            .arg(&self.scenario)
            .arg("--database")
            .arg(&self.database);
        let mut process = Process::start("the server", command, &self.logs)?;
        while !process.read().await?.starts_with("listening on ") {}
        self.process = Some(process);
        Ok(())
    }

    pub(crate) async fn kill(&mut self) -> Outcome {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Asks it to end, as systems do, and waits for that.
    pub(crate) async fn end(&mut self) -> Outcome {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        process.terminate()?;
        match timeout(LONGEST_START, process.child.wait()).await {
            Ok(status) => status.map(|_| ()).map_err(machine),
            Err(_) => Err(Trouble::Silence("the server does not end".to_owned())),
        }
    }

    pub(crate) fn stop(&self) -> Outcome {
        self.process.as_ref().map_or(Ok(()), Process::stop)
    }

    pub(crate) fn go_on(&self) -> Outcome {
        self.process.as_ref().map_or(Ok(()), Process::go_on)
    }

    /// Whether it is over without having been told to.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::has_ended)
    }

    fn note(&self, line: &str) {
        // Without the note the log is what it was.
        if let Ok(mut log) = std::fs::File::options().append(true).open(&self.logs) {
            let _ = writeln!(log, "{line}");
        }
    }
}
