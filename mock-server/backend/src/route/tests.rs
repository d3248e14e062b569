use std::rc::Rc;

use fulmar_protocol::{
    ConversationId, ConversationKind, EventData, Message, Method, Operation, OutcomeStatus, Seq,
    Unread, UserId,
};
use serde_json::{Value, json};

use super::News;
use crate::accounts::AccountNews;
use crate::messages::MessageNews;
use crate::operations::apply_all;
use crate::rooms::Rooms;
use crate::store::{audit, log};
use crate::testing::{Stage, key, rooms, user};
use crate::tx::Pending;

const PEOPLE: [&str; 4] = ["ann", "ben", "cat", "dan"];

/// Ann, Ben and Cat are in a group; Dan is not.
struct World {
    stage: Stage,
    rooms: Rooms,
    group: ConversationId,
    seen: [Seq; 4],
    next_key: u16,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            stage: Stage::with(&PEOPLE),
            rooms: rooms(|_| ()),
            group: ConversationId::new("none").unwrap(),
            seen: [Seq(0); 4],
            next_key: 0,
        };
        let create = json!({"kind": "group", "title": "G", "participantIds": ["ben", "cat"]});
        let (status, _) = world.does("ann", "conversation.create", create);
        let OutcomeStatus::Applied {
            conversation: Some(conversation),
            ..
        } = status
        else {
            panic!("{status:?}");
        };
        assert_eq!(conversation.kind, ConversationKind::Group);
        world.group = conversation.conversation_id.clone();
        world.events();
        world
    }

    fn does(&mut self, who: &str, method: &str, params: Value) -> (OutcomeStatus, Pending) {
        assert!(Method::NAMES.contains(&method));
        self.next_key += 1;
        let mut operation = Operation {
            operation_key: key(self.next_key),
            method: method.to_owned(),
            params,
        };
        operation.params["conversationId"] = json!(self.group.as_str());
        let rooms = &self.rooms;
        let applied = self
            .stage
            .run(|tx| apply_all(rooms, tx, &user(who), &[operation]));
        let (mut outcomes, pending) = applied.unwrap();
        let status = outcomes.remove(0).status;
        match status {
            OutcomeStatus::Applied { .. } => (status, pending),
            OutcomeStatus::Failed { .. } | OutcomeStatus::Skipped => {
                panic!("{method}: {status:?}")
            }
        }
    }

    fn sends(&mut self, who: &str, text: &str) -> (Message, Pending) {
        match self.does(who, "message.send", json!({"text": text})) {
            (
                OutcomeStatus::Applied {
                    message: Some(message),
                    ..
                },
                pending,
            ) => (*message, pending),
            other => panic!("{other:?}"),
        }
    }

    /// What each of the four was told since the last time, in the order of the log.
    fn events(&mut self) -> [Vec<EventData>; 4] {
        let seen = &mut self.seen;
        let stage = &mut self.stage;
        std::array::from_fn(|index| {
            let who = user(PEOPLE[index]);
            let events = stage.ok(|tx| log::after(tx.db(), &who, seen[index], 100, usize::MAX));
            if let Some(last) = events.last() {
                seen[index] = last.seq;
            }
            events.iter().map(|event| event.read().unwrap()).collect()
        })
    }

    fn kinds(&mut self) -> [Vec<&'static str>; 4] {
        self.events()
            .map(|events| events.iter().map(EventData::kind).collect())
    }
}

#[test]
fn everyone_is_told_of_a_message_and_all_but_its_sender_get_a_push() {
    let mut world = World::new();
    let (sent, pending) = world.sends("ben", "hello");
    let created = vec!["message.created"];
    let told = [created.clone(), created.clone(), created, vec![]];
    assert_eq!(world.kinds(), told);
    let [(message, users)] = pending.pushes.as_slice() else {
        panic!("{pending:?}");
    };
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(users.as_slice(), [user("ann"), user("cat")]);
    let notified: Vec<UserId> = pending.notify_events.into_iter().collect();
    assert_eq!(notified, ["ann", "ben", "cat"].map(user));
}

#[test]
fn a_notice_comes_after_what_it_is_about_and_is_no_reason_for_a_push() {
    let mut world = World::new();
    let (_, pending) = world.does("ann", "participant.add", json!({"userIds": ["dan"]}));
    let added = vec!["participants.added", "message.created"];
    let new = vec!["conversation.created", "message.created"];
    assert_eq!(world.kinds(), [added.clone(), added.clone(), added, new]);
    assert!(pending.pushes.is_empty());
    assert_eq!(pending.notify_introduced.len(), 4);

    world.does("ann", "participant.remove", json!({"userId": "dan"}));
    let removed = vec!["participant.removed", "message.created"];
    let gone = vec!["conversation.removed"];
    assert_eq!(
        world.kinds(),
        [removed.clone(), removed.clone(), removed, gone]
    );

    world.does("ann", "conversation.leave", json!({}));
    let left = vec![
        "participant.removed",
        "participant.updated",
        "message.created",
    ];
    assert_eq!(
        world.kinds(),
        [vec!["conversation.removed"], left.clone(), left, vec![]]
    );
}

#[test]
fn who_has_hidden_a_message_is_told_of_its_changes_without_its_content() {
    let mut world = World::new();
    let (sent, _) = world.sends("ann", "secret");
    let it = json!({"messageKey": sent.operation_key});
    world.events();
    world.does("cat", "message.hide", it.clone());
    assert_eq!(
        world.kinds(),
        [vec![], vec![], vec!["message.updated"], vec![]]
    );
    let mut reaction = it;
    reaction["emoji"] = json!("👍");
    world.does("ben", "reaction.add", reaction);
    let texts = world.events().map(|events| match events.as_slice() {
        [EventData::MessageUpdated(message)] => Some(message.content.text.clone()),
        [] => None,
        other => panic!("{other:?}"),
    });
    let [secret, nothing] = [Some("secret".to_owned()), Some(String::new())];
    assert_eq!(texts, [secret.clone(), secret, nothing, None]);
}

