//! Every method of operations with every param that names what is others', over HTTP and over a socket.

use fulmar_backend::{Outgoing, SocketId};
use fulmar_protocol::{Code, ServerFrame};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::kinds::{Kind, kind, refusal};
use crate::routes::{assert_reaches_nobody, foreign};
use crate::templates::{Field, methods, object};
use crate::views::{masked, of_the_others};
use crate::world::{ATTACKERS, OUTSIDER, REMOVED, STRANGER, World, key};

/// The outcome of an operation over HTTP.
fn over_http(world: &mut World, attacker: &str, operation: &Value) -> Value {
    let body = json!({"operations": [operation]});
    let answer = Ask::new("POST", "/v1/operations")
        .by(attacker)
        .body(&body)
        .of(world);
    assert_reaches_nobody(world, &answer, &operation.to_string());
    answer.json()["outcomes"][0].clone()
}

/// The same over a socket.
fn over_a_socket(world: &mut World, socket: SocketId, operation: &Value) -> Value {
    let frame = json!({"type": "submit", "submitId": 1, "operations": [operation]});
    let said = world.backend.frame(socket, &frame.to_string(), world.now);
    let mut outcome = Value::Null;
    for outgoing in said {
        let (to, frame) = match outgoing {
            Outgoing::Frame { socket, frame } => (socket, Some(frame)),
            Outgoing::Close { socket, .. } => (socket, None),
        };
        assert!(!world.sockets.contains(&to), "{operation} reaches somebody");
        if let Some(ServerFrame::Outcome(frame)) = frame {
            outcome = serde_json::to_value(&frame.outcomes[0]).unwrap();
        }
    }
    outcome
}

fn operation(method: &str, params: Value) -> Value {
    json!({"operationKey": key(0xfade), "method": method, "params": params})
}

/// What is said of one operation, over HTTP and over a socket.
fn outcome(
    world: &mut World,
    attacker: &str,
    method: &str,
    params: &Value,
    asked: &[&str],
) -> Value {
    let operation = operation(method, params.clone());
    let mask = |outcome: &Value| {
        let mut text = outcome.to_string();
        for asked in asked {
            text = text.replace(asked, "what was asked for");
        }
        masked(serde_json::from_str(&text).unwrap())
    };
    world.reset();
    let http = mask(&over_http(world, attacker, &operation));
    world.reset();
    let socket = world.connect(attacker);
    let frame = mask(&over_a_socket(world, socket, &operation));
    assert_eq!(
        http, frame,
        "{method} {params}: HTTP and a socket say the same"
    );
    http
}

/// Every set of names with a foreign value: each alone, and each beside a conversation of others'.
fn attempts(fields: &[Field]) -> Vec<Vec<&str>> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let mut sets: Vec<Vec<&str>> = names.iter().map(|name| vec![*name]).collect();
    if names.contains(&"conversationId") {
        let beside = names.iter().filter(|name| **name != "conversationId");
        sets.extend(beside.map(|name| vec!["conversationId", *name]));
    }
    sets
}

