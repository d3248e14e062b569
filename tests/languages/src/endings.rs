//! The end of a process that used the library: exit code 0, and nothing on standard error, whether it closed its
//! client or not.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use fulmar_mock_server::{Action, MockServer, When, Where};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::{Device, Program};

/// Only a failing run waits so long.
const DEADLINE: Duration = Duration::from_secs(60);
/// How late the server answers a call that shall wait: longer than anybody here does.
const LATE: Duration = Duration::from_secs(600);
/// Who asks for the sessions of an account.
const SESSIONS: &str = "/v1/sessions";

/// How a process ends.
#[derive(Debug, Clone, Copy)]
struct Ending {
    name: &'static str,
    /// Whether a call waits for the server.
    asks: bool,
    /// Whether the client is closed first.
    closes: bool,
}

/// In each a timeline is watched, and messages are on their way.
const ENDINGS: [Ending; 4] = [
    Ending {
        name: "after closing its client",
        asks: false,
        closes: true,
    },
    Ending {
        name: "after closing its client while a call waited",
        asks: true,
        closes: true,
    },
    Ending {
        name: "without closing its client",
        asks: false,
        closes: false,
    },
    Ending {
        name: "while a call waits",
        asks: true,
        closes: false,
    },
];

/// So many processes for each ending.
pub(crate) fn run(runtime: &Runtime, program: &Program, runs: u32) -> Outcome {
    for ending in ENDINGS {
        for run in 1..=runs {
            end(runtime, program, ending)
                .map_err(|error| format!("{} {}, run {run}: {error}", program.name, ending.name))?;
        }
    }
    Ok(())
}

fn end(runtime: &Runtime, program: &Program, ending: Ending) -> Outcome {
    let server = runtime.block_on(MockServer::builder().demo().start())?;
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("alice.db").display().to_string();
    let errors = folder.path().join("errors");
    let mut alice = Device::new("alice", &server.url(), store);
    alice.open_with(program, File::create(&errors)?)?;
    alice.ask(json!({ "do": "signIn", "user": "alice", "password": "alice-password" }))?;
    let direct = json!({ "do": "direct", "with": "bob" });
    let conversation = alice.ask_for("conversation", direct)?;
    alice.ask(json!({ "do": "watch", "conversation": conversation }))?;
    if ending.asks {
        let sessions = When::at(Where::Http(SESSIONS.to_owned()));
        server.faults().when(sessions).then(Action::Delay(LATE));
        alice.ask(json!({ "do": "askForSessions" }))?;
        arrival(&server)?;
    }
    for text in ["one", "two", "three"] {
        alice.ask(json!({ "do": "send", "conversation": conversation, "text": text }))?;
    }
    if ending.closes {
        alice.ask(json!({ "do": "close" }))?;
    }
    let status = alice.end(DEADLINE)?;
    let said = fs::read_to_string(&errors)?;
    runtime.block_on(server.stop());
    if status.success() && said.is_empty() {
        Ok(())
    } else {
        Err(format!("{status}, and on standard error: {said:?}").into())
    }
}

/// Waits until the server has the call that it answers late.
fn arrival(server: &MockServer) -> Outcome {
    let begin = Instant::now();
    while server.faults().applied() == 0 {
        if begin.elapsed() > DEADLINE {
            return Err("the call never arrives".into());
        }
        std::thread::yield_now();
    }
    Ok(())
}
