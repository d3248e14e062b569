//! Every route with every token that is not good, and what belongs to one session in another.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fulmar_backend::{Backend, Config, Outgoing};
use fulmar_protocol::{CloseCode, DeviceId, Secret, UserId};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::templates::routes;
use crate::views::of_the_others;
use crate::world::{NOW, OUTSIDER, PASSWORD, World};

/// Routes without a token, each for a reason: nobody has one yet, or it is for everybody.
const OPEN: [(&str, &str); 8] = [
    ("GET", "/health"),
    ("GET", "/stats"),
    ("GET", "/v1/openapi.json"),
    ("OPTIONS", "/v1/files"),
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/auth/logout"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/auth/register"),
];

/// Tokens that are not good, and what each is.
fn bad(world: &mut World) -> Vec<(&'static str, Option<String>)> {
    let alice = world.tokens("alice");
    let parts: Vec<String> = alice.access.split('.').map(str::to_owned).collect();
    let claims = URL_SAFE_NO_PAD.decode(&parts[1]).unwrap();
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    // Of another server that has the same people.
    let mut other = Backend::in_memory(Config::default(), [8; 32]).unwrap();
    let (user, device) = (
        UserId::new("alice").unwrap(),
        DeviceId::new("alice-phone").unwrap(),
    );
    other
        .add_user(&user, "alice", &Secret::from(PASSWORD), NOW)
        .unwrap();
    let foreign = other.open_session(&user, &device, NOW).unwrap();
    // Carol's claims with Alice's name, under Carol's signature.
    let carol = world.tokens(OUTSIDER).access;
    let carol: Vec<&str> = carol.split('.').collect();
    let renamed = String::from_utf8(URL_SAFE_NO_PAD.decode(carol[1]).unwrap())
        .unwrap()
        .replace(OUTSIDER, "alice");
    let renamed = format!(
        "{}.{}.{}",
        carol[0],
        URL_SAFE_NO_PAD.encode(renamed),
        carol[2]
    );
    vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("noise", Some("no token at all".to_owned())),
        ("a refresh token", Some(alice.refresh)),
        (
            "without a signature",
            Some(format!("{unsigned}.{}.", parts[1])),
        ),
        ("cut off", Some(format!("{}.{}", parts[0], parts[1]))),
        ("of another key", Some(foreign.expose().to_owned())),
        ("of another name", Some(renamed)),
        ("of claims alone", Some(String::from_utf8(claims).unwrap())),
        ("a mebibyte", Some("a".repeat(1024 * 1024))),
        ("with a zero", Some("a\0b".to_owned())),
    ]
}

/// A world in which a session of Bob has ended, with its token, and the later one of Bob's.
fn with_an_ended_session() -> (World, String) {
    let mut world = World::new();
    let ended = world.tokens("bob");
    let body = json!({"refreshToken": ended.refresh});
    world.post("bob", "/v1/auth/logout", &body);
    world.sign_in("bob");
    world.sockets = vec![world.connect("alice"), world.connect("bob")];
    (world, ended.access)
}

#[test]
fn which_routes_need_no_token_is_written_down() {
    let mut world = World::new();
    let open: Vec<_> = routes(&mut world)
        .into_iter()
        .filter(|route| !route.needs_token)
        .collect();
    let mut open: Vec<_> = open
        .iter()
        .map(|route| (route.verb.as_str(), route.path.as_str()))
        .collect();
    open.sort_unstable();
    assert_eq!(open, OPEN);
}

