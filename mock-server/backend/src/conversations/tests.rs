use std::time::Duration;

use fulmar_protocol::{
    Code, Context, ConversationCreate, ConversationId, ConversationKind, ConversationUpdate,
    ParticipantUpdate, Position, ReceiptUpdate, Role, SettingsUpdate,
};

use super::{ConversationNews, Conversations};
use crate::access::Membership;
use crate::actor::Actor;
use crate::store::counters::write::set_last_position;
use crate::store::participants;
use crate::testing::{NOW, Stage, key, user};

const ROOM: Conversations = Conversations;

fn group(stage: &mut Stage, others: &[&str]) -> ConversationId {
    let ann = user("ann");
    let params = ConversationCreate {
        kind: ConversationKind::Group,
        title: Some("G".to_owned()),
        avatar_url: None,
        context: None,
        participant_ids: others.iter().map(|other| user(other)).collect(),
    };
    let actor = Actor {
        user: &ann,
        key: key(1),
    };
    stage.ok(|tx| ROOM.create(tx, actor, &params)).into_news().0
}

fn roles(stage: &mut Stage, id: &ConversationId) -> Vec<(String, Role)> {
    let there = stage.ok(|tx| participants::all(tx.db(), id));
    let role = |there: fulmar_protocol::Participant| (there.user_id.to_string(), there.role);
    there.into_iter().map(role).collect()
}

#[test]
fn two_people_have_one_direct_conversation_whichever_of_them_begins_it() {
    let mut stage = Stage::with(&["ann", "ben"]);
    let (ann, ben) = (user("ann"), user("ben"));
    let (id, news) = stage.ok(|tx| ROOM.direct_with(tx, &ann, &ben)).into_news();
    assert_eq!(news, Some(ConversationNews::Created(id.clone())));
    let (again, news) = stage.ok(|tx| ROOM.direct_with(tx, &ben, &ann)).into_news();
    assert_eq!((again, news), (id, None));
    assert_eq!(
        stage.refused(|tx| ROOM.direct_with(tx, &ann, &ann)),
        Code::ParamsInvalid
    );
}

#[test]
fn a_group_keeps_an_admin_as_long_as_somebody_is_in_it() {
    let mut stage = Stage::with(&["ann", "ben", "cat"]);
    let (ann, ben, cat) = (user("ann"), user("ben"), user("cat"));
    let id = group(&mut stage, &["ben", "cat"]);
    let give = |user: &fulmar_protocol::UserId, role| ParticipantUpdate {
        conversation_id: id.clone(),
        user_id: user.clone(),
        role,
    };
    let by = |user| Actor { user, key: key(2) };
    assert_eq!(
        stage.refused(|tx| ROOM.update_participant(tx, by(&ann), &give(&ann, Role::Member))),
        Code::ParamsInvalid
    );
    stage.ok(|tx| ROOM.update_participant(tx, by(&ann), &give(&cat, Role::Moderator)));
    // The moderator is the heir, though the member is longer in it.
    let news = stage.ok(|tx| ROOM.leave(tx, by(&ann), &id));
    assert_eq!(news.len(), 3, "{news:?}");
    let left = [("ben", Role::Member), ("cat", Role::Admin)];
    let left = left.map(|(name, role)| (name.to_owned(), role));
    assert_eq!(roles(&mut stage, &id), left);
    stage.ok(|tx| ROOM.leave(tx, by(&cat), &id));
    assert_eq!(roles(&mut stage, &id), [("ben".to_owned(), Role::Admin)]);
    // Nobody is left to read a notice.
    let news = stage.ok(|tx| ROOM.leave(tx, by(&ben), &id));
    assert_eq!(news.len(), 1, "{news:?}");
}

