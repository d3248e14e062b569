//! What every operation comes to together with every earlier one.

use super::*;
use crate::store::state::OperationState;

fn mark(fold: &Fold) -> char {
    match fold {
        Fold::Beside => '.',
        Fold::Into(_) => 'I',
        Fold::Cancels => 'C',
        Fold::Replaces => 'R',
        Fold::GivesUp => 'G',
    }
}

/// The later one down, the earlier one across, both in the order of the protocol's list and about the same
/// message.
#[rustfmt::skip]
const MATRIX: [(&str, &str); 15] = [
    //                      send, edit, delete, hide, pin, react, no more, receipt, create, update, leave, people, settings
    ("message.send",         "..............."),
    ("message.edit",         "II............."),
    ("message.delete",       "GRR.RRR........"),
    ("message.hide",         "G.............."),
    ("message.pin",         "....R.........."),
    ("reaction.add",         "......C........"),
    ("reaction.remove",      ".....C........."),
    ("receipt.update",       ".......I......."),
    ("conversation.create",  "..............."),
    ("conversation.update",  ".........I....."),
    ("conversation.leave",   "..............."),
    ("participant.add",      "..............."),
    ("participant.remove",   "..............."),
    ("participant.update",   "..............."),
    ("settings.update",      "..............I"),
];

#[test]
fn every_pair_of_methods() {
    let methods = every_method(OWN);
    assert_eq!(MATRIX.map(|(name, _)| name), Method::NAMES);
    for (later, (name, row)) in methods.iter().zip(MATRIX) {
        let marks: String = methods
            .iter()
            .map(|earlier| mark(&of(later).fold(earlier)))
            .collect();
        assert_eq!(marks, row, "{name}");
    }
}

#[test]
fn what_folds_is_still_the_same_method_in_the_same_place() {
    let methods = every_method(OWN);
    for later in &methods {
        for earlier in &methods {
            if let Fold::Into(mut folded) = of(later).fold(earlier) {
                assert_eq!(folded.name(), earlier.name());
                assert_eq!(folded.conversation_id_mut(), Some(&mut here()));
                let key = folded.message_key();
                assert_eq!(key, earlier.message_key(), "{folded:?}");
            }
        }
    }
}

/// The newest of these is the only one that an operation about no message folds into.
#[test]
fn what_an_operation_keeps_its_order_with() {
    for method in every_method(OWN) {
        let kinds = of(&method).folds_with();
        let expected: &[&str] = match method {
            Method::ReceiptUpdate(_) => &["receipt.update", "settings.update"],
            Method::ConversationUpdate(_) => &["conversation.update"],
            Method::SettingsUpdate(_) => &["settings.update", "receipt.update", "message.send"],
            Method::MessageSend(_)
            | Method::MessageEdit(_)
            | Method::MessageDelete(_)
            | Method::MessageHide(_)
            | Method::MessagePin(_)
            | Method::ReactionAdd(_)
            | Method::ReactionRemove(_)
            | Method::ConversationCreate(_)
            | Method::ConversationLeave(_)
            | Method::ParticipantAdd(_)
            | Method::ParticipantRemove(_)
            | Method::ParticipantUpdate(_) => &[],
        };
        assert_eq!(kinds, expected, "{method:?}");
        assert!(kinds.iter().all(|kind| Method::NAMES.contains(kind)));
    }
}

/// Messages and creations hold what is behind them; what may be repeated at any time is no message.
#[test]
fn what_holds_a_lane_and_what_may_be_repeated() {
    for method in every_method(OWN) {
        let (holds, repeatable) = match method {
            Method::MessageSend(_) | Method::ConversationCreate(_) => (true, false),
            Method::ReceiptUpdate(_) | Method::SettingsUpdate(_) => (false, true),
            Method::MessageEdit(_)
            | Method::MessageDelete(_)
            | Method::MessageHide(_)
            | Method::MessagePin(_)
            | Method::ReactionAdd(_)
            | Method::ReactionRemove(_)
            | Method::ConversationUpdate(_)
            | Method::ConversationLeave(_)
            | Method::ParticipantAdd(_)
            | Method::ParticipantRemove(_)
            | Method::ParticipantUpdate(_) => (false, false),
        };
        assert_eq!(of(&method).holds_lane(), holds, "{method:?}");
        assert_eq!(of(&method).is_repeatable(), repeatable, "{method:?}");
    }
}

#[test]
fn reactions_with_other_emoji_stay_beside_each_other() {
    for later in [react(OWN, "👍"), react_no_more(OWN, "👍")] {
        for earlier in [react(OWN, "🎉"), react_no_more(OWN, "🎉")] {
            assert_eq!(of(&later).fold(&earlier), Fold::Beside);
        }
    }
}

