//! What is asked over HTTP and of the token provider: who asked, with which token, and until when the
//! answer counts. An answer that nobody waits for is dropped. This module knows no rules and reads no
//! answer.

use std::collections::BTreeMap;
use std::time::Duration;

use fulmar_protocol::Secret;

use crate::config::Config;
use crate::io::{Effect, RequestId};
use crate::time::Mono;
use crate::timer::{Timed, Timer, Timers};
use crate::tx::{Asked, Owner, Patience, Tx};

/// How often the time for an answer may double when none came.
const MOST_PATIENCE: u32 = 4;

/// The requests that have no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    open: BTreeMap<RequestId, Open>,
    /// How many answers to each owner's requests were late in a row: the next one may take longer.
    late: BTreeMap<Owner, u32>,
    timers: Timers,
}

#[derive(Debug)]
struct Open {
    owner: Owner,
    token: Option<Secret>,
    /// When its answer would be late, had those before it not been late.
    expected: Mono,
}

/// A request that has its answer, or will have none.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) owner: Owner,
    /// The token that it was asked with.
    pub(crate) token: Option<Secret>,
}

impl Timed for Requests {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Requests {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        self.open.len() + self.late.len()
    }

    /// A request goes out with this transaction.
    pub(crate) fn opened(&mut self, tx: &Tx<'_>, asked: Asked, config: &Config) {
        let late = self.late.get(&asked.owner).copied().unwrap_or_default();
        let first = patience(asked.patience, config);
        let at = tx.now.mono.plus(longer(first, late));
        self.timers.set(Timer::AnswerMissing(asked.request), at);
        let open = Open {
            owner: asked.owner,
            token: asked.token,
            expected: tx.now.mono.plus(first),
        };
        self.open.insert(asked.request, open);
    }

    /// An answer came. `None`: nobody waits for it.
    pub(crate) fn answered(&mut self, request: RequestId) -> Option<Closed> {
        let closed = self.close(request)?;
        self.late.remove(&closed.owner);
        Some(closed)
    }

    /// No answer came in time: the request is called off, and its answer is nobody's.
    pub(crate) fn missed(&mut self, tx: &mut Tx<'_>, request: RequestId) -> Option<Closed> {
        let closed = self.close(request)?;
        let late = self.late.entry(closed.owner).or_default();
        *late = (*late + 1).min(MOST_PATIENCE);
        tx.emit(Effect::CancelRequest { request });
        Some(closed)
    }

    /// Its owner called it off: nobody waits for it, and that no answer comes says nothing.
    pub(crate) fn called_off(&mut self, request: RequestId) {
        self.close(request);
    }

    /// What is still waited for only because answers before it were late.
    pub(crate) fn overdue(&self, now: Mono) -> Vec<(RequestId, Owner)> {
        let overdue = self.open.iter().filter(|(_, open)| open.expected <= now);
        overdue
            .map(|(request, open)| (*request, open.owner))
            .collect()
    }

    /// The session is over: everything that was asked is called off, but for one request that may be its end.
    pub(crate) fn cancel_all_but(&mut self, tx: &mut Tx<'_>, kept: Option<RequestId>) {
        let cancelled: Vec<RequestId> = self
            .open
            .keys()
            .copied()
            .filter(|request| Some(*request) != kept)
            .collect();
        for request in cancelled {
            self.open.remove(&request);
            self.timers.clear(Timer::AnswerMissing(request));
            tx.emit(Effect::CancelRequest { request });
        }
        self.late.clear();
    }

    fn close(&mut self, request: RequestId) -> Option<Closed> {
        self.timers.clear(Timer::AnswerMissing(request));
        let open = self.open.remove(&request)?;
        Some(Closed {
            owner: open.owner,
            token: open.token,
        })
    }
}

fn patience(patience: Patience, config: &Config) -> Duration {
    match patience {
        Patience::Server => config.answer_timeout,
        Patience::TokenProvider => config.token_timeout,
    }
}

