//! Every route with every parameter that names what is others'.

use std::collections::BTreeSet;

use fulmar_protocol::Code;
use serde_json::{Value, json};

use crate::ask::Answer;
use crate::kinds::{Kind, kind, refusal};
use crate::templates::{Template, routes};
use crate::views::{masked, of_the_others};
use crate::world::{ATTACKERS, BLOCKED, STRANGER, Things, World};

/// What an attacker must not get at by a parameter of this kind.
pub(crate) fn foreign(world: &World, attacker: &str, kind: &Kind) -> Vec<String> {
    match kind {
        // That there are users is no secret (PROTOCOL.md §7.9), but that one has blocked the asker.
        Kind::User if attacker == STRANGER => vec!["alice".to_owned()],
        Kind::User | Kind::OperationKey | Kind::Plain(_) => Vec::new(),
        Kind::Conversation
        | Kind::Message
        | Kind::MessageKey
        | Kind::File
        | Kind::Session
        | Kind::Device
        | Kind::Log => kind.of(&world.theirs),
    }
}

/// The answer without what is new each time, and without the id that was asked for.
fn told(answer: &Answer, asked: &str) -> Value {
    let text = answer.text().replace(asked, "what was asked for");
    let body = serde_json::from_str(&text).map_or(json!(text), masked);
    json!([
        answer.status,
        body,
        answer.header("upload-offset"),
        answer.header("upload-length")
    ])
}

/// One name, once of what is others' and once of what does not exist.
fn compare(world: &mut World, attacker: &str, template: &Template, name: &str, value: &str) {
    let own: Things = world.own(attacker).clone();
    let what = format!(
        "{attacker}: {} {} of {name} {value}",
        template.verb, template.path
    );
    world.reset();
    let answer = template.ask(&own, &[(name, value)]).by(attacker).of(world);
    assert_reaches_nobody(world, &answer, &what);
    // A conversation of one's own may begin with it; that is nothing of the others'.
    let is_refused = answer.status >= 400;
    let others = told(&answer, value);
    world.reset();
    let nothing = kind(name).nothing();
    let answer = template
        .ask(&own, &[(name, &nothing)])
        .by(attacker)
        .of(world);
    assert_eq!(
        others,
        told(&answer, &nothing),
        "{what} says whether it exists"
    );
    match expected(template, name) {
        Some(code) => assert_eq!(answer.code(), code.to_string(), "{what}: {}", answer.text()),
        None => assert!(!is_refused, "{what}: {}", answer.text()),
    }
}

/// Where a route has another outcome than its parameter says.
fn expected(template: &Template, name: &str) -> Option<Code> {
    match (template.path.as_str(), name) {
        // Answered the same whether there was a block.
        ("/v1/blocks/{userId}/remove", "userId") => None,
        // A log that is nobody's may be named by any number (PROTOCOL.md §6.3).
        _ => refusal(name),
    }
}

/// A user can be blocked by one who was blocked by them: that they exist is told there.
fn is_told(template: &Template) -> bool {
    template.path == "/v1/blocks" && template.verb == "POST"
}

pub(crate) fn assert_reaches_nobody(world: &World, answer: &Answer, what: &str) {
    for outgoing in &answer.outgoing {
        let socket = match outgoing {
            fulmar_backend::Outgoing::Frame { socket, .. }
            | fulmar_backend::Outgoing::Close { socket, .. } => socket,
        };
        assert!(
            !world.sockets.contains(socket),
            "{what} reaches somebody: {outgoing:?}"
        );
    }
}

/// Sign-in and its like name a user or a device as their own: there is nothing of others' to ask for.
fn is_about_oneself(template: &Template) -> bool {
    template.path.starts_with("/v1/auth/")
}

#[test]
fn what_is_others_is_answered_like_what_does_not_exist() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    let mut asked = 0;
    for template in routes(&mut world) {
        if is_about_oneself(&template) {
            continue;
        }
        for name in template.names() {
            for attacker in ATTACKERS {
                for value in foreign(&world, attacker, &kind(name)) {
                    if is_told(&template) {
                        continue;
                    }
                    compare(&mut world, attacker, &template, name, &value);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 300, "{asked}");
    world.reset();
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn what_is_others_stays_as_it_is_whatever_is_asked_for_it() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for template in routes(&mut world) {
        if is_about_oneself(&template) {
            continue;
        }
        // All of one route in a row, so that one request can use what another has left.
        world.reset();
        for name in template.names() {
            for attacker in ATTACKERS {
                for value in foreign(&world, attacker, &kind(name)) {
                    let own = world.own(attacker).clone();
                    let answer = template
                        .ask(&own, &[(name, &value)])
                        .by(attacker)
                        .of(&mut world);
                    assert_reaches_nobody(&world, &answer, &template.path);
                }
            }
        }
        assert_eq!(
            of_the_others(&mut world),
            before,
            "{} {}",
            template.verb,
            template.path
        );
    }
}

#[test]
fn an_answer_has_nothing_of_what_others_said() {
    let mut world = World::new();
    let secrets = |text: &str| text.contains("secret of alice") || text.contains("secret of bob");
    for template in routes(&mut world) {
        for attacker in ATTACKERS {
            if is_about_oneself(&template) {
                continue;
            }
            let own = world.own(attacker).clone();
            world.reset();
            let answer = template.ask(&own, &[]).by(attacker).of(&mut world);
            let text = answer.text();
            // The removed one keeps what the log said while they took part; that of Alice's has no more than theirs.
            assert!(
                !secrets(&text),
                "{attacker}: {} {}: {text}",
                template.verb,
                template.path
            );
        }
    }
}

#[test]
fn the_blocked_one_still_sees_no_more_than_the_direct_conversation() {
    let mut world = World::new();
    let list = crate::ask::Ask::new("GET", "/v1/conversations")
        .by(BLOCKED)
        .of(&mut world)
        .json();
    let list = list["conversations"].as_array().unwrap().clone();
    assert_eq!(list.len(), 2, "their own, and the one with Alice: {list:?}");
    let theirs = world.theirs.conversations.clone();
    assert!(
        list.iter()
            .all(|one| !theirs.iter().any(|id| one["conversationId"] == **id))
    );
}

#[test]
fn every_route_that_the_protocol_names_is_asked_for() {
    let mut world = World::new();
    let there: BTreeSet<(String, String)> = routes(&mut world)
        .into_iter()
        .map(|template| (template.verb.clone(), shape(&template.path)))
        .collect();
    let text = include_str!("../../../../protocol/PROTOCOL.md");
    let mut named = BTreeSet::new();
    for quoted in text.split('`').skip(1).step_by(2) {
        let Some((verb, path)) = quoted.split_once(' ') else {
            continue;
        };
        let path = path.split('?').next().unwrap();
        let is_verb = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"].contains(&verb);
        // The socket is no request that is answered; `frames.rs` asks over it.
        if is_verb && path.starts_with("/v1/") && path != "/v1/socket" {
            named.insert((verb.to_owned(), shape(path)));
        }
    }
    assert!(named.len() > 35, "{}", named.len());
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(
        missing.is_empty(),
        "not in the OpenAPI document: {missing:?}"
    );
}

fn shape(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') {
            "{}".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
