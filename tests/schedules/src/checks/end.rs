//! The end: when it is said that a client is closed, nothing of it runs, and none waits for ever.

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::thread;

use super::super::handle::Runtime;
use super::super::process::DRIVERS;
use super::{beside, joined, read, setup, started};
use crate::world;
use crate::{Command, CommandError};

/// Two who close, while others read, write and look for files.
pub fn nothing_runs_after_close() {
    let runtime = started();
    let threads = [
        beside(&runtime, async |runtime| {
            read(runtime).await;
        }),
        beside(&runtime, async |runtime| {
            world::abroad(runtime.on_disk(|_| world::work())).await;
            runtime.trim_files();
        }),
        beside(&runtime, async |runtime| {
            runtime.close().await;
            world::over();
        }),
    ];
    block_on(runtime.close());
    world::over();
    joined(threads);
    assert!(!block_on(read(&runtime)), "a read of a client that is closed");
}

/// A command that meets a close is answered: it is done, or the client is closed.
pub fn a_command_that_meets_a_close_is_answered() {
    let runtime = started();
    let threads = (0..3).map(|number| {
        beside(&runtime, async move |runtime| {
            match world::abroad(runtime.command(Command::Write(number))).await {
                Ok(_) => assert!(world::all_written().contains(&number), "answered, not done"),
                Err(error) => assert_eq!(error, CommandError::Closed),
            }
        })
    });
    let threads: Vec<_> = threads.collect();
    block_on(runtime.close());
    world::over();
    joined(threads);
}

/// One of which the process knows nothing yet when it ends.
pub fn a_client_that_is_being_built_ends_with_all_or_is_refused() {
    let building = thread::spawn(|| drop(block_on(Runtime::start(setup()))));
    DRIVERS.end_all();
    world::all_ended();
    joined([building]);
}

/// Clients that are being built, are there and are dropped when the process ends.
pub fn no_client_runs_or_begins_after_all_were_ended() {
    let building = (0..2).map(|_| {
        thread::spawn(|| {
            let built = block_on(Runtime::start(setup()));
            drop(built);
        })
    });
    let building: Vec<_> = building.collect();
    let there = Arc::new(block_on(Runtime::start(setup())));
    DRIVERS.end_all();
    world::all_ended();
    assert!(block_on(Runtime::start(setup())).is_err());
    joined(building);
    drop(there);
}
