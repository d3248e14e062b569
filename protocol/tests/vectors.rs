//! The golden JSON in `vectors/`, read and written by the shared types.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use fulmar_protocol::{
    BlockList, BlockRequest, ClientFrame, Conversation, ConversationPage, DeleteAccount, Event,
    EventData, Me, MeUpdate, MessagePage, MessageVersions, Method, Operation, OperationsAnswer,
    Problem, PushPayload, PushToken, RefreshRequest, RegisterRequest, SearchPage, ServerFrame,
    Session, SessionList, SignInRequest, SignOutRequest, Snapshot, Submit, SyncPage, User,
    UserList,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn vectors(folder: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(folder);
    let mut found: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(found.len() > 4, "{folder} has its vectors");
    found
}

fn through<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, String> {
    let read: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(read).unwrap())
}

/// Reads a vector as what its name says, and writes it again.
fn read_and_write(name: &str, text: &str) -> Result<Value, String> {
    let (kind, rest) = name.split_once('.').unwrap();
    match kind {
        "client" => {
            let frame = ClientFrame::from_text(text).map_err(|error| error.to_string())?;
            Ok(serde_json::from_str(&frame.to_text()).unwrap())
        }
        "server" => {
            let frame = ServerFrame::from_text(text).map_err(|error| error.to_string())?;
            Ok(serde_json::from_str(&frame.to_text()).unwrap())
        }
        "event" => {
            let event: Event = serde_json::from_str(text).map_err(|error| error.to_string())?;
            let data = event.read().map_err(|error| error.to_string())?;
            Ok(serde_json::to_value(Event::new(event.seq, event.at, &data)).unwrap())
        }
        "operation" => {
            let operation: Operation =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            let method = operation.read().map_err(|error| error.to_string())?;
            Ok(serde_json::to_value(Operation::new(operation.operation_key, &method)).unwrap())
        }
        "body" => match rest.split('-').next().unwrap() {
            "register" => through::<RegisterRequest>(text),
            "sessions" => through::<SessionList>(text),
            "login" => through::<SignInRequest>(text),
            "refresh" => through::<RefreshRequest>(text),
            "logout" => through::<SignOutRequest>(text),
            "session" => through::<Session>(text),
            "submit" => through::<Submit>(text),
            "operations" => through::<OperationsAnswer>(text),
            "sync" => through::<SyncPage>(text),
            "snapshot" => through::<Snapshot>(text),
            "messages" => through::<MessagePage>(text),
            "blocks" => through::<BlockList>(text),
            "block" => through::<BlockRequest>(text),
            "delete_account" => through::<DeleteAccount>(text),
            "push_token" => through::<PushToken>(text),
            "push" => through::<PushPayload>(text),
            "user" => through::<User>(text),
            "users" => through::<UserList>(text),
            "search" => through::<SearchPage>(text),
            "conversations" => through::<ConversationPage>(text),
            "conversation" => through::<Conversation>(text),
            "me" => through::<Me>(text),
            "me_update" => through::<MeUpdate>(text),
            "versions" => through::<MessageVersions>(text),
            "problem" => through::<Problem>(text),
            other => panic!("no body is called {other}"),
        },
        other => panic!("no kind of vector is called {other}"),
    }
}

#[test]
fn accepted_vectors_come_out_as_they_went_in() {
    for (name, text) in vectors("accept") {
        let expected: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read_and_write(&name, &text), Ok(expected), "{name}");
    }
}

#[test]
fn rejected_vectors_are_not_read() {
    for (name, text) in vectors("reject") {
        assert!(read_and_write(&name, &text).is_err(), "{name}");
    }
}

#[test]
fn vectors_of_the_future_are_tolerated() {
    for (name, text) in vectors("future") {
        read_and_write(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_cannot_be_read_in_a_list_does_not_take_the_rest_with_it() {
    for (name, text) in vectors("faulty") {
        let vector: Value = serde_json::from_str(&text).unwrap();
        let read = read_and_write(&name, &vector["came"].to_string());
        assert_eq!(read, Ok(vector["read"].clone()), "{name}");
    }
}

#[test]
fn every_prefix_of_a_frame_is_an_error_and_never_a_panic() {
    for (name, text) in vectors("accept") {
        for end in (0..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(
                ServerFrame::from_text(&text[..end]).is_err(),
                "{name} up to {end}"
            );
            assert!(
                ClientFrame::from_text(&text[..end]).is_err(),
                "{name} up to {end}"
            );
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,200}") {
        let _ = ServerFrame::from_text(&text);
        let _ = ClientFrame::from_text(&text);
    }
}

/// What the accepted vectors of a kind say in a field.
fn named(kind: &str, field: &str) -> std::collections::BTreeSet<String> {
    vectors("accept")
        .into_iter()
        .filter(|(name, _)| name.starts_with(kind))
        .map(|(_, text)| {
            let value: Value = serde_json::from_str(&text).unwrap();
            value[field].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_method_and_every_event_has_a_vector() {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(named("operation.", "method"), all(Method::NAMES));
    assert_eq!(named("event.", "type"), all(EventData::TYPES));
}
