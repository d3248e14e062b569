//! Suspension: nothing is open while it lasts, nobody waits for ever, and what is given up is not half done.

use shuttle::future::block_on;
use shuttle::thread;

use super::{beside, joined, read, started};
use crate::world;

/// A screen that reads, an app that suspends and resumes.
pub fn nothing_is_open_or_read_while_suspended() {
    let runtime = started();
    let screen = beside(&runtime, async |runtime| {
        for _ in 0..2 {
            assert!(read(runtime).await);
        }
    });
    block_on(runtime.suspend());
    is_suspended();
    block_on(runtime.resume());
    joined([screen]);
    block_on(runtime.close());
    world::over();
}

/// Suspended and resumed by one, closed by another, read by a third, in any order.
pub fn a_suspension_that_meets_a_close_ends() {
    let runtime = started();
    let app = beside(&runtime, async |runtime| {
        runtime.suspend().await;
        runtime.resume().await;
    });
    let screen = beside(&runtime, async |runtime| {
        read(runtime).await;
    });
    block_on(runtime.close());
    world::over();
    joined([app, screen]);
}

/// Two that suspend and resume: who has suspended last without a resume after it has a suspended client.
pub fn two_who_suspend_do_not_wait_for_each_other() {
    let runtime = started();
    let other = beside(&runtime, async |runtime| {
        runtime.suspend().await;
        runtime.resume().await;
    });
    block_on(runtime.suspend());
    joined([other]);
    block_on(runtime.suspend());
    is_suspended();
    block_on(runtime.resume());
    assert!(block_on(read(&runtime)));
}

/// A resume whose caller goes away in the middle: the client is suspended or it is not, and either can be changed.
pub fn a_resume_that_is_given_up_is_not_half_done() {
    for polls in 0..3 {
        let runtime = started();
        block_on(runtime.suspend());
        let was_over = block_on(world::given_up_after(polls, runtime.resume()));
        let screen = beside(&runtime, async |runtime| {
            read(runtime).await;
        });
        if polls > 0 && !was_over {
            // It has begun, so it happens.
            joined([screen]);
            block_on(runtime.suspend());
            is_suspended();
            block_on(runtime.resume());
        } else {
            block_on(runtime.resume());
            joined([screen]);
        }
        block_on(runtime.close());
        assert_eq!(world::readers(), 0, "a connection is left");
    }
}

/// The same for a suspension, and at once the next.
pub fn a_suspension_after_one_that_was_given_up_is_one() {
    let runtime = started();
    block_on(world::given_up_after(1, runtime.suspend()));
    block_on(world::given_up_after(1, runtime.resume()));
    block_on(runtime.suspend());
    is_suspended();
    thread::yield_now();
    is_suspended();
    block_on(runtime.close());
    world::over();
}

fn is_suspended() {
    assert_eq!(
        world::readers(),
        0,
        "a connection is open while suspended"
    );
    assert_eq!(world::stores(), 0, "the store is open while suspended");
}
