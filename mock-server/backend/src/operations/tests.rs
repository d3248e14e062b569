mod again;

use fulmar_protocol::{
    Code, ConversationId, Method, Operation, OperationKey, Outcome, OutcomeStatus, Seq,
};
use serde_json::{Value, json};

use super::apply_all;
use crate::error::Error;
use crate::rooms::Rooms;
use crate::store::{audit, log};
use crate::testing::{Stage, key, rooms, user};
use crate::tx::Pending;

/// A group of an admin, a moderator and two members, where one member has written; and people outside.
struct World {
    stage: Stage,
    rooms: Rooms,
    group: ConversationId,
    written: OperationKey,
    next_key: u16,
}

const ADMIN: &str = "ann";
const MODERATOR: &str = "mo";
const MEMBER: &str = "ben";
const WRITER: &str = "cat";
const OUTSIDER: &str = "dan";
const STRANGER: &str = "eve";

impl World {
    fn new() -> Self {
        let people = [ADMIN, MODERATOR, MEMBER, WRITER, OUTSIDER, STRANGER];
        let mut world = Self {
            stage: Stage::with(&people),
            rooms: rooms(|_| ()),
            group: ConversationId::new("none").unwrap(),
            written: key(0),
            next_key: 0,
        };
        let group = world.does(
            ADMIN,
            "conversation.create",
            json!({"kind": "group", "title": "G", "participantIds": [MODERATOR, MEMBER, WRITER]}),
        );
        world.group = created(&group);
        let promoted = json!({"userId": MODERATOR, "role": "moderator"});
        world.does(ADMIN, "participant.update", promoted);
        world.written = world
            .does(WRITER, "message.send", json!({"text": "hello"}))
            .operation_key;
        world
    }

    /// An operation in the group, unless its params say where; with a key of its own.
    fn operation(&mut self, method: &str, params: Value) -> Operation {
        self.next_key += 1;
        let mut operation = Operation {
            operation_key: key(self.next_key),
            method: method.to_owned(),
            params,
        };
        let params = operation.params.as_object_mut().unwrap();
        if !params.contains_key("toUserId") {
            params
                .entry("conversationId")
                .or_insert(json!(self.group.as_str()));
        }
        operation
    }

    fn apply(&mut self, who: &str, operation: &Operation) -> (Outcome, Pending) {
        let rooms = &self.rooms;
        let (mut outcomes, pending) = self
            .stage
            .run(|tx| apply_all(rooms, tx, &user(who), std::slice::from_ref(operation)))
            .unwrap();
        (outcomes.remove(0), pending)
    }

    /// Applies an operation that has to be applied.
    fn does(&mut self, who: &str, method: &str, params: Value) -> Outcome {
        let operation = self.operation(method, params);
        let (outcome, _) = self.apply(who, &operation);
        assert_eq!(code(&outcome), None, "{who} {method}");
        outcome
    }

    /// How an operation would end. Nothing of it stays.
    fn would(&mut self, who: &str, method: &str, params: Value) -> Option<Code> {
        let operation = self.operation(method, params);
        let rooms = &self.rooms;
        let mut outcome = None;
        let undone = self.stage.run(|tx| {
            let outcomes = apply_all(rooms, tx, &user(who), &[operation])?;
            outcome = outcomes.into_iter().next();
            Err::<(), _>(Error::Internal("undone".to_owned()))
        });
        assert!(undone.is_err());
        code(&outcome.unwrap())
    }

    /// What somebody's log and the audit log have.
    fn recorded(&mut self, who: &str) -> (Seq, usize) {
        self.stage.ok(|tx| {
            let head = log::state(tx.db(), &user(who))?.head;
            Ok((head, audit::all(tx.db())?.len()))
        })
    }
}

/// Why an operation was refused; `None` when it was applied.
fn code(outcome: &Outcome) -> Option<Code> {
    match &outcome.status {
        OutcomeStatus::Applied { .. } => None,
        OutcomeStatus::Failed { problem } => Some(problem.code.clone()),
        OutcomeStatus::Skipped => panic!("it was skipped"),
    }
}

fn created(outcome: &Outcome) -> ConversationId {
    match &outcome.status {
        OutcomeStatus::Applied {
            conversation: Some(conversation),
            ..
        } => conversation.conversation_id.clone(),
        OutcomeStatus::Applied { .. } | OutcomeStatus::Failed { .. } | OutcomeStatus::Skipped => {
            panic!("{outcome:?}")
        }
    }
}

