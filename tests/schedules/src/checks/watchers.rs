//! A change is told to each watcher that it concerns, also to one that just comes, goes or turns to something else.

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::thread;

use super::super::watchers::Watchers;
use super::joined;
use crate::{ConversationKey, Topic};

/// As the client's `Live` does it: marked as seen, then read; two transactions, two that watch, one that goes.
pub fn a_watcher_misses_no_change() {
    let (watchers, store) = (Arc::new(Watchers::default()), Arc::new(AtomicU64::new(0)));
    let screens = (0..2).map(|_| {
        let (watchers, store) = (Arc::clone(&watchers), Arc::clone(&store));
        thread::spawn(move || {
            let slot = watchers.add(Some(Topic::Conversations));
            let mut changes = slot.subscribe();
            loop {
                changes.borrow_and_update();
                if store.load(Ordering::SeqCst) == 2 {
                    break;
                }
                block_on(changes.changed()).unwrap();
            }
        })
    });
    let screens: Vec<_> = screens.collect();
    let passing = {
        let watchers = Arc::clone(&watchers);
        thread::spawn(move || drop(watchers.add(None)))
    };
    for _ in 0..2 {
        store.fetch_add(1, Ordering::SeqCst);
        watchers.changed(Topic::Conversations);
    }
    joined(screens);
    joined([passing]);
}

/// A conversation goes and is back under another key, while its screen looks for it: it is told of all until it has
/// found it. Each transaction tells what it changed.
pub fn a_watcher_whose_topic_changes_misses_nothing() {
    const KEYS: [u64; 3] = [1, 0, 2];
    let (watchers, store) = (Arc::new(Watchers::default()), Arc::new(AtomicU64::new(1)));
    let screen = {
        let (watchers, store) = (Arc::clone(&watchers), Arc::clone(&store));
        thread::spawn(move || {
            let mut about = Some(topic(1));
            let slot = watchers.add(about);
            let mut changes = slot.subscribe();
            let mut stale = true;
            loop {
                if !stale {
                    block_on(changes.changed()).unwrap();
                }
                changes.borrow_and_update();
                let key = store.load(Ordering::SeqCst);
                if key == 2 {
                    break;
                }
                about = (key != 0).then(|| topic(key)).filter(|_| about.is_some());
                stale = slot.set_topic(about);
            }
        })
    };
    for pair in KEYS.windows(2) {
        store.store(pair[1], Ordering::SeqCst);
        for key in pair.iter().filter(|key| **key != 0) {
            watchers.changed(topic(*key));
        }
    }
    joined([screen]);
}

fn topic(key: u64) -> Topic {
    Topic::Timeline(ConversationKey(key))
}
