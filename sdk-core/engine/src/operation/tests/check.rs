//! Who may do what (PROTOCOL.md §4.4), and to which messages.

use super::*;
use crate::store::{blocked, participants};
use fulmar_protocol::{Context, Deletion, Reaction};

const KINDS: [ConversationKind; 3] = [
    ConversationKind::Direct,
    ConversationKind::Group,
    ConversationKind::Unknown,
];
const ROLES: [Role; 3] = [Role::Admin, Role::Moderator, Role::Member];

/// Fails to compile when there is another kind, role or rule for writing.
fn is_listed(kind: ConversationKind, role: Role, writing: Writing) -> bool {
    match kind {
        ConversationKind::Direct | ConversationKind::Group | ConversationKind::Unknown => {}
    }
    match writing {
        Writing::Admins | Writing::Everyone => {}
    }
    match role {
        Role::Admin | Role::Moderator | Role::Member => true,
    }
}

/// What §4.4 says.
fn expected(
    method: &Method,
    kind: ConversationKind,
    role: Role,
    writing: Writing,
    message: u8,
) -> Checked {
    let group = kind != ConversationKind::Direct;
    // In a direct conversation both are members, whatever a server says.
    let role = if group { role } else { Role::Member };
    let admin = role == Role::Admin;
    let write = Checked::allowed_if(writing == Writing::Everyone || admin, Rule::AdminsOnly);
    let by_role = |allowed| Checked::allowed_if(allowed, Rule::RoleMissing);
    match method {
        Method::MessageSend(_) | Method::ReactionAdd(_) => write,
        Method::MessageEdit(_) if message == OWN => write,
        Method::MessageEdit(_) => Checked::not_allowed(Rule::NotEditable),
        Method::MessageDelete(_) => {
            let may = message == OWN || (message == OTHERS && role != Role::Member);
            Checked::allowed_if(may, Rule::NotDeletable)
        }
        Method::MessagePin(_) => {
            let of_others = message == OTHERS && (!group || role != Role::Member);
            if message == OWN || of_others {
                write
            } else {
                Checked::not_allowed(Rule::NotPinnable)
            }
        }
        // There is none.
        Method::ReactionRemove(_) => Checked::Nothing,
        Method::MessageHide(_)
        | Method::ReceiptUpdate(_)
        | Method::ConversationCreate(_)
        | Method::SettingsUpdate(_) => Checked::Go,
        Method::ConversationUpdate(_) => by_role(group && role != Role::Member),
        Method::ConversationLeave(_) => by_role(group),
        Method::ParticipantAdd(_) | Method::ParticipantRemove(_) | Method::ParticipantUpdate(_) => {
            by_role(group && admin)
        }
    }
}