#[test]
fn what_everyone_sees_of_a_conversation_keeps_the_rules_of_texts() {
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let id = group(&mut stage, &[]);
    let nothing = ConversationUpdate {
        conversation_id: id.clone(),
        title: None,
        avatar_url: None,
        writing: None,
        context: None,
    };
    let titled = |title: &str| ConversationUpdate {
        title: Some(title.to_owned()),
        ..nothing.clone()
    };
    let about = |title: &str| ConversationUpdate {
        context: Some(Context {
            kind: "order".to_owned(),
            id: "7".to_owned(),
            title: title.to_owned(),
            extra: serde_json::Value::Null,
        }),
        ..nothing.clone()
    };
    let pictured = |url: &str| ConversationUpdate {
        avatar_url: Some(url.to_owned()),
        ..nothing.clone()
    };
    let long = "x".repeat(2_049);
    for params in [
        titled(" "),
        titled("\u{200B}\u{FE0F}"),
        titled(&long[..201]),
        about("\u{200B}"),
        about(&long[..201]),
        pictured(&long),
    ] {
        let actor = Actor {
            user: &ann,
            key: key(2),
        };
        let refused = stage.refused(|tx| ROOM.update(tx, actor, params.clone()));
        assert_eq!(refused, Code::ParamsInvalid, "{params:?}");
    }
    for params in [
        titled(&long[..200]),
        about("Bicycle"),
        pictured(&long[..2_048]),
    ] {
        let actor = Actor {
            user: &ann,
            key: key(2),
        };
        assert!(!stage.ok(|tx| ROOM.update(tx, actor, params)).is_empty());
    }
}

#[test]
fn receipts_only_grow_and_never_beyond_the_newest_message() {
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let id = group(&mut stage, &[]);
    stage.ok(|tx| set_last_position(tx.db(), &id, Position(10)));
    // Delivered to, read to; and where the pointers are then, or nothing when none moved.
    for (delivered, read, moved) in [
        (Some(3), None, Some((3, 0))),
        (Some(2), None, None),
        (None, Some(5), Some((5, 5))),
        (Some(4), Some(4), None),
        (Some(99), None, Some((10, 5))),
        (None, None, None),
    ] {
        let params = ReceiptUpdate {
            conversation_id: id.clone(),
            delivered_to: delivered.map(Position),
            read_to: read.map(Position),
        };
        let actor = Actor {
            user: &ann,
            key: key(2),
        };
        let news = stage.ok(|tx| ROOM.update_receipt(tx, actor, &params));
        let expected = moved.map(|(delivered, read)| ConversationNews::ReceiptMoved {
            conversation_id: id.clone(),
            user_id: ann.clone(),
            delivered_to: Position(delivered),
            read_to: Position(read),
        });
        assert_eq!(news, Vec::from_iter(expected), "{delivered:?} {read:?}");
    }
}

#[test]
fn a_setting_that_is_set_already_is_no_news_and_silence_has_an_end() {
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let id = group(&mut stage, &[]);
    let later = NOW.plus(Duration::from_secs(60));
    let empty = SettingsUpdate {
        conversation_id: id.clone(),
        muted_until: None,
        pinned: None,
        archived: None,
        hidden_to: None,
        marked_unread: None,
    };
    let muted = |until| SettingsUpdate {
        muted_until: Some(until),
        ..empty.clone()
    };
    let mut set = |params: &SettingsUpdate| {
        let actor = Actor {
            user: &ann,
            key: key(2),
        };
        let news = stage.ok(|tx| ROOM.update_settings(tx, actor, params));
        news.is_some()
    };
    assert!(!set(&empty));
    assert!(!set(&muted(NOW)));
    assert!(set(&muted(later)));
    assert!(!set(&muted(later)));
    // A moment that has passed ends it.
    assert!(set(&muted(NOW)));
}

#[test]
fn what_somebody_takes_no_part_in_does_not_exist_for_them() {
    let mut stage = Stage::with(&["ann", "ben"]);
    let id = group(&mut stage, &[]);
    let nowhere = ConversationId::new("nowhere").unwrap();
    for id in [&id, &nowhere] {
        assert_eq!(
            stage.refused(|tx| Membership::check(tx, id, &user("ben"))),
            Code::ConversationNotFound
        );
        assert_eq!(
            stage.refused(|tx| ROOM.view(tx, id, &user("ben"))),
            Code::ConversationNotFound
        );
    }
    let member = stage.ok(|tx| Membership::check(tx, &id, &user("ann")));
    assert_eq!(member.role(), Role::Admin);
}
