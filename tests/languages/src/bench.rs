//! What crossing costs: the same page and the same call in each language, beside Rust, which crosses
//! nothing.

use fulmar_mock_server::MockServer;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::{Device, Program};

/// As many as a timeline begins with.
const PAGE: usize = 50;

pub(crate) fn run(runtime: &Runtime, programs: &[Program], rounds: u32) -> Outcome {
    let server = runtime.block_on(MockServer::builder().demo().start())?;
    let folder = tempfile::tempdir()?;
    let mut raw = None;
    println!("p50 of {rounds} rounds; × is beside Rust, which crosses nothing");
    for program in programs {
        let store = folder.path().join(format!("{}.db", program.name));
        let mut alice = Device::new("alice", &server.url(), store.display().to_string());
        alice.open(program)?;
        alice.ask(json!({ "do": "signIn", "user": "alice", "password": "alice-password" }))?;
        let group = json!({ "do": "group", "title": program.name, "participants": ["bob"] });
        let chat = alice.ask_for("conversation", group)?;
        for number in 0..PAGE {
            let text = format!("message {number}, about as long as people write in a chat");
            alice.ask(json!({ "do": "send", "conversation": chat, "text": text }))?;
        }
        alice.ask(json!({ "do": "timeline", "conversation": chat, "messages": PAGE }))?;
        alice.ask(json!({ "do": "offline" }))?;
        let bench = json!({ "do": "bench", "conversation": chat, "rounds": rounds });
        // The first time it warms up.
        alice.ask(bench.clone())?;
        let figures = alice.ask(bench)?;
        let figure = |name: &str| figures[name].as_f64().unwrap_or_default();
        let (page, call) = (figure("page"), figure("call"));
        let (raw_page, raw_call) = *raw.get_or_insert((page, call));
        println!(
            "{:<8} a page of {PAGE} as a snapshot {page:>7.1} µs ({:.1}×, {:+.0} µs)   a call {call:>6.2} µs ({:+.2} µs)",
            program.name,
            page / raw_page,
            page - raw_page,
            call - raw_call,
        );
    }
    runtime.block_on(server.stop());
    Ok(())
}