#[test]
fn every_method_in_every_role_and_every_kind_of_conversation() {
    for kind in KINDS {
        for role in ROLES {
            for writing in [Writing::Everyone, Writing::Admins] {
                assert!(is_listed(kind, role, writing));
                let mut room = Room::new(kind, role, writing);
                for message in [OWN, OTHERS, NOTICE] {
                    for method in every_method(message) {
                        let name = method.name();
                        assert_eq!(
                            room.check(&method),
                            expected(&method, kind, role, writing, message),
                            "{kind:?} {role:?} {writing:?} {name} {message}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn everyone_in_a_group_may_remove_oneself_and_nobody_leaves_a_direct_conversation() {
    for kind in KINDS {
        for role in ROLES {
            let mut room = Room::new(kind, role, Writing::Everyone);
            let group = kind != ConversationKind::Direct;
            let expected = Checked::allowed_if(group, Rule::RoleMissing);
            assert_eq!(room.check(&remove("alice")), expected, "{kind:?} {role:?}");
        }
    }
}

#[test]
fn who_may_change_what_of_a_conversation() {
    let context = Context {
        kind: "order".to_owned(),
        id: "o-7".to_owned(),
        title: "Bicycle".to_owned(),
        extra: serde_json::Value::Null,
    };
    let looks = ConversationUpdate {
        avatar_url: Some("https://x".to_owned()),
        ..update()
    };
    let writing = ConversationUpdate {
        writing: Some(Writing::Admins),
        ..update()
    };
    let about = ConversationUpdate {
        context: Some(context),
        ..update()
    };
    let both = ConversationUpdate {
        avatar_url: looks.avatar_url.clone(),
        ..about.clone()
    };
    let (direct, group) = (ConversationKind::Direct, ConversationKind::Group);
    #[rustfmt::skip]
    let table = [
        //                        looks  writing about  both
        (direct, Role::Member,    [false, false, true,  false]),
        (group,  Role::Member,    [false, false, false, false]),
        (group,  Role::Moderator, [true,  false, false, false]),
        (group,  Role::Admin,     [true,  true,  true,  true]),
    ];
    let changes = [looks, writing, about, both];
    for (kind, role, row) in table {
        let mut room = Room::new(kind, role, Writing::Everyone);
        for (allowed, change) in row.into_iter().zip(&changes) {
            let method = Method::ConversationUpdate(change.clone());
            let expected = Checked::allowed_if(allowed, Rule::RoleMissing);
            assert_eq!(
                room.check(&method),
                expected,
                "{kind:?} {role:?} {change:?}"
            );
        }
    }
}

/// Whether it says something into the conversation.
fn writes(method: &Method) -> bool {
    match method {
        Method::MessageSend(_)
        | Method::MessageEdit(_)
        | Method::MessagePin(_)
        | Method::ReactionAdd(_) => true,
        Method::MessageDelete(_)
        | Method::MessageHide(_)
        | Method::ReactionRemove(_)
        | Method::ReceiptUpdate(_)
        | Method::ConversationCreate(_)
        | Method::ConversationUpdate(_)
        | Method::ConversationLeave(_)
        | Method::ParticipantAdd(_)
        | Method::ParticipantRemove(_)
        | Method::ParticipantUpdate(_)
        | Method::SettingsUpdate(_) => false,
    }
}

#[test]
fn nothing_is_said_to_who_was_blocked_or_has_gone() {
    for kind in KINDS {
        for (gone, rule) in [(false, Rule::BlockedByUser), (true, Rule::OtherPersonGone)] {
            let mut room = Room::new(kind, Role::Member, Writing::Everyone);
            let lane = room.lane;
            let before: Vec<Checked> = every_method(OWN).iter().map(|m| room.check(m)).collect();
            room.bench.run(|tx| {
                if gone {
                    participants::remove(&tx.db, lane.conversation(), &user("bob")).unwrap();
                } else {
                    blocked::set(&tx.db, &[user("bob")]).unwrap();
                }
            });
            for (method, before) in every_method(OWN).iter().zip(before) {
                let expected = if kind == ConversationKind::Direct && writes(method) {
                    Checked::not_allowed(rule)
                } else {
                    before
                };
                assert_eq!(room.check(method), expected, "{kind:?} {rule:?}");
            }
        }
    }
}

#[test]
fn nothing_is_done_to_messages_that_are_not_there() {
    let mut room = Room::admin();
    let mut hidden = message(23, "alice");
    hidden.hidden = true;
    room.knows(&hidden);
    let mut deleted = message(24, "alice");
    deleted.deleted = Some(Deletion {
        at: Timestamp(EPOCH),
        by: user("alice"),
    });
    room.knows(&deleted);
    room.enqueue(1, &delete(OTHERS));
    for (number, what) in [(OTHERS, "about to be deleted"), (24, "deleted")] {
        for method in every_method(number) {
            let Some(key) = method.message_key() else {
                continue;
            };
            let expected = match method {
                Method::MessageDelete(_) => Checked::Nothing,
                Method::MessageHide(_) => Checked::Go,
                _ => Checked::Refused(CommandError::NoSuchMessage { key }),
            };
            assert_eq!(room.check(&method), expected, "{what} {method:?}");
        }
    }
    for number in [23, 25] {
        for method in every_method(number) {
            let Some(key) = method.message_key() else {
                continue;
            };
            let hide = matches!(method, Method::MessageHide(_));
            let expected = if hide && number == 23 {
                Checked::Nothing
            } else {
                Checked::Refused(CommandError::NoSuchMessage { key })
            };
            assert_eq!(room.check(&method), expected, "{number} {method:?}");
        }
    }
}

#[test]
fn a_message_of_another_conversation_is_not_there() {
    let mut room = Room::admin();
    room.lane.0 += 1;
    for method in every_method(OWN) {
        let Some(key) = method.message_key() else {
            continue;
        };
        let missing = Checked::Refused(CommandError::NoSuchMessage { key });
        assert_eq!(room.check(&method), missing, "{method:?}");
    }
}

#[test]
fn a_reaction_that_is_there_is_not_added_and_one_that_is_not_is_not_removed() {
    let mut room = Room::admin();
    let mut liked = message(23, "bob");
    liked.reactions = vec![Reaction {
        emoji: "👍".to_owned(),
        user_ids: vec![user("alice")],
    }];
    room.knows(&liked);
    assert_eq!(room.check(&react(23, "👍")), Checked::Nothing);
    assert_eq!(room.check(&react_no_more(23, "👍")), Checked::Go);
    room.enqueue(1, &react_no_more(23, "👍"));
    assert_eq!(room.check(&react(23, "👍")), Checked::Go);
    assert_eq!(room.check(&react_no_more(23, "👍")), Checked::Nothing);
    assert_eq!(room.check(&react(23, "🎉")), Checked::Go);
}

/// What is about to change counts already.
#[test]
fn a_conversation_that_is_about_to_be_closed_for_writing_is_closed() {
    for (role, open) in [(Role::Admin, true), (Role::Member, false)] {
        let mut room = Room::new(ConversationKind::Group, role, Writing::Everyone);
        let close = Method::ConversationUpdate(ConversationUpdate {
            writing: Some(Writing::Admins),
            ..update()
        });
        room.enqueue(1, &close);
        let send = Method::MessageSend(MessageSend::text(here(), "hello"));
        let expected = Checked::allowed_if(open, Rule::AdminsOnly);
        assert_eq!(room.check(&send), expected, "{role:?}");
    }
}

#[test]
fn at_most_fifty_messages_are_pinned_with_those_that_the_outbox_is_about_to_pin() {
    let mut room = Room::admin();
    let most = u8::try_from(Pin::MOST).unwrap();
    for number in 0..most - 1 {
        let pinned = Some(Pin {
            at: Timestamp(EPOCH),
            by: user("bob"),
        });
        room.knows(&Message {
            pinned,
            ..message(50 + number, "bob")
        });
    }
    assert_eq!(room.check(&pin(OWN, true)), Checked::Go);
    room.enqueue(1, &pin(OTHERS, true));
    let full = Checked::not_allowed(Rule::TooManyPinned);
    assert_eq!(room.check(&pin(OWN, true)), full);
    assert_eq!(room.check(&pin(OTHERS, true)), Checked::Nothing);
    room.enqueue(2, &pin(50, false));
    assert_eq!(room.check(&pin(OWN, true)), Checked::Go);
}
