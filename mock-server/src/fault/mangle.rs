//! What actions do to a text on its way: to frames, and to the bodies of answers.

use serde_json::{Map, Value, json};

use super::Action;

/// What the app put there is not ours to change.
const OF_THE_APP: [&str; 2] = ["payload", "extra"];
/// Fields that are times (PROTOCOL.md §2.2).
const TIMES: [&str; 9] = [
    "serverTime",
    "at",
    "sentAt",
    "createdAt",
    "appliedAt",
    "editedAt",
    "lastSeenAt",
    "lastAt",
    "mutedUntil",
];
/// A type of events and frames that nobody knows.
pub(super) const UNKNOWN: &str = "of.another.version";

/// What arrives instead of `text`; the same, for actions that change nothing in it.
pub(crate) fn mangle(action: &Action, text: String) -> String {
    match action {
        Action::Replace(other) => other.clone(),
        Action::Truncate => text.chars().take(text.chars().count() / 2).collect(),
        Action::Malform => {
            let mut damaged = text;
            damaged.pop();
            damaged.push_str("]]");
            damaged
        }
        Action::WrongTypes => changed(&text, |value| *value = of_wrong_types(value)),
        Action::WrongTypesAt(pointer) => changed(&text, |value| {
            if let Some(place) = value.pointer_mut(pointer) {
                *place = of_wrong_types(place);
            }
        }),
        Action::UnknownFields => changed(&text, add_unknown_fields),
        Action::UnknownEvents => changed(&text, |value| {
            for event in events(value) {
                event["type"] = json!(UNKNOWN);
            }
        }),
        Action::Gap => changed(&text, |value| {
            if let Some(events) = value.get_mut("events").and_then(Value::as_array_mut)
                && !events.is_empty()
            {
                events.remove(0);
            }
        }),
        Action::Reorder => changed(&text, |value| {
            for list in ["events", "messages"] {
                if let Some(list) = value.get_mut(list).and_then(Value::as_array_mut) {
                    list.reverse();
                }
            }
        }),
        Action::Skew(by) => changed(&text, |value| skew(value, *by)),
        Action::MalformToken => changed(&text, |value| {
            if let Some(token) = value.get_mut("accessToken") {
                *token = json!("no token at all");
            }
        }),
        _ => text,
    }
}

/// After how long a client that waits for a stepped clock shall try again.
const SOON_MS: u64 = 50;

/// On a stepped clock only the test knows how long anything takes. So a client that is told to wait is told to try
/// again soon, instead of waiting by its own clock.
pub(crate) fn come_again_soon(text: String) -> String {
    fn shorten(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter_mut() {
                    match value.as_u64() {
                        Some(wait) if name == "retryAfterMs" => *value = json!(wait.min(SOON_MS)),
                        _ if OF_THE_APP.contains(&name.as_str()) => {}
                        _ => shorten(value),
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(shorten),
            _ => {}
        }
    }
    match text.contains("\"retryAfterMs\"") {
        true => changed(&text, shorten),
        false => text,
    }
}

/// What is no JSON stays as it is.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            change(&mut value);
            value.to_string()
        }
        Err(_) => text.to_owned(),
    }
}

fn events(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value
        .get_mut("events")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// The `type` stays: it is to be taken for what it is, and then not to be read.
fn of_wrong_types(value: &Value) -> Value {
    match value {
        Value::Null => json!([]),
        Value::Bool(_) => json!("yes"),
        Value::Number(number) => json!(number.to_string()),
        Value::String(_) => json!(7),
        Value::Array(list) => json!({"list": list}),
        Value::Object(object) => {
            let wrong = |(name, value): (&String, &Value)| match name.as_str() {
                "type" => (name.clone(), value.clone()),
                _ => (name.clone(), of_wrong_types(value)),
            };
            Value::Object(object.iter().map(wrong).collect::<Map<_, _>>())
        }
    }
}

fn add_unknown_fields(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                if !OF_THE_APP.contains(&name.as_str()) {
                    add_unknown_fields(value);
                }
            }
            object.insert(
                "ofAnotherVersion".to_owned(),
                json!({"list": [1, null, "two"]}),
            );
        }
        Value::Array(list) => list.iter_mut().for_each(add_unknown_fields),
        _ => {}
    }
}

fn skew(value: &mut Value, by: i64) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value.as_i64() {
                    Some(time) if TIMES.contains(&name.as_str()) => {
                        *value = json!(time.saturating_add(by));
                    }
                    _ if OF_THE_APP.contains(&name.as_str()) => {}
                    _ => skew(value, by),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| skew(value, by)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{come_again_soon, mangle};
    use crate::fault::Action;
    use serde_json::{Value, json};

    fn frame() -> Value {
        json!({"type": "events", "events": [
            {"seq": 4, "at": 1000, "type": "message.created", "data": {"payload": {"at": 5}, "sentAt": 7}},
            {"seq": 5, "at": 1001, "type": "message.created", "data": {}}]})
    }

    fn mangled(action: &Action) -> Value {
        serde_json::from_str(&mangle(action, frame().to_string())).unwrap()
    }

    #[test]
    fn each_change_does_what_it_says() {
        assert_eq!(mangled(&Action::Cut), frame());
        assert_eq!(
            mangled(&Action::UnknownEvents)["events"][1]["type"],
            super::UNKNOWN
        );
        assert_eq!(mangled(&Action::Gap)["events"][0]["seq"], 5);
        assert_eq!(mangled(&Action::Reorder)["events"][0]["seq"], 5);
        let skewed = mangled(&Action::Skew(-500));
        assert_eq!(skewed["events"][0]["at"], 500);
        assert_eq!(
            skewed["events"][0]["data"],
            json!({"payload": {"at": 5}, "sentAt": -493})
        );
        let more = mangled(&Action::UnknownFields);
        assert!(more["events"][0]["data"]["ofAnotherVersion"].is_object());
        assert_eq!(more["events"][0]["data"]["payload"], json!({"at": 5}));
        let wrong = mangled(&Action::WrongTypes);
        assert_eq!(
            (&wrong["type"], wrong["events"].is_object()),
            (&json!("events"), true)
        );
        let one = mangled(&Action::WrongTypesAt("/events/1".to_owned()));
        assert_eq!(one["events"][0], frame()["events"][0]);
        assert_eq!(one["events"][1]["seq"], "5");
        for action in [Action::Truncate, Action::Malform] {
            let text = mangle(&action, frame().to_string());
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
        }
        let told =
            json!({"problem": {"retryAfterMs": 60_000}, "payload": {"retryAfterMs": 60_000}});
        let soon: Value = serde_json::from_str(&come_again_soon(told.to_string())).unwrap();
        assert_eq!(
            soon,
            json!({"problem": {"retryAfterMs": 50}, "payload": {"retryAfterMs": 60_000}})
        );
        let session = json!({"accessToken": "a", "refreshToken": "b"}).to_string();
        let session: Value = serde_json::from_str(&mangle(&Action::MalformToken, session)).unwrap();
        assert_eq!(session["accessToken"], "no token at all");
        assert_eq!(session["refreshToken"], "b");
    }
}
