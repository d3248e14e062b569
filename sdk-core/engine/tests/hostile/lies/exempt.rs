//! Which lies are exempt from which assertion, and why.

use super::RECOVERY;
use super::lie::{Lie, Path};
use super::spot::Spot;

/// What is asked of an engine that is lied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assertion {
    /// No panic, no error of the store, and no more tries than the budgets allow.
    Calm,
    /// Nothing that the app was promised is lost, doubled or out of order.
    Promised,
    /// The store stays small.
    Small,
    /// Once the server is honest, everything is sent within [four minutes](RECOVERY), or as long as it asked for.
    Recovered,
    /// Then the screen shows what the server has.
    Believed,
    /// The screen shows what the server has, once its log has a new id.
    Shown,
}

/// A kind of lie that an assertion does not hold for.
struct Exempt {
    assertion: Assertion,
    why: &'static str,
    is: fn(Spot, &Path, Lie) -> bool,
}

const EXEMPT: &[Exempt] = &[
    Exempt {
        assertion: Assertion::Believed,
        why: "What can be read of messages, people and conversations is the truth, as far as a client knows; what \
              cannot is set aside until a newer version can (PROTOCOL.md §2.4)",
        is: |place, _, _| place.is_content(),
    },
    Exempt {
        assertion: Assertion::Promised,
        why: "A message is in the conversation that the server tells: it may be one that began with it (§5.4)",
        is: |_, path, lie| path.ends_with(&["conversationId"]) && lie == Lie::OtherConversation,
    },
    Exempt {
        assertion: Assertion::Promised,
        why: "A conversation that is in no snapshot is gone, with all that was sent in it (§6.3)",
        is: |place, path, _| place == Spot::Snapshot && is_who(path),
    },
    Exempt {
        assertion: Assertion::Recovered,
        why: "The only direct conversation of two people (M8) has the id that the snapshot tells, and what waits \
              is for that one: it is sent when the log has a new id",
        is: |place, path, lie| {
            place == Spot::Snapshot
                && path.ends_with(&["conversations", "conversationId"])
                && lie == Lie::OtherUser
        },
    },
];

/// Whether it is about which conversations there are.
fn is_who(path: &Path) -> bool {
    path.names().eq(["conversations"]) || path.names().eq(["conversations", "conversationId"])
}

/// Why a lie may break this; `None`: it may not.
pub(crate) fn why(
    place: Spot,
    path: &Path,
    lie: Lie,
    assertion: Assertion,
) -> Option<&'static str> {
    let exempt = EXEMPT
        .iter()
        .find(|exempt| exempt.assertion == assertion && (exempt.is)(place, path, lie));
    exempt.map(|exempt| exempt.why)
}

/// How many seconds it may take until everything is sent to a server that has become honest. As long as a server asks
/// for (PROTOCOL.md §8), but no more than an hour.
pub(crate) fn recovery(path: &Path) -> u32 {
    if path.ends_with(&["retryAfterMs"]) {
        return 61 * 60;
    }
    RECOVERY
}
