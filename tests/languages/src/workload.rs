//! What the people do, what happens to them, and what must be so in the end.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use fulmar_mock_server::{Action, Fault, FrameKind, MockServer, When, Where};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::device::{Device, Program};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
const TITLE: &str = "Three languages";
/// How many things happen.
const STEPS: usize = 80;

/// One workload. Says what happened.
pub(crate) fn run(runtime: &Runtime, seed: u64, programs: &[Program]) -> Outcome<String> {
    let mut rng = Rng::with_seed(seed);
    let server = MockServer::builder()
        .demo()
        .user("carol", "carol-password")
        .start();
    let server = runtime.block_on(server)?;
    let folder = tempfile::tempdir()?;
    let mut world = World {
        devices: Vec::new(),
        sent: BTreeMap::new(),
        restarts: 0,
    };
    // Two devices each, so that every language is in it, beginning with another one in each seed.
    for number in 0..2 * PEOPLE.len() {
        let user = PEOPLE[number / 2];
        let store = folder.path().join(format!("{user}-{number}.db"));
        let mut device = Device::new(user, &server.url(), store.display().to_string());
        device.open(&programs[(seed as usize + number) % programs.len()])?;
        let password = format!("{user}-password");
        device.ask(json!({ "do": "signIn", "user": user, "password": password }))?;
        world.devices.push(device);
    }
    let group = json!({ "do": "group", "title": TITLE, "participants": ["bob", "carol"] });
    world.devices[0].ask(group)?;
    for device in &mut world.devices {
        device.ask(json!({ "do": "find", "title": TITLE }))?;
    }
    for step in 0..STEPS {
        world.step(step, &mut rng, &server, programs)?;
    }
    server.faults().clear();
    for user in PEOPLE {
        server.reconnect(user);
    }
    world.settle()?;
    let applied = server.faults().applied();
    runtime.block_on(server.stop());
    let texts: usize = world.sent.values().map(Vec::len).sum();
    Ok(format!(
        "{texts} messages, {} kills, {applied} faults applied; the same on {}",
        world.restarts,
        world.languages(),
    ))
}

struct World {
    devices: Vec<Device>,
    /// What each device sent, in order.
    sent: BTreeMap<usize, Vec<String>>,
    restarts: usize,
}

impl World {
    fn step(
        &mut self,
        step: usize,
        rng: &mut Rng,
        server: &MockServer,
        programs: &[Program],
    ) -> Outcome {
        let number = rng.usize(..self.devices.len());
        let device = &mut self.devices[number];
        match rng.u8(..10) {
            // A kill, and the same store in whatever language comes.
            0 => {
                device.kill();
                device.open(&programs[rng.usize(..programs.len())])?;
                let session = device.ask_for("session", json!({ "do": "session" }))?;
                if session != device.user {
                    return Err(format!("{} is {session} after a restart", device.user).into());
                }
                self.restarts += 1;
            }
            1 => {
                device.ask(json!({ "do": "offline" }))?;
            }
            2 => server.cut(device.user),
            3 => server.faults().add(fault(rng, device.user)),
            _ => {
                let find = json!({ "do": "find", "title": TITLE });
                let conversation = device.ask_for("conversation", find)?;
                let text = format!("{} on {number}, step {step}", device.user);
                let send = json!({ "do": "send", "conversation": conversation, "text": text });
                device.ask(send)?;
                self.sent.entry(number).or_default().push(text);
            }
        }
        Ok(())
    }

    /// Everybody comes online, sees everything, and reads it.
    fn settle(&mut self) -> Outcome {
        let expected: usize = self.sent.values().map(Vec::len).sum();
        let mut shown: Option<Value> = None;
        for device in &mut self.devices {
            device.ask(json!({ "do": "online" }))?;
        }
        for device in &mut self.devices {
            let find = json!({ "do": "find", "title": TITLE });
            let conversation = device.ask_for("conversation", find)?;
            let timeline =
                json!({ "do": "timeline", "conversation": conversation, "messages": expected });
            let mut messages = device.ask(timeline)?["messages"].take();
            // Receipts go on while one looks.
            for message in messages.as_array_mut().into_iter().flatten() {
                message["delivered"].take();
                message["read"].take();
            }
            match &shown {
                Some(others) if *others != messages => {
                    let languages = device.languages.join(", ");
                    return Err(format!("{languages} shows {messages}, others {others}").into());
                }
                Some(_) => {}
                None => shown = Some(messages),
            }
            let read = json!({ "do": "read", "conversation": conversation, "messages": expected });
            device.ask(read)?;
        }
        self.judge(&shown.unwrap_or_default(), expected)?;
        self.judge_lists(expected)
    }

    /// Nothing lost, nothing doubled, nothing out of the order of its device.
    fn judge(&self, messages: &Value, expected: usize) -> Outcome {
        let messages: Vec<&Value> = messages.as_array().into_iter().flatten().collect();
        let keys: BTreeSet<_> = messages
            .iter()
            .filter_map(|each| each["key"].as_str())
            .collect();
        if messages.len() != expected || keys.len() != expected {
            let (count, keys) = (messages.len(), keys.len());
            return Err(format!("{expected} sent, {count} shown under {keys} keys").into());
        }
        for (index, message) in messages.iter().enumerate() {
            if message["position"] != json!(index + 1) {
                return Err(format!("not at position {}: {message}", index + 1).into());
            }
        }
        for (number, sent) in &self.sent {
            let user = self.devices[*number].user;
            let device = format!("{user} on {number},");
            let texts = messages.iter().filter(|each| each["sender"] == json!(user));
            let texts: Vec<_> = texts
                .filter_map(|each| each["text"].as_str())
                .filter(|text| text.starts_with(&device))
                .collect();
            if texts != *sent {
                return Err(format!("{device} sent {sent:?}, shown is {texts:?}").into());
            }
        }
        Ok(())
    }

    /// All have read everything; so says each list, once the receipts are through.
    fn judge_lists(&mut self, expected: usize) -> Outcome {
        for device in &mut self.devices {
            let rows = device.ask(json!({ "do": "list" }))?["conversations"].take();
            let rows: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
            let row = rows.iter().find(|row| row["title"] == json!(TITLE));
            let row = row.ok_or("the conversation is gone from the list")?;
            let same = row["participants"] == json!(3)
                && row["unread"] == json!(0)
                && (expected == 0 || row["preview"].is_string());
            if !same {
                return Err(format!("{} shows {row}", device.languages.join(", ")).into());
            }
        }
        Ok(())
    }

    fn languages(&self) -> String {
        let each = self.devices.iter();
        let each = each.map(|device| device.languages.join("→"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// One of the things that networks and servers do.
fn fault(rng: &mut Rng, user: &str) -> Fault {
    let (place, action) = match rng.u8(..7) {
        0 => (Where::Outgoing(FrameKind::Outcome), Action::Cut),
        1 => (Where::Outgoing(FrameKind::Events), Action::CutInTheMiddle),
        2 => (Where::Incoming(FrameKind::Submit), Action::Repeat),
        3 => (Where::Incoming(FrameKind::Submit), Action::Drop),
        4 => (Where::Handshake, Action::Html(502)),
        5 => (Where::Outgoing(FrameKind::Outcome), Action::Drop),
        _ => (Where::Outgoing(FrameKind::Events), Action::Cut),
    };
    When::at(place).user(user).times(rng.u32(1..3)).then(action)
}
