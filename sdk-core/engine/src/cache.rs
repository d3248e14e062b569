//! What this device keeps of the server's messages: how much history stays, and the index of the search.
//!
//! What is unsent, unread or about to be changed is not history: it always stays.

use std::time::Duration;

use crate::config::Config;
use crate::io::{Effect, Topic};
use crate::store::{Result, retention, search};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// After so many messages that came in, it is looked again whether there are too many.
const LOOK_AFTER: u32 = 1_000;
/// How long a message may wait until it can be found, and how many are indexed at a time.
const INDEX_AFTER: Duration = Duration::from_millis(200);
const AT_A_TIME: u32 = 1_000;

/// What happened to the cache.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CacheNews {
    /// Messages may have gone that a page under way would bring back as they were.
    Evicted,
}

#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// How many messages came in since it was last looked whether there are too many.
    stored: u32,
    timers: Timers,
}

impl Timed for Cache {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Cache {
    /// One more message is here.
    pub(crate) fn stored(&mut self) {
        self.stored += 1;
    }

    /// Rarely looks whether there is too much, because that looks at every conversation; and lets what was
    /// written be found soon.
    pub(crate) fn reconcile(
        &mut self,
        tx: &mut Tx<'_>,
        config: &Config,
    ) -> Result<Option<CacheNews>> {
        if !self.timers.is_set(Timer::Index) && search::is_behind(&tx.db)? {
            self.timers.set(Timer::Index, tx.now.mono.plus(INDEX_AFTER));
        }
        if self.stored < LOOK_AFTER {
            return Ok(None);
        }
        self.evict_history(tx, config).map(Some)
    }

    /// Removes the oldest messages beyond what the app wants to keep. They are fetched again when somebody
    /// looks.
    pub(crate) fn evict_history(&mut self, tx: &mut Tx<'_>, config: &Config) -> Result<CacheNews> {
        self.stored = 0;
        for key in retention::trim(&tx.db, config.retention)? {
            tracing::debug!(conversation = key.0, "old messages evicted");
            tx.touch(key);
        }
        Ok(CacheNews::Evicted)
    }

    /// The time has come to index. Searches look again.
    pub(crate) fn index_messages(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        search::index(&tx.db, AT_A_TIME)?;
        tx.emit(Effect::Changed(Topic::Conversations));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_A_TIME, Cache, CacheNews, INDEX_AFTER, LOOK_AFTER};
    use crate::config::{Config, Retention};
    use crate::io::{Effect, Topic};
    use crate::store::{ConversationKey, account, conversations, messages, search};
    use crate::testing::server::{conversation, key, message, user};
    use crate::testing::{Bench, Step, every};
    use crate::timer::{Timed, Timer};

    struct Shelf {
        bench: Bench,
        cache: Cache,
        config: Config,
        place: ConversationKey,
    }

    impl Shelf {
        /// With the conversation "c" up to this position, all of which is here and read.
        fn with(count: u64) -> Self {
            let mut bench = Bench::new();
            let own = user("alice");
            let view = conversation("c", count);
            let step = bench.run(|tx| {
                let place = conversations::upsert(&tx.db, &view, Some(&own)).unwrap();
                for at in 1..=count {
                    let message = message("c", at);
                    messages::upsert_confirmed(&tx.db, place, &message, Some(&own)).unwrap();
                }
                place
            });
            Self {
                bench,
                cache: Cache::default(),
                config: Config::default(),
                place: step.result,
            }
        }

        fn keep(mut self, messages_per_conversation: u32) -> Self {
            self.config.retention = Retention {
                messages_per_conversation: Some(messages_per_conversation),
                total_bytes: None,
            };
            self
        }

        fn reconcile(&mut self) -> Step<Option<CacheNews>> {
            let (cache, config) = (&mut self.cache, &self.config);
            self.bench.run(|tx| cache.reconcile(tx, config).unwrap())
        }

        fn index(&mut self) -> Step<()> {
            self.cache.timers_mut().clear(Timer::Index);
            let cache = &mut self.cache;
            self.bench.run(|tx| cache.index_messages(tx).unwrap())
        }

        fn evict(&mut self) -> Step<CacheNews> {
            let (cache, config) = (&mut self.cache, &self.config);
            self.bench
                .run(|tx| cache.evict_history(tx, config).unwrap())
        }

        fn has(&mut self, number: u64) -> bool {
            let step = self
                .bench
                .run(|tx| messages::find(&tx.db, key(number)).unwrap());
            step.result.is_some()
        }

        fn is_behind(&mut self) -> bool {
            self.bench
                .run(|tx| search::is_behind(&tx.db).unwrap())
                .result
        }
    }

    #[test]
    fn it_is_rarely_looked_whether_there_is_too_much() {
        let mut shelf = Shelf::with(120).keep(60);
        for stored in 1..LOOK_AFTER {
            shelf.cache.stored();
            if stored % 100 == 0 {
                assert_eq!(shelf.reconcile().result, None);
            }
        }
        assert!(shelf.has(1));
        shelf.cache.stored();
        assert_eq!(shelf.reconcile().result, Some(CacheNews::Evicted));
        assert_eq!((shelf.has(60), shelf.has(61)), (false, true));
        assert_eq!(shelf.reconcile().result, None, "it counts anew");
    }

