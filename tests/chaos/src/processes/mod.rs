//! Processes: started, killed, stopped, continued. It knows no driver and no server beyond lines on their standard
//! input and output.

mod driver;
mod server;

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::trouble::{Outcome, Trouble, machine};
pub(crate) use driver::{Driver, Program};
pub(crate) use server::Server;

/// One that is killed when it is dropped.
#[derive(Debug)]
struct Process {
    name: String,
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// What it says on standard error is appended to a file.
    fn start(name: &str, mut command: Command, errors: &Path) -> Outcome<Self> {
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(errors);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.map_err(machine)?)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Trouble::Machine(format!("{name} does not start: {error}")))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err(Trouble::Machine(format!("{name} has no pipes")));
        };
        Ok(Self {
            name: name.to_owned(),
            child,
            input,
            lines: BufReader::new(output).lines(),
        })
    }

    async fn write(&mut self, line: &str) -> Outcome {
        let line = format!("{line}\n");
        let written = self.input.write_all(line.as_bytes()).await;
        written.map_err(|error| self.ended(&error.to_string()))
    }

    async fn read(&mut self) -> Outcome<String> {
        match self.lines.next_line().await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(self.ended("its output ended")),
            Err(error) => Err(self.ended(&error.to_string())),
        }
    }

    /// Whether it is over without having been killed.
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    async fn kill(&mut self) -> Outcome {
        if self.has_ended() {
            return Ok(());
        }
        self.child.kill().await.map_err(machine)
    }

    fn stop(&self) -> Outcome {
        self.signal(Signal::STOP)
    }

    fn go_on(&self) -> Outcome {
        self.signal(Signal::CONT)
    }

    fn terminate(&self) -> Outcome {
        self.signal(Signal::TERM)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        let id = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        match id {
            Some(id) => kill_process(id, signal).map_err(machine),
            None => Err(Trouble::Ended(format!("{} is over", self.name))),
        }
    }

    fn ended(&mut self, why: &str) -> Trouble {
        let status = self.child.try_wait();
        Trouble::Ended(format!("{}: {why}: {status:?}", self.name))
    }
}

/// What a process does is read where Linux tells it.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_answers_stands_still_when_stopped_goes_on_and_dies() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("cat");
        let mut cat = Process::start("cat", command, &folder.path().join("errors")).unwrap();
        cat.write("one").await.unwrap();
        assert_eq!(cat.read().await.unwrap(), "one");
        cat.stop().unwrap();
        cat.write("two").await.unwrap();
        assert_eq!(state(&cat), "T");
        cat.go_on().unwrap();
        assert_eq!(cat.read().await.unwrap(), "two");
        assert!(!cat.has_ended());
        cat.kill().await.unwrap();
        assert!(cat.has_ended());
        assert!(matches!(cat.read().await, Err(Trouble::Ended(_))));
    }

    /// As Linux tells it, once the signal has arrived.
    fn state(process: &Process) -> String {
        let path = format!("/proc/{}/stat", process.child.id().unwrap());
        loop {
            let stat = std::fs::read_to_string(&path).unwrap();
            let state = stat.split_whitespace().nth(2).unwrap();
            if state == "T" {
                return state.to_owned();
            }
            std::thread::yield_now();
        }
    }
}