#[test]
fn who_hides_what_is_unread_is_told_of_the_counts_and_nobody_else() {
    let mut world = World::new();
    let (read, _) = world.sends("ann", "read");
    let mention = json!({"text": "unread", "mentions": ["cat"]});
    world.does("ann", "message.send", mention);
    let unread = key(world.next_key);
    world.does("cat", "receipt.update", json!({"readTo": 1}));
    for (message, expected) in [
        (read.operation_key, None),
        (
            unread,
            Some(Unread {
                unread_count: 0,
                unread_mentions: 0,
            }),
        ),
    ] {
        world.events();
        let since = world.seen[2];
        world.does("cat", "message.hide", json!({"messageKey": message}));
        let cat = user("cat");
        let events = world
            .stage
            .ok(|tx| log::after(tx.db(), &cat, since, 100, usize::MAX));
        let [hidden] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(hidden.unread(), expected);
        assert_eq!(
            world.kinds(),
            [vec![], vec![], vec!["message.updated"], vec![]]
        );
    }
}

#[test]
fn only_who_has_read_is_told_what_is_unread() {
    let mut world = World::new();
    world.sends("ann", "one");
    world.sends("ann", "two");
    world.events();
    world.does("ben", "receipt.update", json!({"readTo": 1}));
    let unread = world.events().map(|events| match events.as_slice() {
        [EventData::ReceiptUpdated(moved)] => Some(moved.unread.map(|unread| unread.unread_count)),
        [] => None,
        other => panic!("{other:?}"),
    });
    assert_eq!(unread, [Some(None), Some(Some(1)), Some(None), None]);
}

#[test]
fn news_of_accounts_go_to_the_audit_log_and_to_sockets() {
    let mut world = World::new();
    let (ann, ben) = (user("ann"), user("ben"));
    let news = [
        AccountNews::SessionStarted(ann.clone()),
        AccountNews::SessionEnded {
            user_id: ann.clone(),
            session_id: "s".to_owned(),
        },
        AccountNews::Blocked {
            user_id: ann.clone(),
            blocked: ben.clone(),
        },
        AccountNews::PresenceSettingChanged(ben.clone()),
    ];
    let rooms = &world.rooms;
    let ((), pending) = world.stage.run(|tx| rooms.pass_on(tx, news)).unwrap();
    assert_eq!(pending.ended_sessions, ["s"]);
    assert_eq!(
        Vec::from_iter(pending.notify_separated),
        [(ann, ben.clone())]
    );
    assert_eq!(Vec::from_iter(pending.notify_presence), [ben]);
    assert_eq!(
        world.kinds(),
        [vec!["blocks.updated"], vec![], vec![], vec![]]
    );
    let entries = world.stage.ok(|tx| audit::all(tx.db()));
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert!(actions.ends_with(&["session.started", "session.ended", "user.blocked"]));
}

#[test]
fn what_is_passed_on_and_then_fails_is_told_to_nobody() {
    let mut world = World::new();
    let (sent, _) = world.sends("ann", "hello");
    world.events();
    let rooms = &world.rooms;
    let failed = world.stage.run(|tx| {
        let news = MessageNews::Changed(Box::new(sent.clone()));
        rooms.pass_on(tx, [News::from(news)])?;
        let posted = MessageNews::Posted(Rc::new(sent));
        rooms.pass_on(tx, [posted])?;
        Err::<(), _>(crate::error::Error::no_such_user())
    });
    assert!(failed.is_err());
    assert_eq!(
        world.kinds(),
        [vec![], vec![], vec![], vec![]] as [Vec<&str>; 4]
    );
}

/// How many bytes the database has.
fn size(stage: &mut Stage) -> i64 {
    stage.ok(|tx| {
        let pragma = |name| {
            tx.db()
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        Ok(pragma("page_count")? * pragma("page_size")?)
    })
}

#[test]
fn what_a_large_group_is_told_is_there_once() {
    let mut world = World::new();
    let people: Vec<String> = (1..1_000).map(|number| format!("user-{number}")).collect();
    world.stage.ok(|tx| {
        for name in &people {
            tx.db().execute(
                "INSERT INTO user (user_id, name, password, log_id) VALUES (?1, ?1, '', 'log-' || ?1)",
                [name],
            )?;
        }
        Ok(())
    });
    let before = size(&mut world.stage);
    let create = json!({"kind": "group", "title": "All", "participantIds": people});
    let (created, _) = world.does("ann", "conversation.create", create);
    let OutcomeStatus::Applied {
        conversation: Some(conversation),
        ..
    } = created
    else {
        panic!("{created:?}");
    };
    let created = size(&mut world.stage) - before;
    assert!(created <= 500_000, "{created} bytes for a group");
    let told = world
        .stage
        .ok(|tx| log::after(tx.db(), &user("user-999"), Seq(0), 100, usize::MAX));
    let [event] = told.as_slice() else {
        panic!("{told:?}");
    };
    let EventData::ConversationCreated(seen) = event.read().unwrap() else {
        panic!("{event:?}");
    };
    assert_eq!(seen.participants.len(), 1_000);
    world.group = conversation.conversation_id.clone();
    let before = size(&mut world.stage);
    let text = "x".repeat(8_000);
    world.sends("ann", &text);
    let sent = size(&mut world.stage) - before;
    assert!(sent <= 200_000, "{sent} bytes for a message of 8 KB");
}
