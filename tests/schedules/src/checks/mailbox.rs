//! The mailbox to the engine's thread, which takes two here: what is put in arrives in order, or its sender is told.

use shuttle::future::block_on;

use super::{beside, joined, started};
use crate::world;
use crate::{Command, Input};

/// Commands, and hints of which the last one is what is true, while the mailbox is full.
pub fn what_lasts_arrives_in_order_also_in_a_full_mailbox() {
    let runtime = started();
    let commands = beside(&runtime, async |runtime| {
        for number in 0..2 {
            assert!(runtime.command(Command::Write(number)).await.is_ok());
        }
    });
    let slot = runtime.watchers.add(None);
    let mut changes = slot.subscribe();
    for number in 0..4 {
        runtime.hint(Input::Network(number));
        runtime.hint(Input::Typing { begins: true });
    }
    while world::all_told().len() < 4 {
        block_on(changes.changed()).unwrap();
    }
    assert_eq!(world::all_told(), [0, 1, 2, 3], "the last word is not the last");
    joined([commands]);
    assert_eq!(world::all_written(), [0, 1]);
}