/// An operation of every method that an admin may do. `written` is a message of another.
fn every_operation(written: OperationKey) -> Vec<(&'static str, Value)> {
    let it = json!({"messageKey": written});
    let reaction = json!({"messageKey": written, "emoji": "👍"});
    vec![
        ("message.send", json!({"text": "hi"})),
        ("message.edit", json!({"messageKey": written, "text": "x"})),
        ("message.delete", it.clone()),
        ("message.hide", it),
        (
            "message.pin",
            json!({"messageKey": written, "pinned": true}),
        ),
        ("reaction.add", reaction.clone()),
        ("reaction.remove", reaction),
        ("receipt.update", json!({"readTo": 1})),
        (
            "conversation.create",
            json!({"kind": "group", "title": "H", "participantIds": [WRITER]}),
        ),
        ("conversation.update", json!({"title": "T"})),
        ("conversation.update", json!({"writing": "admins"})),
        (
            "conversation.update",
            json!({"context": {"kind": "order", "id": "1", "title": "t", "extra": {}}}),
        ),
        ("conversation.leave", json!({})),
        ("participant.add", json!({"userIds": [STRANGER]})),
        ("participant.remove", json!({"userId": WRITER})),
        (
            "participant.update",
            json!({"userId": WRITER, "role": "admin"}),
        ),
        ("settings.update", json!({"pinned": true})),
    ]
}

/// What may become of an operation, in the tables below.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Applied,
    /// The user may not do this in this conversation.
    Forbidden,
    /// The user may not do this to this message.
    MessageForbidden,
    /// There is no such conversation, as far as the user can tell.
    NotFound,
}

impl Ends {
    fn code(self) -> Option<Code> {
        match self {
            Self::Applied => None,
            Self::Forbidden => Some(Code::ConversationForbidden),
            Self::MessageForbidden => Some(Code::MessageForbidden),
            Self::NotFound => Some(Code::ConversationNotFound),
        }
    }
}

#[test]
fn every_role_may_do_what_the_table_says() {
    use Ends::{Applied as A, Forbidden as F, MessageForbidden as M, NotFound as N};
    // In the order of `every_operation`: admin, moderator, member, outsider.
    let table = [
        [A, A, A, N], // message.send
        [M, M, M, N], // message.edit, of another
        [A, A, M, N], // message.delete, of another
        [A, A, A, N], // message.hide
        [A, A, M, N], // message.pin, of another
        [A, A, A, N], // reaction.add
        [A, A, A, N], // reaction.remove
        [A, A, A, N], // receipt.update
        [A, A, A, A], // conversation.create
        [A, A, F, N], // conversation.update: title
        [A, F, F, N], // conversation.update: writing
        [A, F, F, N], // conversation.update: context
        [A, A, A, N], // conversation.leave
        [A, F, F, N], // participant.add
        [A, F, F, N], // participant.remove
        [A, F, F, N], // participant.update
        [A, A, A, N], // settings.update
    ];
    let mut world = World::new();
    let operations = every_operation(world.written);
    assert_eq!(operations.len(), table.len());
    for name in Method::NAMES {
        assert!(
            operations.iter().any(|(method, _)| method == name),
            "{name}"
        );
    }
    for ((method, params), ends) in operations.into_iter().zip(table) {
        for (who, ends) in [ADMIN, MODERATOR, MEMBER, OUTSIDER].into_iter().zip(ends) {
            assert_eq!(
                world.would(who, method, params.clone()),
                ends.code(),
                "{who}: {method} {params}"
            );
        }
    }
}

#[test]
fn where_only_admins_write_the_others_read_and_react_to_nothing() {
    use Ends::{Applied as A, Forbidden as F, MessageForbidden as M};
    let mut world = World::new();
    world.does(ADMIN, "conversation.update", json!({"writing": "admins"}));
    let operations = every_operation(world.written);
    for (method, params) in operations {
        let ends = match method {
            "message.send" | "reaction.add" | "reaction.remove" => [A, F],
            "message.edit" => [M, F],
            "message.pin" => [A, F],
            "message.hide" | "receipt.update" | "settings.update" => [A, A],
            _ => continue,
        };
        for (who, ends) in [ADMIN, MEMBER].into_iter().zip(ends) {
            let would = world.would(who, method, params.clone());
            assert_eq!(would, ends.code(), "{who}: {method}");
        }
    }
}

