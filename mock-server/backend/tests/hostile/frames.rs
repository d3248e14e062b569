//! Every frame of clients, over a socket of somebody who asks for what is others'.

use fulmar_backend::{Outgoing, SocketId};
use fulmar_protocol::{ClientFrame, CloseCode, ServerFrame};
use serde_json::{Value, json};

use crate::views::of_the_others;
use crate::world::{ATTACKERS, OUTSIDER, World, key};

/// Frames of this kind that are about what is others'. A new frame has to say here what it can name.
fn about_others(frame: &ClientFrame, world: &World) -> Vec<Value> {
    let theirs = &world.theirs;
    match frame {
        ClientFrame::Hello(_) => vec![json!({"type": "hello", "version": 1, "since": 1, "logId": theirs.log})],
        ClientFrame::Authenticate(_) => {
            vec![json!({"type": "authenticate", "accessToken": world.tokens("alice").refresh})]
        }
        ClientFrame::Submit(_) => theirs
            .conversations
            .iter()
            .map(|id| {
                let params = json!({"conversationId": id, "text": "hello"});
                let operation = json!({"operationKey": key(0xfade), "method": "message.send", "params": params});
                json!({"type": "submit", "submitId": 1, "operations": [operation]})
            })
            .collect(),
        ClientFrame::Ping(_) => vec![json!({"type": "ping", "id": 1})],
        ClientFrame::Typing(_) => theirs
            .conversations
            .iter()
            .flat_map(|id| ["started", "stopped"].map(|state| (id, state)))
            .map(|(id, state)| json!({"type": "typing", "conversationId": id, "state": state, "userId": "alice"}))
            .collect(),
        ClientFrame::Unknown => vec![json!({"type": "look", "conversationId": theirs.conversations[0]})],
    }
}

/// One frame of each kind.
fn kinds() -> Vec<ClientFrame> {
    [
        json!({"type": "hello", "version": 1}),
        json!({"type": "authenticate", "accessToken": "t"}),
        json!({"type": "submit", "submitId": 1, "operations": []}),
        json!({"type": "ping", "id": 1}),
        json!({"type": "typing", "conversationId": "c-1", "state": "started"}),
        json!({"type": "something.new"}),
    ]
    .map(|frame| ClientFrame::from_text(&frame.to_string()).unwrap())
    .to_vec()
}

fn to(outgoing: &Outgoing) -> SocketId {
    match outgoing {
        Outgoing::Frame { socket, .. } | Outgoing::Close { socket, .. } => *socket,
    }
}

#[test]
fn no_frame_reaches_others_or_changes_what_is_theirs() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for kind in kinds() {
        for attacker in ATTACKERS {
            for frame in about_others(&kind, &world) {
                let socket = world.connect(attacker);
                let now = world.now;
                let said = world.backend.frame(socket, &frame.to_string(), now);
                assert!(
                    said.iter().all(|outgoing| to(outgoing) == socket),
                    "{attacker}: {frame}: {said:?}"
                );
                assert!(
                    !format!("{said:?}").contains("secret of alice"),
                    "{attacker}: {frame}"
                );
                world.backend.disconnect(socket);
            }
        }
    }
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn a_hello_with_the_log_of_somebody_else_gets_a_reset_and_no_event() {
    let mut world = World::new();
    for attacker in ATTACKERS {
        for (since, log) in [
            (0_u64, world.theirs.log.clone()),
            (1, "log-none".to_owned()),
            (1 << 53, world.theirs.log.clone()),
        ] {
            let now = world.now;
            let socket = world
                .backend
                .connect(Some(&world.tokens(attacker).access), now);
            let hello = json!({"type": "hello", "version": 1, "since": since, "logId": log});
            let said = world.backend.frame(socket, &hello.to_string(), now);
            let mut resets = 0;
            for outgoing in &said {
                match outgoing {
                    Outgoing::Frame {
                        frame: ServerFrame::Events(events),
                        ..
                    } => panic!("{events:?}"),
                    Outgoing::Frame {
                        frame: ServerFrame::Reset(_),
                        ..
                    } => resets += 1,
                    Outgoing::Frame { .. } | Outgoing::Close { .. } => {}
                }
            }
            // A number beyond 2^53 is no number of the protocol.
            assert_eq!(resets, usize::from(since < 1 << 53), "{said:?}");
            world.backend.disconnect(socket);
        }
    }
}

#[test]
fn before_a_hello_every_other_frame_ends_the_socket_and_nothing_of_it_is_done() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    for kind in kinds() {
        for frame in about_others(&kind, &world) {
            let now = world.now;
            // Also where the handshake had a good token.
            let socket = world
                .backend
                .connect(Some(&world.tokens("alice").access), now);
            let said = world.backend.frame(socket, &frame.to_string(), now);
            match kind {
                ClientFrame::Hello(_) | ClientFrame::Unknown => continue,
                // A token that is not good is told as such.
                ClientFrame::Authenticate(_) => {
                    let code = CloseCode::Unauthenticated;
                    assert_eq!(
                        said.last(),
                        Some(&Outgoing::Close { socket, code }),
                        "{frame}"
                    );
                }
                ClientFrame::Submit(_) | ClientFrame::Ping(_) | ClientFrame::Typing(_) => {
                    let code = CloseCode::Malformed;
                    assert_eq!(said, [Outgoing::Close { socket, code }], "{frame}");
                }
            }
        }
    }
    assert_eq!(of_the_others(&mut world), before);
}

#[test]
fn who_types_is_told_by_the_token_and_not_by_the_frame() {
    let mut world = World::new();
    let conversation = world.own(OUTSIDER).conversations[0].clone();
    let friend = world.connect("frank");
    let socket = world.connect(OUTSIDER);
    let frame = json!({"type": "typing", "conversationId": conversation, "state": "started", "userId": "alice"});
    let now = world.now;
    let said = world.backend.frame(socket, &frame.to_string(), now);
    let [
        Outgoing::Frame {
            socket: to,
            frame: ServerFrame::Typing(typing),
        },
    ] = said.as_slice()
    else {
        panic!("{said:?}");
    };
    assert_eq!(
        (*to, typing.user_id.as_ref().unwrap().as_str()),
        (friend, OUTSIDER)
    );
}
