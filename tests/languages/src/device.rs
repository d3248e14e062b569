//! A device: a store, and the process that has it open.

use std::fs::File;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Outcome;
use crate::process::Process;

/// Only a failing run waits so long.
const DEADLINE: Duration = Duration::from_secs(90);

/// A driver in some language.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
}

impl Program {
    pub(crate) fn new(name: &str, words: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            words: words.to_vec(),
        }
    }
}

/// One device of one person.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) user: &'static str,
    server: String,
    store: String,
    process: Option<Process>,
    /// Which languages had the store open, in order.
    pub(crate) languages: Vec<String>,
}

impl Device {
    pub(crate) fn new(user: &'static str, server: &str, store: String) -> Self {
        Self {
            user,
            server: server.to_owned(),
            store,
            process: None,
            languages: Vec::new(),
        }
    }

    /// Opens the store in a new process.
    pub(crate) fn open(&mut self, program: &Program) -> Outcome {
        let process = Process::start(&program.words, &[])?;
        self.open_in(program, process)
    }

    /// The same, with a file for what it writes to standard error.
    pub(crate) fn open_with(&mut self, program: &Program, errors: File) -> Outcome {
        let process = Process::start_with(&program.words, &[], Stdio::from(errors))?;
        self.open_in(program, process)
    }

    fn open_in(&mut self, program: &Program, process: Process) -> Outcome {
        self.process = Some(process);
        self.languages.push(program.name.clone());
        self.ask(json!({ "do": "open", "server": self.server, "store": self.store }))?;
        Ok(())
    }

    /// Ends the process without a word.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Lets the process end by itself, which it does when its input ends.
    pub(crate) fn end(&mut self, within: Duration) -> Outcome<ExitStatus> {
        let mut process = self.process.take().ok_or("not open")?;
        process.end_input();
        process.wait(within)
    }

    /// Asks the driver, and waits for its answer.
    pub(crate) fn ask(&mut self, request: Value) -> Outcome<Value> {
        let who = format!("{} ({})", self.store, self.languages.join(", "));
        let process = self.process.as_mut().ok_or("not open")?;
        let written = process.write(&request.to_string());
        written.map_err(|error| format!("{who}: {error}"))?;
        let answer = process.read(DEADLINE);
        let answer = answer.map_err(|error| format!("{who}: {request}: {error}"))?;
        let mut answer: Value = serde_json::from_str(&answer)?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(format!("{who}: {request}: {error}").into()),
            None => Ok(answer["ok"].take()),
        }
    }

    /// The same, for the text in one field of the answer.
    pub(crate) fn ask_for(&mut self, field: &str, request: Value) -> Outcome<String> {
        let answer = self.ask(request)?;
        let text = answer[field].as_str();
        Ok(text
            .ok_or_else(|| format!("no {field} in {answer}"))?
            .to_owned())
    }
}
