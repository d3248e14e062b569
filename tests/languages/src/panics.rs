//! A panic in Rust arrives as an error of the call, and ends nothing else.

use fulmar_mock_server::MockServer;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::{Device, Program};

/// What `sdk-ffi` panics at, when it is built with planted defects.
const PLANTED: &str = "panic-please";

pub(crate) fn run(runtime: &Runtime, program: &Program) -> Outcome {
    let server = runtime.block_on(MockServer::builder().demo().start())?;
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("alice.db").display().to_string();
    let mut alice = Device::new("alice", &server.url(), store);
    alice.open(program)?;
    alice.ask(json!({ "do": "signIn", "user": "alice", "password": "alice-password" }))?;
    for request in [
        // One that suspends, and one that answers at once.
        json!({ "do": "group", "title": PLANTED, "participants": ["bob"] }),
        json!({ "do": "timeline", "conversation": PLANTED, "messages": 0 }),
    ] {
        let error = match alice.ask(request) {
            Ok(answer) => return Err(format!("no panic, but {answer}").into()),
            Err(error) => error.to_string(),
        };
        if !error.contains("a mistake inside the SDK: planted") {
            return Err(format!("another error: {error}").into());
        }
    }
    let direct = json!({ "do": "direct", "with": "bob" });
    let conversation = alice.ask_for("conversation", direct)?;
    alice.ask(json!({ "do": "send", "conversation": conversation, "text": "all well" }))?;
    let timeline = json!({ "do": "timeline", "conversation": conversation, "messages": 1 });
    let messages = alice.ask(timeline)?["messages"].take();
    if messages.as_array().map_or(0, Vec::len) == 0 {
        return Err("nothing is sent after a panic".into());
    }
    runtime.block_on(server.stop());
    Ok(())
}
