//! Wrong passwords, counted for each user by the minute, so that nobody tries them all (PROTOCOL.md §7.1).
//!
//! It counts names, whether or not there are such users, and must never tell one from the other. It forgets with a
//! restart.

use std::collections::BTreeMap;
use std::time::Duration;

use fulmar_protocol::{Code, Problem, Timestamp, UserId};

use crate::error::{Error, Result};

const MINUTE: Duration = Duration::from_secs(60);
/// So many names are remembered; beyond that the one that was tried first is forgotten.
const MOST_NAMES: usize = 10_000;

pub(super) struct Guesses {
    /// How many wrong ones a user has in a minute.
    most: u32,
    wrong: BTreeMap<UserId, Minute>,
}

struct Minute {
    began: Timestamp,
    wrong: u32,
}

impl Guesses {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            wrong: BTreeMap::new(),
        }
    }

    /// Refuses a password that is not to be looked at, right or wrong.
    pub(super) fn check(&self, user: &UserId, now: Timestamp) -> Result<()> {
        let Some(minute) = self.wrong.get(user) else {
            return Ok(());
        };
        let left = minute.began.plus(MINUTE).since(now);
        if left.is_zero() || minute.wrong < self.most {
            return Ok(());
        }
        Err(Error::Refused(
            Problem::new(Code::RateLimited, "Too many wrong passwords").with_retry_after(left),
        ))
    }

    /// A password was wrong.
    pub(super) fn was_wrong(&mut self, user: &UserId, now: Timestamp) {
        if self.wrong.len() >= MOST_NAMES && !self.wrong.contains_key(user) {
            let first = self.wrong.iter().min_by_key(|(_, minute)| minute.began);
            if let Some(first) = first.map(|(user, _)| user.clone()) {
                self.wrong.remove(&first);
            }
        }
        let minute = self.wrong.entry(user.clone()).or_insert(Minute {
            began: now,
            wrong: 0,
        });
        // A clock that was set back begins anew as well.
        if minute.began.plus(MINUTE).since(now).is_zero() || minute.began > now {
            (minute.began, minute.wrong) = (now, 0);
        }
        minute.wrong = minute.wrong.saturating_add(1);
    }

    /// A password was right.
    pub(super) fn was_right(&mut self, user: &UserId) {
        self.wrong.remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn after_so_many_wrong_ones_none_is_looked_at_until_a_minute_has_passed() {
        let mut guesses = Guesses::new(3);
        let (ann, ben) = (user("ann"), user("ben"));
        for _ in 0..3 {
            assert!(guesses.check(&ann, NOW).is_ok());
            guesses.was_wrong(&ann, NOW);
        }
        let Err(Error::Refused(problem)) = guesses.check(&ann, NOW) else {
            panic!("the fourth is looked at");
        };
        assert_eq!(problem.code, Code::RateLimited);
        assert_eq!(problem.retry_after_ms, Some(60_000));
        assert!(guesses.check(&ben, NOW).is_ok());
        let later = NOW.plus(MINUTE);
        assert!(guesses.check(&ann, later).is_ok());
        guesses.was_wrong(&ann, later);
        assert!(guesses.check(&ann, later).is_ok());
        guesses.was_right(&ann);
        assert!(guesses.wrong.is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut guesses = Guesses::new(1);
        let ann = user("ann");
        guesses.was_wrong(&ann, NOW.plus(Duration::from_secs(86_400)));
        guesses.was_wrong(&ann, NOW);
        assert!(guesses.check(&ann, NOW.plus(MINUTE)).is_ok());
    }

    #[test]
    fn no_more_names_are_remembered_than_there_is_room_for() {
        let mut guesses = Guesses::new(1);
        for number in 0..MOST_NAMES + 5 {
            let time = NOW.plus(Duration::from_millis(number as u64));
            guesses.was_wrong(&user(&format!("user-{number}")), time);
        }
        assert_eq!(guesses.wrong.len(), MOST_NAMES);
        assert!(!guesses.wrong.contains_key(&user("user-0")));
    }
}
