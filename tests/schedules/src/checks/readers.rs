//! Reading connections by themselves: none is left open, and one that must be alone is alone.

use std::path::Path;

use shuttle::sync::Arc;
use shuttle::thread;

use super::super::readers::Readers;
use super::joined;
use crate::world;

/// Reads that are under way when readers are closed, or begin afterwards.
pub fn nothing_is_open_after_readers_closed() {
    let readers = Arc::new(Readers::new(Path::new("store")));
    let reads = (0..2).map(|_| {
        let readers = Arc::clone(&readers);
        thread::spawn(move || readers.read(|_| Ok(())).unwrap())
    });
    let reads: Vec<_> = reads.collect();
    readers.close();
    joined(reads);
    assert_eq!(world::readers(), 0, "a connection is left");
}

/// A disk that is full and has space again, screens that read, an engine that tries to open the store, a suspension.
pub fn on_a_full_disk_there_is_one_reader_or_an_engine() {
    world::set_disk_full(true);
    let readers = Arc::new(Readers::new(Path::new("store")));
    let reads = (0..2).map(|_| {
        let readers = Arc::clone(&readers);
        thread::spawn(move || {
            for _ in 0..2 {
                readers.read(|_| Ok(())).unwrap();
            }
        })
    });
    let mut threads: Vec<_> = reads.collect();
    let suspending = Arc::clone(&readers);
    threads.push(thread::spawn(move || suspending.let_go()));
    // One that fails, and one after which the disk has space.
    for full in [true, false] {
        let way = readers.make_way();
        world::store_opened();
        world::set_disk_full(full);
        if full {
            world::store_closed();
        }
        drop(way);
    }
    joined(threads);
    readers.close();
    assert_eq!(world::readers(), 0, "a connection is left");
}