#[test]
fn no_route_answers_to_a_token_that_is_not_good() {
    let (mut world, ended) = with_an_ended_session();
    let before = of_the_others(&mut world);
    let mut tokens = bad(&mut world);
    tokens.push(("of an ended session", Some(ended)));
    let own = world.theirs.clone();
    for route in routes(&mut world)
        .into_iter()
        .filter(|route| route.needs_token)
    {
        for (what, token) in &tokens {
            let answer = route.ask(&own, &[]).token(token.as_deref()).of(&mut world);
            let what = format!("{} {} with a token {what}", route.verb, route.path);
            assert_eq!(answer.status, 401, "{what}: {}", answer.text());
            let expected = if route.verb == "HEAD" {
                ""
            } else {
                "token.invalid"
            };
            assert!(
                answer.code() == expected || route.verb == "HEAD",
                "{what}: {}",
                answer.text()
            );
            assert!(answer.outgoing.is_empty(), "{what}");
        }
    }
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn no_route_answers_to_a_token_that_has_run_out() {
    let mut world = World::new();
    world.now = NOW.plus(Duration::from_secs(24 * 60 * 60));
    let own = world.theirs.clone();
    for route in routes(&mut world)
        .into_iter()
        .filter(|route| route.needs_token)
    {
        let answer = route.ask(&own, &[]).by("alice").of(&mut world);
        assert_eq!(answer.status, 401, "{} {}", route.verb, route.path);
        if route.verb != "HEAD" {
            assert_eq!(
                answer.code(),
                "token.expired",
                "{} {}",
                route.verb,
                route.path
            );
        }
    }
}

#[test]
fn no_socket_opens_with_a_token_that_is_not_good() {
    let (mut world, ended) = with_an_ended_session();
    let mut tokens = bad(&mut world);
    tokens.push(("of an ended session", Some(ended)));
    for (what, token) in tokens {
        for in_handshake in [true, false] {
            let now = world.now;
            let socket = world
                .backend
                .connect(token.as_deref().filter(|_| in_handshake), now);
            let mut hello = json!({"type": "hello", "version": 1});
            if let (Some(token), false) = (&token, in_handshake) {
                hello["accessToken"] = json!(token);
            }
            let said = world.backend.frame(socket, &hello.to_string(), now);
            let last = said.last().unwrap();
            let large = what == "a mebibyte" && !in_handshake;
            let code = if large {
                CloseCode::TooLarge
            } else {
                CloseCode::Unauthenticated
            };
            assert_eq!(*last, Outgoing::Close { socket, code }, "{what}");
            assert!(said.len() <= 2, "{what}: {said:?}");
        }
    }
}

#[test]
fn a_token_of_another_session_ends_the_socket_that_shows_it_and_no_other() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for token in [
        world.tokens("alice").access,
        world.tokens("alice").refresh,
        "nobody's".to_owned(),
    ] {
        let socket = world.connect(OUTSIDER);
        let now = world.now;
        let frame = json!({"type": "authenticate", "accessToken": token}).to_string();
        let said = world.backend.frame(socket, &frame, now);
        let code = CloseCode::Unauthenticated;
        assert_eq!(said.last(), Some(&Outgoing::Close { socket, code }));
        for outgoing in &said {
            let (Outgoing::Frame { socket: to, .. } | Outgoing::Close { socket: to, .. }) =
                outgoing;
            assert_eq!(*to, socket);
        }
    }
    for socket in world.sockets.clone() {
        assert!(world.backend.caller_of_socket(socket).is_some());
    }
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn a_made_up_refresh_token_ends_no_session_whichever_it_names() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    let session = world.theirs.session.clone();
    let ask = |world: &mut World, path: &str, token: &str| -> (u16, Value) {
        let answer = Ask::new("POST", path)
            .body(&json!({"refreshToken": token}))
            .of(world);
        (answer.status, answer.json())
    };
    for half in [
        "",
        ".",
        ".00",
        ".8f8f8f8f",
        ".\u{0}",
        &format!(".{}", "f".repeat(64)),
    ] {
        let (named, unnamed) = (format!("{session}{half}"), format!("s-none{half}"));
        for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
            assert_eq!(
                ask(&mut world, path, &named),
                ask(&mut world, path, &unnamed),
                "{path} {half}"
            );
        }
    }
    assert_eq!(of_the_others(&mut world), before);
}
