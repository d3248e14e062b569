//! Clients that do what they may, but without end: each amount has a bound, and what is beyond it has an outcome.

use std::time::Duration;

use fulmar_backend::Outgoing;
use fulmar_protocol::{CloseCode, ServerFrame};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::world::{NOW, OUTSIDER, PASSWORD, World};

const SECOND: Duration = Duration::from_secs(1);
/// How long a socket may be silent: twice the heartbeat, and 15 s (PROTOCOL.md §3.5).
const PATIENCE: Duration = Duration::from_secs(75);

fn connections(world: &mut World) -> Value {
    Ask::new("GET", "/stats").of(world).json()["connections"].clone()
}

#[test]
fn thousands_of_sockets_without_a_hello_are_closed_also_when_they_talk() {
    let mut world = World::new();
    let open = connections(&mut world);
    let mut sockets = Vec::new();
    for _ in 0..3_000 {
        sockets.push(world.backend.connect(None, world.now));
    }
    // Frames that nobody knows are ignored (PROTOCOL.md §2.4), and are no hello.
    for _ in 0..20 {
        world.now = world.now.plus(PATIENCE / 10);
        for socket in world.sockets.clone() {
            let now = world.now;
            world
                .backend
                .frame(socket, r#"{"type": "ping", "id": 1}"#, now);
        }
        for socket in sockets.iter().take(1_500) {
            let now = world.now;
            world
                .backend
                .frame(*socket, r#"{"type": "something.new"}"#, now);
        }
        let now = world.now;
        for outgoing in world.backend.tick(now) {
            let Outgoing::Close { socket, code } = outgoing else {
                panic!("nobody is told of it: {outgoing:?}");
            };
            assert_eq!(code, CloseCode::Silent);
            sockets.retain(|one| *one != socket);
        }
    }
    assert_eq!(sockets, []);
    assert_eq!(connections(&mut world), open);
}

#[test]
fn who_signs_in_on_thousands_of_devices_has_a_hundred_sessions() {
    let mut world = World::new();
    let first = world.tokens(OUTSIDER);
    let socket = world.connect(OUTSIDER);
    let mut ended = Vec::new();
    for number in 0..150 {
        let device = format!("device-{number}");
        let body = json!({"userId": OUTSIDER, "password": PASSWORD, "deviceId": device});
        world.now = world.now.plus(SECOND);
        let answer = Ask::new("POST", "/v1/auth/login")
            .body(&body)
            .of(&mut world);
        assert_eq!(answer.status, 200, "{}", answer.text());
        ended.extend(answer.outgoing);
    }
    world.sign_in(OUTSIDER);
    let sessions = Ask::new("GET", "/v1/sessions")
        .by(OUTSIDER)
        .of(&mut world)
        .json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 100);
    // The oldest have ended, with their sockets.
    let code = CloseCode::Revoked;
    assert!(
        ended.contains(&Outgoing::Close { socket, code }),
        "{ended:?}"
    );
    let answer = Ask::new("GET", "/v1/me")
        .token(Some(&first.access))
        .of(&mut world);
    assert_eq!(answer.code(), "token.invalid");
    let theirs = Ask::new("GET", "/v1/sessions")
        .by("alice")
        .of(&mut world)
        .json();
    assert_eq!(
        theirs["sessions"].as_array().unwrap().len(),
        1,
        "others keep theirs"
    );
}

#[test]
fn who_begins_thousands_of_uploads_has_a_thousand_and_others_have_room() {
    let mut world = World::new();
    let mut refused = 0;
    for _ in 0..1_100 {
        let answer = world.begin_upload(OUTSIDER);
        if answer.status != 201 {
            assert_eq!(answer.code(), "storage.full");
            refused += 1;
        }
    }
    assert!(refused >= 100, "{refused}");
    assert_eq!(world.begin_upload("alice").status, 201);
    // What nobody finished is gone after a day, and there is room again.
    world.now = world.now.plus(Duration::from_secs(25 * 60 * 60));
    world.sign_in(OUTSIDER);
    let now = world.now;
    world.backend.tick(now);
    world.backend.tick(now.plus(Duration::from_secs(3_600)));
    assert_eq!(world.begin_upload(OUTSIDER).status, 201);
}

#[test]
fn who_types_a_thousand_times_in_a_second_is_passed_on_a_few_times() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let friend = world.connect("frank");
    let socket = world.connect(OUTSIDER);
    let mut told = Vec::new();
    for number in 0..1_000_u32 {
        let state = if number % 2 == 0 {
            "started"
        } else {
            "stopped"
        };
        let frame = json!({"type": "typing", "conversationId": conversation, "state": state});
        let now = NOW.plus(SECOND / 1_000 * number);
        told.extend(world.backend.frame(socket, &frame.to_string(), now));
    }
    assert!((2..=20).contains(&told.len()), "{}", told.len());
    // Whatever came last: after three seconds nobody is shown as typing.
    let last = world.backend.tick(NOW.plus(SECOND * 5));
    told.extend(last);
    let Some(Outgoing::Frame {
        socket: to,
        frame: ServerFrame::Typing(typing),
    }) = told.last()
    else {
        panic!("{told:?}");
    };
    assert_eq!(
        (*to, typing.state),
        (friend, fulmar_protocol::TypingState::Stopped)
    );
    // A while later they are heard again.
    let frame = json!({"type": "typing", "conversationId": conversation, "state": "started"});
    assert_eq!(
        world
            .backend
            .frame(socket, &frame.to_string(), NOW.plus(SECOND * 6))
            .len(),
        1
    );
}

