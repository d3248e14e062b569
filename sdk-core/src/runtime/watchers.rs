//! Who watches what. The engine says which topics changed; each watcher has one flag, however often
//! that happens, and computes what is new when it is asked.

use fulmar_engine::Topic;
use tokio::sync::watch;

use super::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// All watchers of a client.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    slots: Mutex<Vec<Weak<Slot>>>,
}

/// One watcher's flag.
#[derive(Debug)]
pub(crate) struct Slot {
    topic: Mutex<Option<Topic>>,
    changes: watch::Sender<u64>,
}

impl Slot {
    /// From now on this watcher is about this topic, or about everything while what it shows is nowhere: it
    /// may come back under another one. True when it was about another topic until now: then something may
    /// have changed that it was not told of.
    pub(crate) fn set_topic(&self, topic: Option<Topic>) -> bool {
        let before = std::mem::replace(&mut *lock(&self.topic), topic);
        before.is_some() && before != topic
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Watchers {
    /// A new watcher, told of everything that changes from this moment on.
    pub(crate) fn add(&self, topic: Option<Topic>) -> Arc<Slot> {
        let slot = Arc::new(Slot {
            topic: Mutex::new(topic),
            changes: watch::channel(0).0,
        });
        let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        slot
    }

    pub(crate) fn changed(&self, topic: Topic) {
        self.wake(|about| about.is_none_or(|about| about == topic));
    }

    pub(crate) fn all_changed(&self) {
        self.wake(|_| true);
    }

    fn wake(&self, concerned: impl Fn(Option<Topic>) -> bool) {
        for slot in lock(&self.slots).iter().filter_map(Weak::upgrade) {
            if concerned(*lock(&slot.topic)) {
                slot.changes.send_modify(|count| *count += 1);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.len()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Plain data: a panic elsewhere leaves nothing half done in it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Watchers;
    use fulmar_engine::{ConversationKey, Topic};

    #[test]
    fn only_who_is_concerned_is_woken_and_nobody_leaks() {
        let watchers = Watchers::default();
        let one = watchers.add(Some(Topic::Timeline(ConversationKey(1))));
        let list = watchers.add(Some(Topic::Conversations));
        let (seen_one, seen_list) = (one.subscribe(), list.subscribe());
        watchers.changed(Topic::Timeline(ConversationKey(1)));
        watchers.changed(Topic::Timeline(ConversationKey(2)));
        assert_eq!(*seen_one.borrow(), 1);
        assert_eq!(*seen_list.borrow(), 0);
        watchers.all_changed();
        assert_eq!(*seen_list.borrow(), 1);
        assert!(!list.set_topic(Some(Topic::Conversations)));
        assert!(list.set_topic(Some(Topic::Timeline(ConversationKey(3)))));
        let any = watchers.add(None);
        assert!(
            !any.set_topic(Some(Topic::Conversations)),
            "it was told of everything"
        );
        drop(any);
        drop((one, list));
        assert_eq!(watchers.count(), 0);
    }

    /// Somebody who was removed is added again: the conversation is back under another key.
    #[test]
    fn who_shows_what_went_is_told_when_it_is_back_under_another_topic() {
        let watchers = Watchers::default();
        let screen = watchers.add(Some(Topic::Timeline(ConversationKey(1))));
        let seen = screen.subscribe();
        watchers.changed(Topic::Timeline(ConversationKey(1)));
        assert!(screen.set_topic(None), "it may be back by now");
        watchers.changed(Topic::Timeline(ConversationKey(2)));
        assert_eq!(*seen.borrow(), 2);
        assert!(!screen.set_topic(Some(Topic::Timeline(ConversationKey(2)))));
    }
}
