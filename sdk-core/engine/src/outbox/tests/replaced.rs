//! What is left of what was read when an earlier state took the place of the server's.

use super::*;

impl Desk {
    /// The group c-1 goes so far in the other log.
    fn log_is_replaced(&mut self, head: u64) {
        self.knows(&group("c-1", head));
        self.run(|_, tx, _| Outbox::log_replaced(tx).unwrap());
    }
}

/// The next message at a position that was read before is another one.
#[test]
fn what_the_server_was_told_of_and_has_lost_is_unread_again() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 9).unwrap();
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![applied(key(1))]);
    desk.run(|outbox, tx, _| outbox.told_up_to(tx, Seq(5)).unwrap());
    assert_eq!(desk.state(1), None);
    desk.log_is_replaced(4);
    assert_eq!(desk.read_to("c-1"), Position::ZERO);
}

#[test]
fn what_waits_is_read_as_far_as_there_are_messages() {
    for (tried, head, read, told) in [(false, 4, 4, 4), (false, 12, 9, 9), (true, 4, 4, 9)] {
        let mut desk = Desk::new();
        desk.mark_read(1, "c-1", 9).unwrap();
        if tried {
            let sent = desk.go_one(Over::Socket);
            desk.refuse(&sent, None);
        }
        desk.log_is_replaced(head);
        assert_eq!(desk.read_to("c-1"), Position(read));
        // What may be at the server says the same under its key.
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.operations[0].params["readTo"], told);
    }
}
