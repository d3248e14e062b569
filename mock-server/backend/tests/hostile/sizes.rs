//! Values that are too large, too deep or no text, in every place where a client says anything: each is refused, and
//! nothing of it is kept.

use fulmar_backend::Outgoing;
use fulmar_protocol::CloseCode;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::kinds::{Kind, kind};
use crate::templates::{Template, methods, routes};
use crate::views::of_the_others;
use crate::world::{OUTSIDER, World, key};

/// Bodies that are no JSON of the protocol (PROTOCOL.md §2.1), whatever is asked for.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str, count: usize| {
        format!(
            "{{\"extra\":{}1{}}}",
            open.repeat(count),
            close.repeat(count)
        )
        .into_bytes()
    };
    vec![
        ("lists in lists", deep("[", "]", 100)),
        ("many lists in lists", deep("[", "]", 100_000)),
        ("objects in objects", deep("{\"a\":", "}", 200)),
        ("lists without an end", b"[".repeat(500_000)),
        ("no UTF-8", b"{\"text\": \"\xff\xfe\"}".to_vec()),
        ("half a surrogate", br#"{"extra": "\ud800"}"#.to_vec()),
        (
            "a number that no double holds",
            br#"{"extra": 1e999}"#.to_vec(),
        ),
        ("no number", br#"{"extra": NaN}"#.to_vec()),
        ("a list", b"[]".to_vec()),
        ("a word", b"\"hello\"".to_vec()),
        ("a zero", b"\0".to_vec()),
        ("half an object", b"{\"text\": \"hello\"".to_vec()),
        ("two objects", b"{}{}".to_vec()),
    ]
}

/// Values for one parameter, none of which is one that it takes.
fn too_much() -> Vec<Value> {
    vec![
        json!("a".repeat(129)),
        json!("a".repeat(500_000)),
        json!("a\u{0}b"),
        json!("\u{1b}[2J"),
        json!(""),
        json!(".."),
        json!("../../v1/me"),
        json!(1_u64 << 53),
        json!(u64::MAX),
        json!(-1),
        json!(1.5),
        json!(1.7e308),
        json!([[[[[]]]]]),
        json!({"a": {"b": []}}),
        json!(true),
    ]
}

fn takes_json(template: &Template) -> bool {
    !template.body.is_empty() && !template.path.starts_with("/v1/auth/")
}

#[test]
fn a_body_that_is_no_json_of_the_protocol_is_malformed_everywhere() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for template in routes(&mut world)
        .iter()
        .filter(|template| !template.body.is_empty())
    {
        let own = world.own(OUTSIDER).clone();
        for (what, body) in unreadable() {
            let answer = template
                .ask(&own, &[])
                .bytes(&body)
                .by(OUTSIDER)
                .of(&mut world);
            let what = format!("{} {}: {what}", template.verb, template.path);
            assert_eq!(
                answer.code(),
                "request.malformed",
                "{what}: {}",
                answer.text()
            );
            assert!(
                answer.body.len() < 1_000,
                "{what}: the answer is as short as ever"
            );
        }
        let answer = template
            .ask(&own, &[])
            .bytes(&vec![b' '; 1024 * 1024 + 1])
            .by(OUTSIDER)
            .of(&mut world);
        assert_eq!(
            answer.code(),
            "request.tooLarge",
            "{} {}",
            template.verb,
            template.path
        );
    }
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn a_value_that_is_too_large_or_of_another_type_is_refused_in_every_parameter() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for template in routes(&mut world)
        .iter()
        .filter(|template| takes_json(template))
    {
        let own = world.own(OUTSIDER).clone();
        for (name, _) in &template.body {
            for value in too_much() {
                world.reset();
                let mut body = crate::templates::object(&template.body, &own, &[]);
                body[name] = value.clone();
                let answer = template
                    .ask(&own, &[])
                    .body(&body)
                    .by(OUTSIDER)
                    .of(&mut world);
                // Some take one of these: a number where one is meant, an empty list, a text of any length within
                // bounds. None is a mistake of the server, and the answer is short.
                let short = answer.status < 400 || answer.body.len() < 2_000;
                assert!(short, "{name} {}", answer.text());
                if kind(name) == Kind::Conversation && value.is_string() {
                    assert!(answer.status >= 400, "{} {name}", template.path);
                }
            }
        }
        world.reset();
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
fn an_id_that_cannot_be_one_is_answered_like_one_that_does_not_exist() {
    let mut world = World::new();
    for template in routes(&mut world) {
        let own = world.own(OUTSIDER).clone();
        for name in template.path_names() {
            let named = kind(name);
            // A block of nobody is none, and ending it is answered like ending one that is not there.
            if matches!(named, Kind::Plain(_)) || template.path == "/v1/blocks/{userId}/remove" {
                continue;
            }
            let nothing = named.nothing();
            let expected = template
                .ask(&own, &[(name, &nothing)])
                .by(OUTSIDER)
                .of(&mut world);
            for id in [
                "a".repeat(129),
                "a".repeat(100_000),
                "a\u{0}b".to_owned(),
                "\u{7f}".to_owned(),
                ".".to_owned(),
            ] {
                let answer = template
                    .ask(&own, &[(name, &id)])
                    .by(OUTSIDER)
                    .of(&mut world);
                let what = format!("{} {} of {} bytes", template.verb, template.path, id.len());
                // In params such an id cannot be read, and that is looked at first (PROTOCOL.md §2.4).
                let is_param = template.body.iter().any(|(name, _)| name == "operationKey");
                let unread = is_param && answer.code() == "params.invalid";
                let same = (answer.status, answer.code()) == (expected.status, expected.code());
                assert!(same || unread, "{what}: {}", answer.text());
            }
            // Bytes that are no text are no path.
            let path = template
                .path
                .replace(&format!("{{{name}}}"), "%FF%FE")
                .replace(['{', '}'], "");
            let answer = Ask::new(&template.verb, &path).by(OUTSIDER).of(&mut world);
            let refused = answer.status == 400 || template.verb == "HEAD" && answer.status >= 400;
            assert!(refused, "{path}: {} {}", answer.status, answer.text());
        }
    }
}

#[test]
fn numbers_in_queries_end_below_two_to_the_53() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let history = format!("/v1/conversations/{conversation}/messages");
    let places =
        ["before", "after", "around", "aroundTime", "limit"].map(|name| (history.as_str(), name));
    let others = [
        ("/v1/sync", "since"),
        ("/v1/search", "from"),
        ("/v1/search", "until"),
    ];
    for (path, name) in places.into_iter().chain(others) {
        for number in [
            "9007199254740992",
            "18446744073709551616",
            "-1",
            "1e3",
            "1.0",
            "0x10",
            "",
            " 1",
            "١",
        ] {
            let query = format!("q=hello&{name}={}", crate::templates::encoded(number));
            let answer = Ask::new("GET", path)
                .query(&query)
                .by(OUTSIDER)
                .of(&mut world);
            assert_eq!(
                answer.code(),
                "params.invalid",
                "{path} {name}={number}: {}",
                answer.text()
            );
        }
        let query = format!("q=hello&{name}=9007199254740991");
        let answer = Ask::new("GET", path)
            .query(&query)
            .by(OUTSIDER)
            .of(&mut world);
        assert!(
            answer.status == 200 || answer.code() == "sync.reset",
            "{path} {name}: {}",
            answer.text()
        );
    }
}

#[test]
fn a_frame_that_is_no_json_of_the_protocol_ends_its_socket_alone() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for (what, body) in unreadable() {
        // What is no UTF-8 does not come out of a WebSocket as a text.
        let Ok(text) = String::from_utf8(body) else {
            continue;
        };
        let socket = world.connect(OUTSIDER);
        let now = world.now;
        let said = world.backend.frame(socket, &text, now);
        let code = CloseCode::Malformed;
        assert_eq!(
            said.last(),
            Some(&Outgoing::Close { socket, code }),
            "{what}"
        );
        assert!(said.len() <= 2, "{what}");
    }
    let socket = world.connect(OUTSIDER);
    let now = world.now;
    let said = world
        .backend
        .frame(socket, &" ".repeat(1024 * 1024 + 1), now);
    let code = CloseCode::TooLarge;
    assert_eq!(said, [Outgoing::Close { socket, code }]);
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn one_operation_that_cannot_be_read_fails_alone_whatever_is_in_it() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for (method, fields) in methods() {
        let own = world.own(OUTSIDER).clone();
        for (name, _) in &fields {
            for value in too_much() {
                world.reset();
                let mut params = crate::templates::object(&fields, &own, &[]);
                params[name] = value;
                let operation =
                    json!({"operationKey": key(0xfade), "method": method, "params": params});
                let good = json!({"operationKey": key(0xfadf), "method": "message.send",
                    "params": {"toUserId": "frank", "text": "hello"}});
                let body = json!({"operations": [operation, good]});
                let answer = Ask::new("POST", "/v1/operations")
                    .by(OUTSIDER)
                    .body(&body)
                    .of(&mut world);
                assert_eq!(answer.status, 200, "{method} {name}: {}", answer.text());
                assert_eq!(
                    answer.json()["outcomes"][1]["status"],
                    "applied",
                    "{method} {name}"
                );
            }
        }
        world.reset();
        assert_eq!(of_the_others(&mut world), before, "{method}");
    }
}
