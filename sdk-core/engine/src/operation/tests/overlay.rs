//! What is shown of an operation, and that nothing is left of it when it was refused.

use super::*;
use crate::operation::overlay;
use crate::store::participants;
use crate::store::state::OperationState;

/// All that an operation can show.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Screen {
    own: String,
    others: String,
    profile: ConversationProfile,
    settings: Settings,
    people: Vec<Participant>,
    leaves: bool,
}

impl Room {
    fn screen(&mut self) -> Screen {
        let lane = self.lane;
        self.at(|place| {
            let changes = operations::changes_of_lane(place.db, lane).unwrap();
            let message = |number| {
                let row = messages::find(place.db, key(number)).unwrap().unwrap();
                format!("{:?}", place.shown(row).unwrap())
            };
            let mut profile = conversations::server_profile(place.db, lane.conversation()).unwrap();
            overlay::profile(&mut profile, &changes);
            let mut settings =
                conversations::server_settings(place.db, lane.conversation()).unwrap();
            overlay::settings(&mut settings, &changes);
            let mut people = participants::all(place.db, lane.conversation()).unwrap();
            overlay::participants(&mut people, &changes);
            Screen {
                own: message(OWN),
                others: message(OTHERS),
                profile,
                settings,
                people,
                leaves: overlay::leaves(&changes),
            }
        })
    }

    fn become_state(&mut self, number: u8, state: OperationState) {
        self.bench
            .run(|tx| operations::set_state(&tx.db, key(number), state, None).unwrap());
    }
}

/// What changes on the screen: the own message, that of others, profile, settings, people, leaving.
fn shows(method: &Method, message: u8) -> [bool; 6] {
    let about = [
        message == OWN,
        message == OTHERS,
        false,
        false,
        false,
        false,
    ];
    let one = |place: usize| std::array::from_fn(|there| there == place);
    match method {
        Method::MessageEdit(_)
        | Method::MessageDelete(_)
        | Method::MessageHide(_)
        | Method::MessagePin(_)
        | Method::ReactionAdd(_) => about,
        // There is none to take back.
        Method::ReactionRemove(_) => [false; 6],
        // Its message has a row of its own; so has a conversation.
        Method::MessageSend(_) | Method::ConversationCreate(_) => [false; 6],
        Method::ConversationUpdate(_) => one(2),
        // Nothing is marked as unread that reading could end.
        Method::ReceiptUpdate(_) => [false; 6],
        Method::SettingsUpdate(_) => one(3),
        Method::ParticipantAdd(_) | Method::ParticipantRemove(_) | Method::ParticipantUpdate(_) => {
            one(4)
        }
        Method::ConversationLeave(_) => one(5),
    }
}

fn differences(before: &Screen, after: &Screen) -> [bool; 6] {
    [
        before.own != after.own,
        before.others != after.others,
        before.profile != after.profile,
        before.settings != after.settings,
        before.people != after.people,
        before.leaves != after.leaves,
    ]
}

#[test]
fn every_operation_is_shown_until_it_is_refused_and_leaves_nothing_then() {
    for message in [OWN, OTHERS] {
        for method in every_method(message) {
            let name = method.name();
            let mut room = Room::admin();
            let before = room.screen();
            room.enqueue(1, &method);
            for state in OperationState::all() {
                room.become_state(1, state);
                let after = room.screen();
                if state == OperationState::Failed {
                    assert_eq!(after, before, "{name}");
                } else {
                    let expected = shows(&method, message);
                    assert_eq!(differences(&before, &after), expected, "{name} {state:?}");
                }
            }
        }
    }
}

/// Each pair of operations, in their order: when one is refused, what is left is the other alone.
#[test]
fn of_two_operations_the_refused_one_leaves_the_other_as_it_would_be_alone() {
    let all = every_method(OWN);
    for first in &all {
        for second in &all {
            let alone = |method: &Method| {
                let mut room = Room::admin();
                room.enqueue(1, method);
                room.screen()
            };
            let mut room = Room::admin();
            room.enqueue(1, first);
            room.enqueue(2, second);
            let what = format!("{} {}", first.name(), second.name());
            room.become_state(1, OperationState::Failed);
            assert_eq!(room.screen(), alone(second), "{what}");
            room.become_state(1, OperationState::Applied);
            room.become_state(2, OperationState::Failed);
            assert_eq!(room.screen(), alone(first), "{what}");
        }
    }
}

