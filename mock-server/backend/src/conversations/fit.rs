//! Answers that a client takes, however much is in them: of conversations with many bytes of messages only the newest
//! messages come along, and the others are history (PROTOCOL.md §4.1, §7.5). It never leaves out a conversation, nor its
//! newest message.

use fulmar_protocol::Conversation;

use crate::error::Result;

/// How many bytes the messages of all conversations have in one answer, but for the newest of each (PROTOCOL.md §9).
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The conversations with as many of their messages as there is room for. Where all is too much, each has the same room.
pub(super) fn messages(mut conversations: Vec<Conversation>) -> Result<Vec<Conversation>> {
    let mut sizes = Vec::with_capacity(conversations.len());
    for conversation in &conversations {
        let sizes_here = conversation
            .messages
            .iter()
            .map(|message| Ok(serde_json::to_string(message)?.len()));
        sizes.push(sizes_here.collect::<Result<Vec<usize>>>()?);
    }
    let all: usize = sizes.iter().flatten().sum();
    if all <= MOST_BYTES {
        return Ok(conversations);
    }
    let share = MOST_BYTES / conversations.len().max(1);
    for (conversation, sizes) in conversations.iter_mut().zip(sizes) {
        let beyond = beyond(&sizes, share);
        conversation.messages.drain(..beyond);
    }
    Ok(conversations)
}

/// How many of the oldest have no room; the newest always has.
fn beyond(sizes: &[usize], room: usize) -> usize {
    let mut used = 0_usize;
    let fitting = sizes.iter().rev().take_while(|size| {
        let is_newest = used == 0;
        used = used.saturating_add(**size);
        is_newest || used <= room
    });
    sizes.len() - fitting.count()
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn the_newest_have_room_and_the_very_newest_in_any_case() {
        for (sizes, room, left_out) in [
            (&[10, 10, 10][..], 30, 0),
            (&[10, 10, 10], 29, 1),
            (&[1, 20, 10], 25, 2),
            (&[10, 10, 10], 0, 2),
            (&[100], 1, 0),
            (&[], 0, 0),
        ] {
            assert_eq!(beyond(sizes, room), left_out, "{sizes:?} in {room}");
        }
    }
}