#[test]
fn a_direct_conversation_has_no_roles_and_ends_with_a_block() {
    let mut world = World::new();
    let direct = json!({"kind": "direct", "participantIds": [OUTSIDER]});
    let direct = world.does(STRANGER, "conversation.create", direct);
    world.group = created(&direct);
    let written = world.does(OUTSIDER, "message.send", json!({"text": "hello"}));
    let operations = every_operation(written.operation_key);
    let forbidden = |params: &Value, method: &str| match method {
        "conversation.leave" | "participant.add" | "participant.remove" | "participant.update" => {
            true
        }
        "conversation.update" => params.get("context").is_none(),
        _ => false,
    };
    let would = |world: &mut World, blocked: bool| {
        for (method, params) in &operations {
            let says = ["message.send", "message.edit", "message.pin"].contains(method);
            let writes = says || method.starts_with("reaction.");
            let code = world.would(STRANGER, method, params.clone());
            let expected = if forbidden(params, method) || (blocked && writes) {
                Some(Code::ConversationForbidden)
            } else if matches!(*method, "message.edit" | "message.delete") {
                Some(Code::MessageForbidden)
            } else {
                None
            };
            assert_eq!(code, expected, "{method} {params}, blocked: {blocked}");
        }
    };
    would(&mut world, false);
    let accounts = &world.rooms.accounts;
    let blocked = |tx: &mut crate::tx::Tx<'_>| accounts.block(tx, &user(OUTSIDER), &user(STRANGER));
    world.stage.ok(blocked);
    would(&mut world, true);
}

#[test]
fn after_a_failure_the_rest_of_its_conversation_is_skipped_and_the_others_go_on() {
    let mut world = World::new();
    let mut send = |text: &str, to: Option<&str>| {
        let params = match to {
            // A null is an absent field.
            Some(to) => json!({"text": text, "toUserId": to, "conversationId": null}),
            None => json!({"text": text}),
        };
        world.operation("message.send", params)
    };
    let operations = [
        send("one", None),
        send(" ", None),
        send("three", None),
        send("four", Some(OUTSIDER)),
        send(" ", Some(OUTSIDER)),
        send("six", Some(OUTSIDER)),
        send("seven", Some(STRANGER)),
    ];
    let rooms = &world.rooms;
    let outcomes = world
        .stage
        .ok(|tx| apply_all(rooms, tx, &user(ADMIN), &operations));
    let words: Vec<&str> = outcomes
        .iter()
        .map(|outcome| match outcome.status {
            OutcomeStatus::Applied { .. } => "applied",
            OutcomeStatus::Failed { .. } => "failed",
            OutcomeStatus::Skipped => "skipped",
        })
        .collect();
    let in_the_group = ["applied", "failed", "skipped"];
    let to_people = ["applied", "failed", "skipped", "applied"];
    assert_eq!(words, [&in_the_group[..], &to_people].concat());
}

#[test]
fn a_method_that_nobody_knows_and_params_that_nobody_can_read_are_refused() {
    let mut world = World::new();
    for (method, params, code) in [
        ("message.sing", json!({}), Code::MethodUnknown),
        ("message.send", json!({"text": 1}), Code::ParamsInvalid),
        (
            "message.send",
            json!({"text": "x", "toUserId": "\u{1}"}),
            Code::ParamsInvalid,
        ),
        (
            "message.send",
            json!({"text": "x", "toUserId": "nobody"}),
            Code::UserNotFound,
        ),
    ] {
        let would = world.would(ADMIN, method, params.clone());
        assert_eq!(would, Some(code), "{method} {params}");
    }
}

#[test]
fn of_an_operation_that_failed_nobody_is_told() {
    let mut world = World::new();
    // The conversation with a new person would have begun with it.
    let operation = world.operation("message.send", json!({"text": " ", "toUserId": OUTSIDER}));
    let (outcome, pending) = world.apply(STRANGER, &operation);
    assert_eq!(code(&outcome), Some(Code::ParamsInvalid));
    assert!(pending.notify_events.is_empty(), "{pending:?}");
    assert!(pending.notify_introduced.is_empty(), "{pending:?}");
}
