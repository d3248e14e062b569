//! Whether every command of the app gets one answer, by PROTOCOL.md's patience and no later: an app that waits for
//! ever shows a spinner for ever. What a process was asked is forgotten when it dies; the app asks anew.

use std::collections::BTreeMap;

use fulmar_engine::{Command, CommandId, Config, Input};

/// How often the engine may double the time for an answer, and once more for what has to be asked again.
const DOUBLED: u64 = 2 * 16;
/// For the way there and back in any weather, in virtual milliseconds.
const UNDER_WAY: u64 = 120_000;

/// The commands of one process that have no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    open: BTreeMap<CommandId, Open>,
}

#[derive(Debug)]
struct Open {
    since: u64,
    /// It goes on until the file is here, however long there is no connection.
    is_download: bool,
    what: String,
}

impl Answers {
    /// The app tells the engine something.
    pub(crate) fn told(&mut self, batch: &[Input], now: u64) {
        for input in batch {
            // Nobody waits any more for what they called off.
            if let Input::CancelDownload(id) = input {
                self.open.remove(&CommandId(id.0));
            }
            if let Input::Command { command, body } = input {
                let open = Open {
                    since: now,
                    is_download: matches!(body, Command::Download { .. }),
                    what: name(body),
                };
                self.open.insert(*command, open);
            }
        }
    }

    /// The store is closed: what the engine was asked is answered by the process, but for what is asked again.
    pub(crate) fn closed(&mut self, again: &[CommandId]) {
        self.open.retain(|command, _| again.contains(command));
    }

    /// The process answers for an engine that could not store it.
    pub(crate) fn refused(&mut self, command: CommandId) {
        self.open.remove(&command);
    }

    /// The process was suspended for so long: nobody waited meanwhile.
    pub(crate) fn suspended(&mut self, lasted: u64) {
        for open in self.open.values_mut() {
            open.since += lasted;
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The engine answers.
    pub(crate) fn answered(&mut self, command: CommandId) -> Result<(), String> {
        match self.open.remove(&command) {
            Some(_) => Ok(()),
            None => Err(format!(
                "{command:?} was answered, and nobody waited for it"
            )),
        }
    }

    /// Nobody waits longer than the engine may take.
    pub(crate) fn judge(&self, config: &Config, now: u64) -> Result<(), String> {
        let longest = config.answer_timeout.max(config.token_timeout).as_millis();
        let longest = u64::try_from(longest).unwrap_or(u64::MAX);
        let patience = longest.saturating_mul(DOUBLED).saturating_add(UNDER_WAY);
        self.none(|open| !open.is_download && open.since.saturating_add(patience) < now)
    }

    /// Everything has converged: nobody waits any more, but for what was asked just now.
    pub(crate) fn judge_rest(&self, quiet: u64, now: u64) -> Result<(), String> {
        self.none(|open| open.since.saturating_add(quiet) < now)
    }

    fn none(&self, late: impl Fn(&Open) -> bool) -> Result<(), String> {
        match self.open.iter().find(|(_, open)| late(open)) {
            None => Ok(()),
            Some((command, Open { since, what, .. })) => {
                Err(format!("{command:?} ({what}) of {since} ms has no answer"))
            }
        }
    }
}

/// What a command is, without what is in it.
fn name(body: &Command) -> String {
    let told = format!("{body:?}");
    let end = told.find([' ', '(']).unwrap_or(told.len());
    told[..end].to_owned()
}
