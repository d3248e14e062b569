//! Whether objects were sent where objects are meant (PROTOCOL.md §2.1). What serde derives for a struct reads a list
//! of its fields as well; a client that sends one would not be understood by other servers.
//!
//! It knows no type: what was sent is compared with what was read, written again.

use serde::Serialize;
use serde_json::Value;

use crate::defects::{Defect, active};
use crate::error::Result;

/// Whether somewhere a list was sent and read as an object.
pub(crate) fn has_list_for_object(sent: &Value, read: &impl Serialize) -> Result<bool> {
    Ok(!active(Defect::TakesLists) && differs(sent, &serde_json::to_value(read)?))
}

fn differs(sent: &Value, meant: &Value) -> bool {
    match (sent, meant) {
        (Value::Array(_), Value::Object(_)) => true,
        (Value::Array(sent), Value::Array(meant)) => sent
            .iter()
            .zip(meant)
            .any(|(sent, meant)| differs(sent, meant)),
        (Value::Object(sent), Value::Object(meant)) => sent
            .iter()
            .any(|(name, sent)| meant.get(name).is_some_and(|meant| differs(sent, meant))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        let read = json!({"a": {"b": [{"c": 1}]}, "d": [1, 2]});
        for sent in [json!(["x"]), json!({"a": [[]]}), json!({"a": {"b": [[1]]}})] {
            assert!(has_list_for_object(&sent, &read).unwrap(), "{sent}");
        }
        for sent in [
            read.clone(),
            json!({"a": {"b": []}, "other": []}),
            json!({"d": [1, 2, [3]]}),
            json!(null),
        ] {
            assert!(!has_list_for_object(&sent, &read).unwrap(), "{sent}");
        }
    }
}