#[test]
fn who_comes_and_goes_a_thousand_times_leaves_no_row_and_no_socket() {
    let mut world = World::new();
    let open = connections(&mut world);
    let now = world.now;
    let entries = world.backend.audit(now).len();
    for _ in 0..1_000 {
        let socket = world.connect(OUTSIDER);
        // One frame for everybody who shares a conversation with them, and none for Alice and Bob.
        let said = world.backend.disconnect(socket);
        let theirs = said.iter().filter(|outgoing| match outgoing {
            Outgoing::Frame { socket, .. } | Outgoing::Close { socket, .. } => {
                world.sockets.contains(socket)
            }
        });
        assert_eq!(theirs.count(), 0, "{said:?}");
    }
    assert_eq!(connections(&mut world), open);
    assert_eq!(world.backend.audit(now).len(), entries);
}

#[test]
fn a_submit_of_too_many_is_refused_as_a_whole() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let operations: Vec<Value> = (0..101)
        .map(|_| {
            let params = json!({"conversationId": conversation, "text": "hello"});
            json!({"operationKey": world.new_key(), "method": "message.send", "params": params})
        })
        .collect();
    let answer = Ask::new("POST", "/v1/operations")
        .by(OUTSIDER)
        .body(&json!({"operations": operations}))
        .of(&mut world);
    assert_eq!(answer.code(), "request.tooLarge");
    let history = format!("/v1/conversations/{conversation}/messages");
    let page = Ask::new("GET", &history).by(OUTSIDER).of(&mut world).json();
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn reactions_pins_and_blocks_without_end_are_refused_at_their_bounds() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let message = world.own(OUTSIDER).messages[0].clone();
    let refused = |world: &mut World, verb: &str, path: &str, body: &Value| {
        let answer = Ask::new(verb, path).by(OUTSIDER).body(body).of(world);
        assert!(
            answer.status == 200 || answer.code() == "params.invalid",
            "{path}: {}",
            answer.text()
        );
        usize::from(answer.status != 200)
    };
    let emoji = (0x1f600_u32..).filter_map(char::from_u32).take(30);
    let paths: Vec<String> = emoji
        .map(|emoji| {
            let emoji = crate::templates::encoded(&emoji.to_string());
            format!("/v1/messages/{message}/reactions/{emoji}")
        })
        .collect();
    let over: usize = paths
        .iter()
        .map(|path| refused(&mut world, "PUT", path, &json!({})))
        .sum();
    assert_eq!(over, 10, "20 of one person (PROTOCOL.md §9)");
    let mut over = 0;
    for _ in 0..60 {
        let (message, _) = world.say(OUTSIDER, &conversation, &json!({}));
        over += refused(
            &mut world,
            "PUT",
            &format!("/v1/messages/{message}/pin"),
            &json!({"pinned": true}),
        );
    }
    assert_eq!(over, 10, "50 of a conversation");
}
