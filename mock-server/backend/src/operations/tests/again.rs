//! A key that was used already.

use fulmar_protocol::{Code, OutcomeStatus};
use serde_json::json;

use super::{ADMIN, MODERATOR, STRANGER, WRITER, World, code, every_operation};
use crate::testing::key;

/// Who asks again may have lost what was told since, with all that was stored.
#[test]
fn a_repeated_operation_tells_its_message_as_it_is_now() {
    let mut world = World::new();
    let send = world.operation("message.send", json!({"text": "hello"}));
    let message = |world: &mut World| match world.apply(WRITER, &send).0.status {
        OutcomeStatus::Applied {
            message: Some(message),
            ..
        } => message,
        other @ (OutcomeStatus::Applied { .. }
        | OutcomeStatus::Failed { .. }
        | OutcomeStatus::Skipped) => panic!("{other:?}"),
    };
    let first = message(&mut world);
    assert_eq!(message(&mut world), first);
    let it = json!({"messageKey": send.operation_key, "text": "better"});
    world.does(WRITER, "message.edit", it);
    let edited = message(&mut world);
    assert_eq!(edited.content.text, "better");
    assert!(edited.revision > first.revision);
    world.does(
        WRITER,
        "message.hide",
        json!({"messageKey": send.operation_key}),
    );
    assert!(message(&mut world).hidden);
    world.does(
        MODERATOR,
        "message.delete",
        json!({"messageKey": send.operation_key}),
    );
    assert!(message(&mut world).deleted.is_some());
}

#[test]
fn every_operation_that_comes_again_under_its_key_changes_nothing() {
    let count = every_operation(key(0)).len();
    for index in 0..count {
        let mut world = World::new();
        let own = world.does(ADMIN, "message.send", json!({"text": "mine"}));
        // What is edited is one's own.
        let (method, params) = every_operation(own.operation_key).remove(index);
        let operation = world.operation(method, params);
        let (first, _) = world.apply(ADMIN, &operation);
        assert_eq!(code(&first), None, "{method}");
        let before = world.recorded(WRITER);
        let (second, pending) = world.apply(ADMIN, &operation);
        assert_eq!(first, second, "{method}");
        assert_eq!(world.recorded(WRITER), before, "{method}");
        assert!(pending.notify_events.is_empty(), "{method}");
        assert!(pending.pushes.is_empty(), "{method}");

        // What the server does not know it passes over, as it did the first time.
        let mut same = operation.clone();
        same.params["aFieldOfTomorrow"] = json!(1);
        same.params["anotherOne"] = json!(null);
        let (same, _) = world.apply(ADMIN, &same);
        assert_eq!(first, same, "{method}");

        let mut other = operation.clone();
        let (field, value) = match method {
            "conversation.create" => ("title", "another"),
            _ => ("conversationId", "another"),
        };
        other.params[field] = json!(value);
        let (other, _) = world.apply(ADMIN, &other);
        assert_eq!(code(&other), Some(Code::OperationConflict), "{method}");
    }
}

#[test]
fn a_notice_under_the_key_of_a_message_is_a_conflict() {
    let mut world = World::new();
    for (method, params) in [
        ("conversation.update", json!({"title": "T"})),
        ("conversation.leave", json!({})),
        ("participant.add", json!({"userIds": [STRANGER]})),
        ("participant.remove", json!({"userId": WRITER})),
    ] {
        let mut operation = world.operation(method, params);
        operation.operation_key = world.written;
        let (outcome, pending) = world.apply(ADMIN, &operation);
        assert_eq!(code(&outcome), Some(Code::OperationConflict), "{method}");
        assert!(pending.notify_events.is_empty(), "{method}");
    }
}
