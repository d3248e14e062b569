//! A program that is talked to line by line, and ends when its handle is dropped.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::Outcome;

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// `None` after its end.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a command with its words, and more of them.
    pub(crate) fn start(words: &[String], more: &[&str]) -> Outcome<Self> {
        Self::start_with(words, more, Stdio::inherit())
    }

    /// The same, with a place for what it writes to standard error.
    pub(crate) fn start_with(words: &[String], more: &[&str], errors: Stdio) -> Outcome<Self> {
        let (command, arguments) = words.split_first().ok_or("an empty command")?;
        let mut child = Command::new(command)
            .args(arguments)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("{command}: {error}"))?;
        let input = Some(child.stdin.take().ok_or("no input")?);
        let output = child.stdout.take().ok_or("no output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            input,
            lines,
        })
    }

    pub(crate) fn write(&mut self, line: &str) -> io::Result<()> {
        match &mut self.input {
            Some(input) => writeln!(input, "{line}"),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Its input ends.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn read(&self, within: Duration) -> Result<String, RecvTimeoutError> {
        self.lines.recv_timeout(within)
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self, within: Duration) -> Outcome<ExitStatus> {
        let begin = Instant::now();
        // Its output ends with it.
        loop {
            match self.read(within.saturating_sub(begin.elapsed())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(self.child.wait()?),
                Err(RecvTimeoutError::Timeout) => return Err("it does not end".into()),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
