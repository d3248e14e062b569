//! The places of messages that could not be read. Places are dense, so those beside them tell.

use fulmar_protocol::{Lenient, Message, Position, SetAside};

use super::runs::Run;
use super::unreadable::UnreadableMessage;

/// What a list of messages is known to begin or end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    First(Position),
    Last(Position),
    Unknown,
}

/// What could not be read of a list, with its places; what has none up to `head` belongs nowhere.
pub(crate) fn unreadable_of(
    list: &Lenient<Message>,
    run: Run,
    edge: Edge,
    head: Position,
) -> Vec<UnreadableMessage> {
    if list.set_aside().is_empty() {
        return Vec::new();
    }
    let in_order: Vec<_> = list.in_order().collect();
    let mut places: Vec<Option<u64>> = in_order
        .iter()
        .map(|element| element.ok().and_then(|message| place_in(run, message)))
        .collect();
    fill(&mut places, edge);
    let unreadable = |(element, place): (Result<&Message, &SetAside>, Option<u64>)| {
        let what = element.err()?.clone();
        let place = Position(place?);
        let known = place > Position::ZERO && place <= head;
        known.then_some(UnreadableMessage { run, place, what })
    };
    in_order
        .into_iter()
        .zip(places)
        .filter_map(unreadable)
        .collect()
}

fn place_in(run: Run, message: &Message) -> Option<u64> {
    let place = match run.thread {
        None => Some(message.position),
        Some(root) => message
            .thread_position
            .filter(|_| message.content.thread_root == Some(root)),
    };
    place.map(|place| place.0)
}

/// Counts on from what is known, as long as that does not contradict what comes later.
fn fill(places: &mut [Option<u64>], edge: Edge) {
    let count = places.len() as u64;
    let first = match (places.iter().position(Option::is_some), edge) {
        (Some(at), _) => places[at].and_then(|place| place.checked_sub(at as u64)),
        (None, Edge::First(first)) => Some(first.0),
        (None, Edge::Last(last)) => (last.0 + 1).checked_sub(count),
        (None, Edge::Unknown) => None,
    };
    let Some(first) = first else { return };
    let mut later = u64::MAX;
    let mut bounds: Vec<u64> = Vec::with_capacity(places.len());
    for place in places.iter().rev() {
        later = place.unwrap_or(later.saturating_sub(1));
        bounds.push(later);
    }
    let mut next = first;
    for (place, bound) in places.iter_mut().zip(bounds.into_iter().rev()) {
        match place {
            Some(known) => next = known.saturating_add(1),
            None if next <= bound => {
                *place = Some(next);
                next = next.saturating_add(1);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(places: &[u64], edge: Edge) -> Vec<u64> {
        let known = |place: &u64| (*place > 0).then_some(*place);
        let mut places: Vec<_> = places.iter().map(known).collect();
        fill(&mut places, edge);
        places.into_iter().map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn those_beside_a_message_tell_its_place() {
        let unknown = Edge::Unknown;
        assert_eq!(filled(&[0, 0, 5, 0, 7, 0], unknown), [3, 4, 5, 6, 7, 8]);
        assert_eq!(filled(&[5, 0, 6], unknown), [5, 0, 6], "there is no room");
        assert_eq!(filled(&[0, 0], unknown), [0, 0]);
        assert_eq!(filled(&[0, 1], unknown), [0, 1]);
    }

    #[test]
    fn of_a_list_without_any_its_edge_tells() {
        assert_eq!(filled(&[0, 0], Edge::First(Position(4))), [4, 5]);
        assert_eq!(filled(&[0, 0], Edge::Last(Position(4))), [3, 4]);
        assert_eq!(filled(&[0, 0], Edge::Last(Position(0))), [0, 0]);
    }
}