    #[test]
    fn the_newest_of_each_conversation_stay_and_the_screen_is_told_of_the_others() {
        let mut shelf = Shelf::with(120).keep(1);
        let (cache, config) = (&mut shelf.cache, &shelf.config);
        let step = shelf.bench.run(|tx| {
            let news = cache.evict_history(tx, config).unwrap();
            (news, tx.take_touched().0)
        });
        assert_eq!(step.result.0, CacheNews::Evicted);
        assert!(step.result.1.contains(&shelf.place));
        assert_eq!((shelf.has(70), shelf.has(71)), (false, true));
    }

    #[test]
    fn without_a_bound_everything_stays() {
        let mut shelf = Shelf::with(120);
        let (cache, config) = (&mut shelf.cache, &shelf.config);
        let step = shelf.bench.run(|tx| {
            cache.evict_history(tx, config).unwrap();
            tx.take_touched().0
        });
        assert!(step.result.is_empty());
        assert!(shelf.has(1));
    }

    #[test]
    fn what_was_written_is_indexed_soon_and_searches_look_again() {
        let mut shelf = Shelf::with(3);
        shelf.reconcile();
        let due = shelf.cache.timers().get(Timer::Index).unwrap();
        assert_eq!(due.until(shelf.bench.now().mono), INDEX_AFTER);
        // A second reconcile does not put it off.
        shelf.bench.pass(INDEX_AFTER / 2);
        shelf.reconcile();
        assert_eq!(shelf.cache.timers().get(Timer::Index), Some(due));
        let step = shelf.index();
        let told = &step.effects[..];
        assert!(matches!(told, [Effect::Changed(Topic::Conversations)]));
        assert!(!shelf.is_behind());
        shelf.reconcile();
        assert!(shelf.cache.timers().next().is_none(), "nothing waits");
    }

    #[test]
    fn much_is_indexed_in_parts() {
        let mut shelf = Shelf::with(u64::from(AT_A_TIME) + 10);
        for rest in [true, false] {
            shelf.reconcile();
            assert!(shelf.cache.timers().is_set(Timer::Index));
            shelf.index();
            assert_eq!(shelf.is_behind(), rest);
        }
    }

    /// Where the tests begin; more is kept than the app wants.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum State {
        Indexed,
        /// Something is not indexed yet.
        Behind,
        /// It will be soon.
        Waiting,
        /// So much came in that it is looked again whether there is too much.
        Full,
    }

    /// What can happen to the cache.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Input {
        Stored,
        Reconcile,
        Evict,
        Index,
    }

    /// The table: whether messages went, whether something is behind, and whether that waits for a timer.
    fn after(state: State, input: Input) -> (bool, bool, bool) {
        match (state, input) {
            (State::Full, Input::Reconcile) => (true, true, true),
            (State::Waiting, Input::Evict) => (true, true, true),
            (State::Behind | State::Full, Input::Evict) => (true, true, false),
            (State::Indexed, Input::Evict) => (true, false, false),
            (State::Behind, Input::Reconcile) => (false, true, true),
            (State::Waiting, Input::Stored | Input::Reconcile) => (false, true, true),
            (State::Behind | State::Full, Input::Stored) => (false, true, false),
            (State::Indexed, Input::Stored | Input::Reconcile) => (false, false, false),
            (_, Input::Index) => (false, false, false),
        }
    }

    fn bring(state: State) -> Shelf {
        let mut shelf = Shelf::with(120).keep(60);
        match state {
            State::Indexed => {
                shelf.reconcile();
                shelf.index();
            }
            State::Behind => {}
            State::Waiting => drop(shelf.reconcile()),
            State::Full => (0..LOOK_AFTER).for_each(|_| shelf.cache.stored()),
        }
        shelf
    }

    #[test]
    fn every_state_and_every_input() {
        let states = every!(State {
            State::Indexed => [State::Indexed],
            State::Behind => [State::Behind],
            State::Waiting => [State::Waiting],
            State::Full => [State::Full],
        });
        let inputs = every!(Input {
            Input::Stored => [Input::Stored],
            Input::Reconcile => [Input::Reconcile],
            Input::Evict => [Input::Evict],
            Input::Index => [Input::Index],
        });
        for state in states {
            for input in inputs {
                let mut shelf = bring(state);
                match input {
                    Input::Stored => shelf.cache.stored(),
                    Input::Reconcile => drop(shelf.reconcile()),
                    Input::Evict => drop(shelf.evict()),
                    Input::Index => drop(shelf.index()),
                }
                let waits = shelf.cache.timers().is_set(Timer::Index);
                let left = (!shelf.has(1), shelf.is_behind(), waits);
                assert_eq!(left, after(state, input), "{state:?} + {input:?}");
            }
        }
    }

    /// The session ended, and the store was emptied, while something waited for the index.
    #[test]
    fn what_waited_for_the_index_and_is_gone_is_not_missed() {
        let mut shelf = bring(State::Waiting);
        shelf.bench.run(|tx| account::wipe(&tx.db).unwrap());
        shelf.index();
        assert!(!shelf.is_behind());
        shelf.evict();
        shelf.reconcile();
        assert!(shelf.cache.timers().next().is_none());
    }
}