#[test]
fn an_edit_changes_the_words_of_a_message_and_nothing_else() {
    let send = MessageSend {
        mentions: vec![user("carol")],
        reply_to: Some(key(1)),
        thread_root: Some(key(2)),
        ..MessageSend::text(here(), "hello")
    };
    let edited = MessageSend {
        text: "better".to_owned(),
        mentions: Vec::new(),
        ..send.clone()
    };
    let fold = of(&edit(OWN, "better")).fold(&Method::MessageSend(send));
    assert_eq!(fold, Fold::becomes(Method::MessageSend(edited)));
}

/// Of two that say the same field the later one counts; a field that only one says stays.
#[test]
fn fields_of_settings_fold_one_by_one() {
    type Set = fn(&mut SettingsUpdate, bool);
    let fields: [Set; 5] = [
        |update, yes| update.muted_until = Some(Timestamp(yes.into())),
        |update, yes| update.pinned = Some(yes),
        |update, yes| update.archived = Some(yes),
        |update, yes| update.hidden_to = Some(Position(yes.into())),
        |update, yes| update.marked_unread = Some(yes),
    ];
    for earlier_field in fields {
        for later_field in fields {
            let (mut earlier, mut later, mut both) = (settings(), settings(), settings());
            earlier_field(&mut earlier, false);
            later_field(&mut later, true);
            earlier_field(&mut both, false);
            later_field(&mut both, true);
            let fold = of(&Method::SettingsUpdate(later)).fold(&Method::SettingsUpdate(earlier));
            assert_eq!(fold, Fold::becomes(Method::SettingsUpdate(both)));
        }
    }
}

#[test]
fn fields_of_a_conversation_fold_one_by_one() {
    type Set = fn(&mut ConversationUpdate, bool);
    let fields: [Set; 4] = [
        |update, yes| update.title = Some(yes.to_string()),
        |update, yes| update.avatar_url = Some(yes.to_string()),
        |update, yes| {
            update.writing = Some(if yes {
                Writing::Admins
            } else {
                Writing::Everyone
            });
        },
        |update, yes| {
            update.context = Some(fulmar_protocol::Context {
                kind: yes.to_string(),
                id: String::new(),
                title: String::new(),
                extra: serde_json::Value::Null,
            });
        },
    ];
    for earlier_field in fields {
        for later_field in fields {
            let (mut earlier, mut later, mut both) = (update(), update(), update());
            earlier_field(&mut earlier, false);
            later_field(&mut later, true);
            earlier_field(&mut both, false);
            later_field(&mut both, true);
            let later = Method::ConversationUpdate(later);
            let fold = of(&later).fold(&Method::ConversationUpdate(earlier));
            assert_eq!(fold, Fold::becomes(Method::ConversationUpdate(both)));
        }
    }
}

#[test]
fn pointers_fold_to_the_farther_one() {
    let receipt = |delivered, read| ReceiptUpdate {
        conversation_id: here(),
        delivered_to: delivered,
        read_to: read,
    };
    let at = |place| Some(Position(place));
    for (earlier, later, both) in [
        ((None, at(3)), (None, at(5)), (None, at(5))),
        ((None, at(5)), (None, at(3)), (None, at(5))),
        ((at(9), None), (None, at(3)), (at(9), at(3))),
        ((at(2), at(1)), (at(9), None), (at(9), at(1))),
    ] {
        let earlier = Method::ReceiptUpdate(receipt(earlier.0, earlier.1));
        let later = Method::ReceiptUpdate(receipt(later.0, later.1));
        let both = Method::ReceiptUpdate(receipt(both.0, both.1));
        assert_eq!(of(&later).fold(&earlier), Fold::becomes(both));
    }
}

/// Only what the server certainly does not have can be changed.
#[test]
fn only_what_certainly_has_not_left_the_device_can_be_folded_into() {
    let mut room = Room::admin();
    room.enqueue(1, &edit(OWN, "better"));
    for state in OperationState::all() {
        room.bench.run(|tx| {
            operations::set_state(&tx.db, key(1), state, None).unwrap();
            if state == OperationState::Unconfirmed {
                operations::add_unanswered(&tx.db, key(1)).unwrap();
            } else {
                operations::clear_doubt(&tx.db, key(1)).unwrap();
            }
        });
        let row = room
            .bench
            .run(|tx| operations::find(&tx.db, key(1)).unwrap().unwrap());
        assert_eq!(row.result.state, state);
        let queued = state == OperationState::Queued;
        assert_eq!(row.result.is_foldable(), queued, "{state:?}");
    }
}
