//! A driver of one of the languages (`tests/languages/README.md`), as a process. It does not know what it is asked for.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use super::Process;
use crate::clocks::Clock;
use crate::trouble::{Outcome, Trouble};

/// A driver that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) language: String,
    pub(crate) words: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Driver {
    process: Process,
}

impl Driver {
    pub(crate) fn start(
        name: &str,
        program: &Program,
        clock: &Clock,
        errors: &Path,
    ) -> Outcome<Self> {
        let Some((first, rest)) = program.words.split_first() else {
            return Err(Trouble::Machine(format!(
                "{}: an empty command",
                program.language
            )));
        };
        let mut command = Command::new(first);
        command.args(rest).envs(clock.environment());
        let process = Process::start(name, command, errors)?;
        Ok(Self { process })
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&mut self, request: &Value, within: Duration) -> Outcome<Value> {
        self.write(request).await?;
        match timeout(within, self.process.read()).await {
            Ok(answer) => self.read(request, &answer?),
            Err(_) => Err(Trouble::Silence(format!(
                "{}: no answer to {request} within {} s",
                self.process.name,
                within.as_secs()
            ))),
        }
    }

    /// Asks, and does not wait.
    pub(crate) async fn write(&mut self, request: &Value) -> Outcome {
        self.process.write(&request.to_string()).await
    }

    /// Kills it. Gives what it had still answered before.
    pub(crate) async fn kill(&mut self) -> Outcome<Option<Value>> {
        self.process.kill().await?;
        // A line that is cut off is no answer.
        let last = self.process.read().await.ok();
        Ok(last.and_then(|line| serde_json::from_str(&line).ok()))
    }

    pub(crate) fn stop(&self) -> Outcome {
        self.process.stop()
    }

    pub(crate) fn go_on(&self) -> Outcome {
        self.process.go_on()
    }

    fn read(&self, request: &Value, answer: &str) -> Outcome<Value> {
        let wrong = |what: &dyn std::fmt::Display| {
            Trouble::Refused(format!("{}: {request}: {what}", self.process.name))
        };
        let mut answer: Value = serde_json::from_str(answer).map_err(|error| wrong(&error))?;
        match answer.get("error") {
            Some(Value::String(error)) => Err(wrong(error)),
            Some(error) => Err(wrong(error)),
            None => Ok(answer.get_mut("ok").map_or(json!({}), Value::take)),
        }
    }
}
