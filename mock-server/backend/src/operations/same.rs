//! Whether an operation that comes under a known key is the one that was applied (PROTOCOL.md §5.1). What they mean is
//! compared, not how they are written: a `null` is an absent field (§2.3), and what is not known is passed over (§2.4).

use fulmar_protocol::Operation;
use serde_json::Value;

use crate::defects::{Defect, active};

/// Whether two operations mean the same. One that cannot be read is the same only as it is written.
pub(super) fn means_the_same(one: &Operation, other: &Operation) -> bool {
    if one.method != other.method {
        return false;
    }
    if one.params == other.params || active(Defect::TellsNullApart) {
        return one.params == other.params;
    }
    let texts = (one.params.get("text"), other.params.get("text"));
    let same_text = active(Defect::ComparesTexts) && texts.0.is_some() && texts.0 == texts.1;
    if same_text || active(Defect::ComparesReceipts) && one.method == "receipt.update" {
        return true;
    }
    let ((to_one, one), (to_other, other)) = (addressee(one), addressee(other));
    match (one.read(), other.read()) {
        (Ok(one), Ok(other)) => to_one == to_other && one == other,
        _ => false,
    }
}

/// Takes out the person that a message goes to instead of a conversation: the rest reads like any other.
fn addressee(operation: &Operation) -> (Option<Value>, Operation) {
    let mut rest = operation.clone();
    let Some(params) = rest.params.as_object_mut() else {
        return (None, rest);
    };
    let to = params.remove("toUserId").filter(|to| !to.is_null());
    if to.is_some() {
        params.insert("conversationId".to_owned(), "-".into());
    }
    (to, rest)
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::OperationKey;
    use serde_json::json;

    use super::*;

    fn operation(method: &str, params: Value) -> Operation {
        Operation {
            operation_key: OperationKey::from_bytes([1; 16]),
            method: method.to_owned(),
            params,
        }
    }

    #[test]
    fn what_means_the_same_is_the_same_however_it_is_written() {
        let send = |params: Value| {
            let mut all = json!({"conversationId": "c-1", "text": "hello"});
            let more = params.as_object().unwrap().clone();
            all.as_object_mut().unwrap().extend(more);
            operation("message.send", all)
        };
        let plain = send(json!({}));
        for same in [
            json!({"replyTo": null}),
            json!({"mentions": [], "payload": null}),
            json!({"aFieldOfTomorrow": 1}),
        ] {
            assert!(means_the_same(&plain, &send(same.clone())), "{same}");
        }
        for other in [
            json!({"text": "Hello"}),
            json!({"conversationId": "c-2"}),
            json!({"mentions": ["bob"]}),
            json!({"payload": {"type": "t", "data": {"a": 1}}}),
        ] {
            assert!(!means_the_same(&plain, &send(other.clone())), "{other}");
        }
        // What an app defined is as the app wrote it.
        let data = |data: Value| send(json!({"payload": {"type": "t", "data": data}}));
        assert!(!means_the_same(&data(json!({"a": null})), &data(json!({}))));
        let hide = operation("message.hide", plain.params.clone());
        assert!(!means_the_same(&plain, &hide));
    }

    #[test]
    fn a_message_to_a_person() {
        let to = |to: &str, more: Value| {
            let mut all = json!({"toUserId": to, "text": "hello"});
            let more = more.as_object().unwrap().clone();
            all.as_object_mut().unwrap().extend(more);
            operation("message.send", all)
        };
        let bob = to("bob", json!({}));
        assert!(means_the_same(&bob, &to("bob", json!({"replyTo": null}))));
        assert!(means_the_same(
            &bob,
            &to("bob", json!({"conversationId": null}))
        ));
        assert!(!means_the_same(&bob, &to("carol", json!({}))));
        let conversation = json!({"conversationId": "-", "text": "hello"});
        assert!(!means_the_same(
            &bob,
            &operation("message.send", conversation)
        ));
    }
}
