//! The checks for the files of the product, and those for copies with a mistake, which must fail.

use fulmar_schedules::right::checks;
use fulmar_schedules::{PLANTED, trying};

macro_rules! checks {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            if let Some(says) = trying::failure(stringify!($name), checks::$name) {
                panic!("{says}");
            }
        }
    )*};
}

checks! {
    a_watcher_misses_no_change
    a_watcher_whose_topic_changes_misses_nothing
    nothing_is_open_after_readers_closed
    on_a_full_disk_there_is_one_reader_or_an_engine
    nothing_is_open_or_read_while_suspended
    a_suspension_that_meets_a_close_ends
    two_who_suspend_do_not_wait_for_each_other
    a_resume_that_is_given_up_is_not_half_done
    a_suspension_after_one_that_was_given_up_is_one
    what_lasts_arrives_in_order_also_in_a_full_mailbox
    nothing_runs_after_close
    a_command_that_meets_a_close_is_answered
    a_client_that_is_being_built_ends_with_all_or_is_refused
    no_client_runs_or_begins_after_all_were_ended
}

#[test]
fn each_planted_mistake_is_found() {
    let mut passed = Vec::new();
    for (name, check, says) in PLANTED {
        match trying::failure(name, *check) {
            Some(failure) if failure.contains(says) => {}
            Some(failure) => passed.push(format!("{name}: found by something else: {failure}")),
            None => passed.push(format!("{name}: not found")),
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}