#[test]
fn an_operation_on_what_is_others_is_answered_like_one_on_what_does_not_exist() {
    let mut world = World::new();
    let mut asked = 0;
    for (method, fields) in methods() {
        for names in attempts(&fields) {
            for attacker in ATTACKERS {
                let kinds: Vec<Kind> = names.iter().map(|name| kind(name)).collect();
                let values: Vec<Vec<String>> = kinds
                    .iter()
                    .map(|kind| foreign(&world, attacker, kind))
                    .collect();
                if values.iter().any(Vec::is_empty) {
                    continue;
                }
                for turn in 0..values.iter().map(Vec::len).max().unwrap() {
                    let value = |values: &Vec<String>| values[turn % values.len()].clone();
                    let values: Vec<String> = values.iter().map(value).collect();
                    compare(&mut world, attacker, (method, &fields), &names, &values);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 200, "{asked}");
}

fn compare(
    world: &mut World,
    attacker: &str,
    (method, fields): (&str, &[Field]),
    names: &[&str],
    values: &[String],
) {
    let own = world.own(attacker).clone();
    let what = format!("{attacker}: {method} of {names:?} {values:?}");
    let nothing: Vec<String> = names.iter().map(|name| kind(name).nothing()).collect();
    let params = |values: &[String]| {
        let named: Vec<(&str, &str)> = names
            .iter()
            .copied()
            .zip(values.iter().map(String::as_str))
            .collect();
        object(fields, &own, &named)
    };
    let theirs: Vec<&str> = values.iter().map(String::as_str).collect();
    let others = outcome(world, attacker, method, &params(values), &theirs);
    let none: Vec<&str> = nothing.iter().map(String::as_str).collect();
    let nobodys = outcome(world, attacker, method, &params(&nothing), &none);
    assert_eq!(others, nobodys, "{what} says whether it exists");
    let code = match names {
        [name] => refusal(name),
        // Where it is comes before what it is.
        _ => Some(Code::ConversationNotFound),
    };
    match code {
        Some(code) => assert_eq!(others["problem"]["code"], json!(code), "{what}: {others}"),
        None => assert_eq!(others["status"], "applied", "{what}: {others}"),
    }
}

#[test]
fn operations_on_what_is_others_change_nothing_of_theirs() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for (method, fields) in methods() {
        world.reset();
        for names in attempts(&fields) {
            for attacker in ATTACKERS {
                let own = world.own(attacker).clone();
                let values: Vec<(&str, String)> = names
                    .iter()
                    .filter_map(|name| {
                        Some((
                            *name,
                            foreign(&world, attacker, &kind(name)).first()?.clone(),
                        ))
                    })
                    .collect();
                let named: Vec<(&str, &str)> = values
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                let params = object(&fields, &own, &named);
                let mut operation = operation(method, params);
                operation["operationKey"] = json!(world.new_key());
                over_http(&mut world, attacker, &operation);
            }
        }
        assert_eq!(of_the_others(&mut world), before, "{method}");
    }
}

#[test]
fn the_key_of_a_message_of_others_is_a_conflict_and_of_anything_else_means_nothing() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let send = json!({"conversationId": conversation, "text": "hello"});
    let mut ask = |operation_key: &str| {
        world.reset();
        let operation =
            json!({"operationKey": operation_key, "method": "message.send", "params": send});
        over_http(&mut world, OUTSIDER, &operation)
    };
    for number in 1..40 {
        let outcome = ask(&key(number));
        let said = outcome.to_string();
        // PROTOCOL.md §5.1: no two messages of a server have the same key, and that is all that is said.
        assert!(!said.contains("secret"), "{said}");
        let conflict = outcome["problem"]["code"] == json!(Code::OperationConflict);
        assert!(conflict || outcome["status"] == "applied", "{said}");
    }
    let of_a_message = world.theirs.keys[0].clone();
    let edit = json!({"operationKey": of_a_message, "method": "settings.update",
        "params": {"conversationId": conversation, "pinned": true}});
    world.reset();
    let outcome = over_http(&mut world, OUTSIDER, &edit);
    assert_eq!(
        outcome["status"], "applied",
        "a key is remembered for its user alone: {outcome}"
    );
}

/// Values that the rules forbid, or that cannot be read at all.
fn wrong_values() -> [Value; 4] {
    [json!(null), json!(" "), json!("a".repeat(9_000)), json!(7)]
}

#[test]
fn a_wrong_value_beside_it_does_not_tell_what_is_others_from_what_does_not_exist() {
    let mut world = World::new();
    let mut asked = 0;
    for (method, fields) in methods() {
        for (name, _) in &fields {
            let named = kind(name);
            let attacker = match named {
                Kind::User => STRANGER,
                Kind::Conversation
                | Kind::Message
                | Kind::MessageKey
                | Kind::File
                | Kind::Session
                | Kind::Device
                | Kind::Log
                | Kind::OperationKey
                | Kind::Plain(_) => REMOVED,
            };
            let Some(value) = foreign(&world, attacker, &named).first().cloned() else {
                continue;
            };
            let own = world.own(attacker).clone();
            for (beside, _) in fields.iter().filter(|(beside, _)| beside != name) {
                for wrong in wrong_values() {
                    let mut of = |value: &str| {
                        let mut params = object(&fields, &own, &[(name, value)]);
                        params[beside] = wrong.clone();
                        world.reset();
                        let outcome =
                            over_http(&mut world, attacker, &operation(method, params)).to_string();
                        let outcome = outcome.replace(value, "what was asked for");
                        masked(serde_json::from_str(&outcome).unwrap())
                    };
                    let (others, nobodys) = (of(&value), of(&named.nothing()));
                    assert_eq!(others, nobodys, "{method}: {name}, and {beside} is {wrong}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 150, "{asked}");
}
