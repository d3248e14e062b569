//! Lists of events, in which each keeps its number when it cannot be read (PROTOCOL.md §2.4, §6.1).
//!
//! The numbers are without holes, so those beside an event tell its own.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::lenient::LONGEST_SET_ASIDE;
use crate::{Event, Seq, Timestamp};

/// The type of an event that could not be read as one; its data is what came.
pub(crate) const UNREADABLE: &str = "";

pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Event>, D::Error> {
    let list = Vec::<Value>::deserialize(deserializer)?;
    let mut events: Vec<Event> = list.into_iter().map(event).collect();
    let first = events.iter().position(|event| event.seq > Seq::ZERO);
    if let Some(first) = first {
        let seq = events[first].seq.0;
        number(&mut events, Seq(seq.saturating_sub(first as u64 + 1)));
    }
    Ok(events)
}

/// Gives the events without a number the one after the event before; `before` is the number of the one before
/// the first.
pub(crate) fn number(events: &mut [Event], before: Seq) {
    // What each may be at most, so that those after it keep their numbers.
    let mut at_most = u64::MAX;
    let mut bounds: Vec<u64> = Vec::with_capacity(events.len());
    for event in events.iter().rev() {
        at_most = match event.seq {
            Seq::ZERO => at_most.saturating_sub(1),
            Seq(seq) => seq,
        };
        bounds.push(at_most);
    }
    let mut last = before;
    for (event, at_most) in events.iter_mut().zip(bounds.into_iter().rev()) {
        if event.seq > Seq::ZERO {
            last = event.seq;
        } else if last.0 < at_most {
            last = last.next();
            event.seq = last;
        }
    }
}

fn event(raw: Value) -> Event {
    if let Ok(event) = Event::deserialize(&raw) {
        return event;
    }
    let seq = raw.get("seq").and_then(|seq| Seq::deserialize(seq).ok());
    let data = if raw.to_string().len() <= LONGEST_SET_ASIDE {
        raw
    } else {
        Value::Null
    };
    Event {
        seq: seq.unwrap_or(Seq::ZERO),
        at: Timestamp(0),
        kind: UNREADABLE.to_owned(),
        data,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn numbers(list: Value) -> Vec<u64> {
        let events = read(list).unwrap();
        events.iter().map(|event| event.seq.0).collect()
    }

    fn good(seq: u64) -> Value {
        json!({"seq": seq, "at": 1, "type": "x", "data": {}})
    }

    #[test]
    fn an_event_without_a_number_has_the_one_between_its_neighbours() {
        let odd = json!({"seq": "4", "at": 1, "type": "x"});
        assert_eq!(numbers(json!([good(3), odd, good(5)])), [3, 4, 5]);
        assert_eq!(numbers(json!([odd, 7, good(5)])), [3, 4, 5]);
        assert_eq!(numbers(json!([good(3), odd, null])), [3, 4, 5]);
        let no_time = json!({"seq": 4, "at": "noon", "type": "x"});
        assert_eq!(numbers(json!([good(3), no_time, good(5)])), [3, 4, 5]);
    }

    #[test]
    fn an_event_for_which_there_is_no_number_has_none() {
        assert_eq!(numbers(json!([good(3), "odd", good(4)])), [3, 0, 4]);
        assert_eq!(numbers(json!(["odd", "odd"])), [0, 0]);
    }

    #[test]
    fn what_came_is_kept_and_read_when_it_can_be() {
        let events = read(json!([good(3), {"seq": 4, "type": "x"}])).unwrap();
        let error = events[1].read().unwrap_err();
        assert!(error.to_string().starts_with("malformed"), "{error}");
        let known = json!({"seq": 4, "at": 1, "type": "conversation.removed",
                           "data": {"conversationId": "c"}});
        let later = Event {
            data: known,
            ..events[1].clone()
        };
        assert_eq!(later.read().unwrap().kind(), "conversation.removed");
    }
}
