//! The terminal samples of all languages, talking to each other through one server as people would.

use std::path::Path;
use std::time::{Duration, Instant};

use fulmar_mock_server::MockServer;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::Program;
use crate::process::Process;

/// Only a failing run waits so long.
const DEADLINE: Duration = Duration::from_secs(60);

/// Everybody talks to everybody. With fewer languages, some people use the same.
pub(crate) fn run(runtime: &Runtime, programs: &[Program]) -> Outcome<String> {
    for program in programs {
        begin(runtime, program)?;
    }
    talk(runtime, programs)?;
    let names: Vec<_> = programs
        .iter()
        .map(|program| program.name.as_str())
        .collect();
    Ok(names.join(", "))
}

/// Somebody without a conversation leaves, or begins one, and finds it again.
fn begin(runtime: &Runtime, program: &Program) -> Outcome {
    let server = demo_with_carol(runtime)?;
    let folder = tempfile::tempdir()?;
    let terminal = || Terminal::open(program, "carol", &server.url(), folder.path());

    let mut carol = terminal()?;
    carol.shows("no conversation yet: /direct NAME begins one, /quit leaves")?;
    carol.leaves()?;

    let mut carol = terminal()?;
    carol.shows("no conversation yet: /direct NAME begins one, /quit leaves")?;
    carol.types("to nobody")?;
    carol.shows("! no conversation is open: /direct NAME begins one")?;
    carol.types("/open 0")?;
    carol.shows("! no such number")?;
    carol.types("/direct bob")?;
    carol.shows("— bob —")?;
    carol.says("hello")?;
    carol.leaves()?;

    let mut carol = terminal()?;
    carol.shows("✓ carol: hello")?;
    carol.leaves()?;
    runtime.block_on(server.stop());
    Ok(())
}

fn demo_with_carol(runtime: &Runtime) -> Outcome<MockServer> {
    let server = MockServer::builder().demo();
    let server = server.user("carol", "carol-password").start();
    Ok(runtime.block_on(server)?)
}

fn talk(runtime: &Runtime, programs: &[Program]) -> Outcome {
    let server = demo_with_carol(runtime)?;
    let folder = tempfile::tempdir()?;
    let terminal = |number: usize, user: &str| {
        let program = &programs[number % programs.len()];
        Terminal::open(program, user, &server.url(), folder.path())
    };

    // Alice and Bob share a conversation of the demo, which opens by itself once it is there.
    let mut alice = terminal(0, "alice")?;
    let mut bob = terminal(1, "bob")?;
    alice.shows("— General Chat —")?;
    bob.shows("— General Chat —")?;
    alice.says("from the first to the second")?;
    bob.shows("✓ alice: from the first to the second")?;
    bob.says("and back")?;
    alice.shows("✓ bob: and back")?;

    // Carol has none, until Alice writes to her.
    alice.types("/direct carol")?;
    alice.says("to the third")?;
    let mut carol = terminal(2, "carol")?;
    carol.shows("✓ alice: to the third")?;
    carol.says("thank you")?;
    alice.shows("✓ carol: thank you")?;

    // Bob writes to Carol in a tunnel.
    bob.types("/offline")?;
    bob.shows("· offline")?;
    bob.types("/direct carol")?;
    bob.types("written in a tunnel")?;
    bob.shows("… bob: written in a tunnel")?;
    bob.types("/online")?;
    bob.shows("✓ bob: written in a tunnel")?;
    carol.types("/direct bob")?;
    carol.shows("✓ bob: written in a tunnel")?;
    carol.says("welcome out")?;
    bob.shows("✓ carol: welcome out")?;

    for terminal in [&mut alice, &mut bob, &mut carol] {
        terminal.leaves()?;
    }
    runtime.block_on(server.stop());
    Ok(())
}

/// A sample at somebody's terminal.
struct Terminal {
    who: String,
    user: String,
    process: Process,
    /// What was shown so far, for the one who reads a failure.
    seen: Vec<String>,
}

impl Terminal {
    fn open(program: &Program, user: &str, server: &str, folder: &Path) -> Outcome<Self> {
        let store = folder.join(format!("{user}.db"));
        let (store, password) = (store.display().to_string(), format!("{user}-password"));
        let who = ["--user", user, "--password", &password];
        let process = Process::start(
            &program.words,
            &[&who[..], &["--server", server, "--store", &store]].concat(),
        )?;
        Ok(Self {
            who: format!("{user} ({})", program.name),
            user: user.to_owned(),
            process,
            seen: Vec::new(),
        })
    }

    fn types(&mut self, line: &str) -> Outcome {
        let written = self.process.write(line);
        written.map_err(|error| format!("{}: {error}", self.who).into())
    }

    /// Types a message, and sees it sent.
    fn says(&mut self, text: &str) -> Outcome {
        self.types(text)?;
        let sent = format!("✓ {}: {text}", self.user);
        self.shows(&sent)
    }

    fn shows(&mut self, expected: &str) -> Outcome {
        let begin = Instant::now();
        while let Some(left) = DEADLINE.checked_sub(begin.elapsed()) {
            let Ok(line) = self.process.read(left) else {
                break;
            };
            self.seen.push(line);
            if self.seen.last().is_some_and(|line| line == expected) {
                return Ok(());
            }
        }
        let seen = self.seen.join("\n  ");
        Err(format!("{} never shows {expected:?}, but\n  {seen}", self.who).into())
    }

    /// Quits, and the program ends.
    fn leaves(&mut self) -> Outcome {
        self.types("/quit")?;
        let status = self.process.wait(DEADLINE);
        let status = status.map_err(|error| format!("{}: {error}", self.who))?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{} ended with {status}", self.who).into())
    }
}