#[test]
fn what_a_message_shows_of_each_operation() {
    let shown = |methods: &[Method]| {
        let mut room = Room::admin();
        for (number, method) in methods.iter().enumerate() {
            room.enqueue(1 + number as u8, method);
        }
        room.at(|place| {
            let row = messages::find(place.db, key(OWN)).unwrap().unwrap();
            place.shown(row).unwrap()
        })
    };
    let edited = shown(&[edit(OWN, "better"), edit(OWN, "best")]);
    assert_eq!(edited.content.text, "best");
    assert_eq!(edited.edited_at, Some(Timestamp(EPOCH)));
    let liked = shown(&[react(OWN, "👍"), react(OWN, "🎉"), react(OWN, "👍")]);
    let emoji: Vec<&str> = liked.reactions.iter().map(|one| &*one.emoji).collect();
    assert_eq!(emoji, ["👍", "🎉"]);
    assert!(
        liked
            .reactions
            .iter()
            .all(|one| one.user_ids == [user("alice")])
    );
    let no_more = shown(&[react(OWN, "👍"), react_no_more(OWN, "👍")]);
    assert!(no_more.reactions.is_empty());
    let by_alice = Pin {
        at: Timestamp(EPOCH),
        by: user("alice"),
    };
    assert_eq!(shown(&[pin(OWN, true)]).pinned, Some(by_alice));
    assert_eq!(shown(&[pin(OWN, true), pin(OWN, false)]).pinned, None);
    assert_eq!(shown(&[delete(OWN), pin(OWN, true)]).pinned, None);
    assert_eq!(shown(&[pin(OWN, true), delete(OWN)]).pinned, None);
    let hidden = shown(&[hide(OWN)]);
    assert!(hidden.hidden && hidden.deleted.is_none());
    let gone = shown(&[
        edit(OWN, "better"),
        react(OWN, "👍"),
        delete(OWN),
        delete(OWN),
    ]);
    assert_eq!(gone.deleted.unwrap().by, user("alice"));
    assert_eq!((&*gone.content.text, gone.edited_at), ("", None));
    assert!(gone.reactions.is_empty());
}

#[test]
fn a_message_is_shown_as_it_is_to_nobody() {
    let mut room = Room::admin();
    room.enqueue(1, &edit(OWN, "better"));
    let lane = room.lane;
    let text = room.at(|place| {
        let changes = operations::changes_of_lane(place.db, lane).unwrap();
        let mut row = messages::find(place.db, key(OWN)).unwrap().unwrap();
        overlay::message(&mut row, None, &changes);
        row.content.text
    });
    assert_eq!(text, "hello");
}

#[test]
fn reading_ends_a_mark_as_unread_and_the_other_way_round() {
    let unread = Method::SettingsUpdate(SettingsUpdate {
        marked_unread: Some(true),
        ..settings()
    });
    let receipt = |delivered: Option<u64>, read: Option<u64>| {
        Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: here(),
            delivered_to: delivered.map(Position),
            read_to: read.map(Position),
        })
    };
    for (methods, expected) in [
        (vec![unread.clone()], true),
        (vec![unread.clone(), receipt(None, Some(3))], false),
        (vec![unread.clone(), receipt(Some(3), None)], true),
        (vec![receipt(None, Some(3)), unread.clone()], true),
    ] {
        let mut room = Room::admin();
        for (number, method) in methods.iter().enumerate() {
            room.enqueue(1 + number as u8, method);
        }
        assert_eq!(
            room.screen().settings.marked_unread,
            expected,
            "{methods:?}"
        );
    }
}

#[test]
fn a_silence_that_has_passed_ends_it_and_an_empty_picture_is_none() {
    let muted = |until| {
        Method::SettingsUpdate(SettingsUpdate {
            muted_until: Some(Timestamp(until)),
            ..settings()
        })
    };
    let picture = |url: &str| {
        Method::ConversationUpdate(ConversationUpdate {
            avatar_url: Some(url.to_owned()),
            ..update()
        })
    };
    let mut room = Room::admin();
    room.enqueue(1, &muted(EPOCH + 1));
    room.enqueue(2, &picture("https://x"));
    let screen = room.screen();
    assert_eq!(screen.settings.muted_until, Some(Timestamp(EPOCH + 1)));
    assert_eq!(screen.profile.avatar_url.as_deref(), Some("https://x"));
    room.enqueue(3, &muted(EPOCH));
    room.enqueue(4, &picture(""));
    let screen = room.screen();
    assert_eq!(screen.settings.muted_until, None);
    assert_eq!(screen.profile.avatar_url, None);
}

/// Where the last message is, where it was hidden, whether something was sent before or after that.
#[test]
fn messages_bring_back_what_is_hidden() {
    for (hidden_to, head, send, hides) in [
        (None, 5, None, false),
        (Some(5), 5, None, true),
        (Some(5), 6, None, false),
        (Some(5), 5, Some(0), true),
        (Some(5), 5, Some(9), false),
    ] {
        let mut room = Room::admin();
        let lane = room.lane;
        let hide = Method::SettingsUpdate(SettingsUpdate {
            hidden_to: Some(Position(5)),
            ..settings()
        });
        if hidden_to.is_some() {
            room.enqueue(1, &hide);
        }
        let hidden = room.at(|place| {
            let changes = operations::changes_of_lane(place.db, lane).unwrap();
            let mut settings =
                conversations::server_settings(place.db, lane.conversation()).unwrap();
            overlay::settings(&mut settings, &changes);
            overlay::hides(&settings, Position(head), &changes, send)
        });
        assert_eq!(hidden, hides, "{hidden_to:?} {head} {send:?}");
    }
}