fn longer(first: Duration, late: u32) -> Duration {
    first.saturating_mul(2u32.pow(late.min(MOST_PATIENCE)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fulmar_protocol::Secret;

    use super::{MOST_PATIENCE, Requests};
    use crate::config::Config;
    use crate::io::{Effect, RequestId};
    use crate::testing::{Bench, Step, every};
    use crate::timer::{Timed, Timer};
    use crate::tx::{Asked, Owner, Patience};

    #[rustfmt::skip]
    fn owners() -> [Owner; 8] {
        every!(Owner {
            Owner::SignIn => [Owner::SignIn],
            Owner::Refresh => [Owner::Refresh],
            Owner::SignOut => [Owner::SignOut],
            Owner::Sync => [Owner::Sync],
            Owner::Submit => [Owner::Submit],
            Owner::Upload => [Owner::Upload],
            Owner::Download => [Owner::Download],
            Owner::Online => [Owner::Online],
        })
    }

    struct Counter {
        bench: Bench,
        requests: Requests,
        config: Config,
        next: u64,
    }

    impl Counter {
        fn new() -> Self {
            Self {
                bench: Bench::new(),
                requests: Requests::default(),
                config: Config::default(),
                next: 0,
            }
        }

        /// Asks, and gives how long the answer may take.
        fn open(&mut self, owner: Owner, patience: Patience) -> (RequestId, Duration) {
            self.next += 1;
            let request = RequestId(self.next);
            let asked = Asked {
                request,
                owner,
                token: Some(Secret::new("token")),
                patience,
            };
            let (requests, config) = (&mut self.requests, &self.config);
            self.bench.run(|tx| requests.opened(tx, asked, config));
            let at = self.requests.timers().get(Timer::AnswerMissing(request));
            (request, at.unwrap().until(self.bench.now().mono))
        }

        fn ask(&mut self, owner: Owner) -> (RequestId, Duration) {
            self.open(owner, Patience::Server)
        }

        fn miss(&mut self, request: RequestId) -> Step<Option<Owner>> {
            let requests = &mut self.requests;
            self.bench
                .run(|tx| requests.missed(tx, request).map(|closed| closed.owner))
        }

        fn first(&self) -> Duration {
            self.config.answer_timeout
        }
    }

    fn cancels(effects: &[Effect], wanted: RequestId) -> bool {
        matches!(effects, [Effect::CancelRequest { request }] if *request == wanted)
    }

    #[test]
    fn an_answer_comes_once_and_says_who_asked_with_what() {
        for owner in owners() {
            let mut counter = Counter::new();
            let (request, _) = counter.ask(owner);
            let closed = counter.requests.answered(request).unwrap();
            assert_eq!(closed.owner, owner);
            assert_eq!(closed.token, Some(Secret::new("token")));
            assert!(counter.requests.timers().next().is_none());
            assert!(counter.requests.answered(request).is_none(), "{owner:?}");
            assert!(counter.miss(request).result.is_none(), "{owner:?}");
        }
    }

    #[test]
    fn one_that_is_late_is_called_off_and_its_answer_is_nobodys() {
        for owner in owners() {
            let mut counter = Counter::new();
            let (request, _) = counter.ask(owner);
            let step = counter.miss(request);
            assert_eq!(step.result, Some(owner));
            assert!(cancels(&step.effects, request), "{owner:?}");
            assert!(counter.requests.answered(request).is_none(), "{owner:?}");
            let again = counter.miss(request);
            assert!(again.result.is_none() && again.effects.is_empty());
        }
    }

    #[test]
    fn what_was_never_asked_is_nobodys() {
        let mut counter = Counter::new();
        assert!(counter.requests.answered(RequestId(7)).is_none());
        assert!(counter.miss(RequestId(7)).effects.is_empty());
    }

    #[test]
    fn the_time_for_an_answer_doubles_while_none_comes_up_to_a_bound() {
        for owner in owners() {
            let mut counter = Counter::new();
            for late in 0..10 {
                let (request, patience) = counter.ask(owner);
                let doubled = counter.first() * 2u32.pow(late.min(MOST_PATIENCE));
                assert_eq!(patience, doubled, "{owner:?}, late {late} times");
                counter.miss(request);
            }
        }
    }

    #[test]
    fn it_starts_over_after_an_answer() {
        let mut counter = Counter::new();
        for _ in 0..3 {
            let (request, _) = counter.ask(Owner::Sync);
            counter.miss(request);
        }
        let (request, _) = counter.ask(Owner::Sync);
        counter.requests.answered(request);
        assert_eq!(counter.ask(Owner::Sync).1, counter.first());
    }

    #[test]
    fn each_owner_waits_for_itself() {
        for slow in owners() {
            let mut counter = Counter::new();
            let (request, _) = counter.ask(slow);
            counter.miss(request);
            for owner in owners() {
                let (request, patience) = counter.ask(owner);
                assert_eq!(
                    patience > counter.first(),
                    owner == slow,
                    "{slow:?} {owner:?}"
                );
                if owner != slow {
                    counter.requests.answered(request);
                }
            }
            assert!(
                counter.ask(slow).1 > counter.first(),
                "others answer for themselves"
            );
        }
    }

    #[test]
    fn a_token_provider_has_a_time_of_its_own() {
        let mut counter = Counter::new();
        let (request, patience) = counter.open(Owner::Refresh, Patience::TokenProvider);
        assert_eq!(patience, counter.config.token_timeout);
        counter.miss(request);
        let (_, patience) = counter.open(Owner::Refresh, Patience::TokenProvider);
        assert_eq!(patience, counter.config.token_timeout * 2);
    }

    #[test]
    fn who_called_a_request_off_does_not_wait_for_it() {
        let mut counter = Counter::new();
        let (request, _) = counter.ask(Owner::Download);
        counter.requests.called_off(request);
        assert!(counter.requests.timers().next().is_none());
        assert!(counter.requests.answered(request).is_none());
        assert!(counter.miss(request).effects.is_empty());
        assert_eq!(counter.ask(Owner::Download).1, counter.first());
    }

    #[test]
    fn at_the_end_of_a_session_everything_is_called_off() {
        let mut counter = Counter::new();
        let asked = owners().map(|owner| counter.ask(owner).0);
        counter.miss(asked[0]);
        let requests = &mut counter.requests;
        let step = counter.bench.run(|tx| requests.cancel_all_but(tx, None));
        assert_eq!(step.effects.len(), asked.len() - 1);
        assert!(counter.requests.timers().next().is_none());
        for request in asked {
            assert!(counter.requests.answered(request).is_none());
        }
        assert_eq!(counter.ask(owners()[0]).1, counter.first());
        let requests = &mut counter.requests;
        let step = counter.bench.run(|tx| requests.cancel_all_but(tx, None));
        assert_eq!(step.effects.len(), 1, "only what is still under way");
    }
}
