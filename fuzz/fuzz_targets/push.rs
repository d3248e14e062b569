//! Payloads of push notifications, in the app and beside it: whatever comes is taken or refused, a screen can be shown
//! after it, and the next snapshot says how it is.
#![no_main]

use std::fs;
use std::path::PathBuf;

use arbitrary::Arbitrary;
use fulmar_engine::{Command, Reader, Store, handle_push_beside, query, read_push};
use fulmar_fuzz::device;
use fulmar_fuzz::shapes::{Many, Patched, Shape};
use fulmar_protocol::{ConversationId, Timestamp, UserId};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Debug, Arbitrary)]
enum Given {
    Patched(Patched),
    /// For Alice, of a conversation that is there.
    Theirs(Patched),
    Json(Shape),
    Text(String),
}

thread_local! {
    static BASE: (Vec<u8>, Vec<Value>) = {
        let mut vectors = fulmar_fuzz::shapes::vectors("body");
        vectors.retain(|body| body.get("messageKey").is_some());
        (device::Device::signed_in().image(), vectors)
    };
}

fn text(given: Given, vectors: &[Value]) -> String {
    match given {
        Given::Patched(patched) => patched.value(vectors).to_string(),
        Given::Theirs(patched) => {
            let mut payload = patched.value(vectors);
            if let Some(fields) = payload.as_object_mut() {
                fields.insert("userId".to_owned(), json!("alice"));
            }
            payload.to_string()
        }
        Given::Json(json) => json.value().to_string(),
        Given::Text(text) => text,
    }
}

fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    base.join(format!("fulmar-fuzz-push-{}", std::process::id()))
}

fn shows_a_screen(reader: &Reader) {
    let alice = UserId::new("alice").expect("an id");
    let list = query::conversations(
        reader,
        Some(&alice),
        query::ConversationFilter::default(),
        100,
    );
    for item in list.expect("a list") {
        query::timeline(reader, &item.conversation_id, None, query::Window::Newest)
            .expect("a timeline");
    }
}

fn beside(image: &[u8], payloads: &[String]) {
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("alice.db");
    fs::write(&path, image).expect("a file");
    for payload in payloads {
        let _ = handle_push_beside(&path, payload, Timestamp(device::NOW));
    }
    let store = Store::open(&path).expect("a store with pushes");
    let mut device = device::Device::new(store.into_connection());
    device.restart();
    shows_a_screen(device.engine().reader());
    fs::remove_dir_all(&folder).expect("the folder");
}

fuzz_target!(|given: (bool, Many<Given, 8>)| {
    let (is_beside, Many(given)) = given;
    BASE.with(|(image, vectors)| {
        let payloads: Vec<String> = given.into_iter().map(|one| text(one, vectors)).collect();
        if is_beside {
            return beside(image, &payloads);
        }
        let mut device = device::Device::new(device::database(image).expect("a database"));
        for payload in &payloads {
            if let Ok(payload) = read_push(payload) {
                let payload = Box::new(payload);
                device.command(Command::HandlePush { payload });
            }
        }
        shows_a_screen(device.engine().reader());
        device.restart();
        device.catches_up();
        let id = ConversationId::new("c-1").expect("an id");
        let alice = UserId::new("alice").expect("an id");
        let shown = query::conversation(device.engine().reader(), Some(&alice), &id);
        let shown = shown.expect("a conversation").expect("it is there");
        assert_eq!(shown.unread_count, 0, "the snapshot says how it is");
    });
});
