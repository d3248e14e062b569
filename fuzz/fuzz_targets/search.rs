//! Any text as a message and as what is searched for, on the device and at the server: no search is an error of
//! SQLite, both take the same texts, and a text is found by itself.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use fulmar_backend::{Backend, Checkpoint, Config, HttpRequest};
use fulmar_engine::{Store, query};
use fulmar_fuzz::device;
use fulmar_protocol::text::query_words;
use fulmar_protocol::{DeviceId, SearchPage, SearchQuery, Secret, Timestamp, UserId};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(device::NOW);
/// What a search takes at the server (PROTOCOL.md §9).
const MOST_BYTES: usize = 256;
const MOST_WORDS: usize = 16;

struct Server {
    backend: Backend,
    checkpoint: Checkpoint,
    conversation: String,
}

thread_local! {
    static IMAGE: Vec<u8> = device::Device::signed_in().image();
    static SERVER: RefCell<Server> = RefCell::new({
        let mut backend = Backend::in_memory(Config::default(), [7; 32]).expect("memory");
        backend.seed_demo(NOW).expect("the demo");
        let checkpoint = backend.checkpoint().expect("a copy");
        let alice = UserId::new("alice").expect("an id");
        let conversations = backend.conversations_for(&alice, NOW).expect("the demo's");
        let conversation = conversations[0].conversation_id.to_string();
        Server { backend, checkpoint, conversation }
    });
}

fuzz_target!(|given: (&str, &str)| {
    let (text, sought) = given;
    on_the_device(text, sought);
    SERVER.with_borrow_mut(|server| server.at_the_server(text, sought));
});

fn on_the_device(text: &str, sought: &str) {
    let image = IMAGE.with(Clone::clone);
    let connection = device::database(&image).expect("a database");
    let connection = Store::adopt(connection).expect("a store").into_connection();
    let stored = connection.execute(
        "INSERT INTO message (operation_key, conversation, position, sender_id, text, at)
         SELECT x'01010101010101010101010101010101', key, 1, 'bob', ?1, 1 FROM conversation WHERE id = 'c-1'",
        [text],
    );
    assert_eq!(stored, Ok(1));
    connection
        .execute_batch(
            "INSERT INTO message_text (rowid, text)
             SELECT key, searchable(text) FROM message WHERE key IN (SELECT key FROM unindexed);
             DELETE FROM unindexed;
             UPDATE conversation SET head = 1 WHERE id = 'c-1';",
        )
        .expect("an index");
    let store = Store::adopt(connection).expect("a store");
    let find = |words: &str| {
        let found = query::search(
            store.reader(),
            &SearchQuery::new(words),
            &BTreeSet::new(),
            10,
        );
        found.expect("a search is no error").hits
    };
    for hit in find(sought) {
        let said: String = hit
            .pieces
            .iter()
            .map(|piece| match piece {
                query::TextPiece::Plain(text) | query::TextPiece::Hit(text) => text.as_str(),
            })
            .collect();
        assert_eq!(said, text, "the pieces are the text");
    }
    if !query_words(text).is_empty() {
        assert_eq!(find(text).len(), 1, "a text is found by itself");
    }
}

impl Server {
    fn at_the_server(&mut self, text: &str, sought: &str) {
        let restored = self.backend.restart(Some(&self.checkpoint), NOW);
        restored.expect("the state at the beginning");
        let alice = UserId::new("alice").expect("an id");
        let device = DeviceId::new("phone").expect("an id");
        let token = self
            .backend
            .open_session(&alice, &device, NOW)
            .expect("a session");
        let body = json!({"text": text}).to_string();
        let path = format!("/v1/conversations/{}/messages", self.conversation);
        let sent = self.ask(&token, "POST", &path, "", &body);
        let found = self.search(&token, sought);
        let words = query_words(sought);
        if words.is_empty() {
            assert_eq!(found.0, 422, "a search without a word");
        } else if sought.len() <= MOST_BYTES
            && words.iter().map(Vec::len).sum::<usize>() <= MOST_WORDS
        {
            assert_eq!(found.0, 200, "a search that both sides take: {}", found.1);
        }
        let few = query_words(text).iter().map(Vec::len).sum::<usize>() <= MOST_WORDS;
        if sent.0 == 200 && !query_words(text).is_empty() && text.len() <= MOST_BYTES && few {
            let (status, page) = self.search(&token, text);
            assert_eq!(status, 200, "{page}");
            let page: SearchPage = serde_json::from_value(page).expect("a page");
            let found = page
                .messages
                .iter()
                .any(|message| message.content.text == text);
            assert!(found, "a text is found by itself");
        }
    }

    fn search(&mut self, token: &Secret, text: &str) -> (u16, Value) {
        let mut query = "q=".to_owned();
        for byte in text.bytes() {
            write!(query, "%{byte:02X}").expect("memory");
        }
        self.ask(token, "GET", "/v1/search", &query, "")
    }

    fn ask(
        &mut self,
        token: &Secret,
        method: &str,
        path: &str,
        query: &str,
        body: &str,
    ) -> (u16, Value) {
        let request = HttpRequest {
            method,
            path,
            query,
            bearer: Some(token.expose()),
            body: body.as_bytes(),
            ..HttpRequest::default()
        };
        let (answer, _) = self.backend.http(&request, NOW);
        assert!(
            matches!(answer.status, 200 | 422),
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }
}
