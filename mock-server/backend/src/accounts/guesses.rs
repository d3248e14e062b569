//! Wrong passwords, counted by the minute, so that nobody tries them all (PROTOCOL.md §7.1).
//!
//! It counts names, whether or not there are such users, and must never tell one from the other. A name has one of a
//! fixed number of places, which nobody else can work out: whatever names are tried, there is no more to remember, and
//! none is forgotten before its minute is over. It forgets with a restart.

use std::collections::BTreeMap;
use std::time::Duration;

use fulmar_protocol::{Code, Problem, Timestamp, UserId};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

const MINUTE: Duration = Duration::from_secs(60);

/// One of 65,536.
type Place = u16;

pub(super) struct Guesses {
    /// How many wrong ones a user has in a minute.
    most: u32,
    secret: Vec<u8>,
    wrong: BTreeMap<Place, Minute>,
}

struct Minute {
    began: Timestamp,
    wrong: u32,
}

impl Guesses {
    pub(super) fn new(most: u32, secret: &[u8]) -> Self {
        Self {
            most,
            secret: secret.to_vec(),
            wrong: BTreeMap::new(),
        }
    }

    /// Refuses a password that is not to be looked at, right or wrong.
    pub(super) fn check(&self, user: &UserId, now: Timestamp) -> Result<()> {
        let Some(minute) = self.wrong.get(&self.place(user)) else {
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
        let minute = self.wrong.entry(self.place(user)).or_insert(Minute {
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
        self.wrong.remove(&self.place(user));
    }

    fn place(&self, user: &UserId) -> Place {
        let mut hash = Sha256::new();
        hash.update(&self.secret);
        hash.update(user.as_str());
        let bytes = hash.finalize();
        Place::from_be_bytes([bytes[0], bytes[1]])
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
        let mut guesses = Guesses::new(3, b"secret");
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
        let mut guesses = Guesses::new(1, b"secret");
        let ann = user("ann");
        guesses.was_wrong(&ann, NOW.plus(Duration::from_secs(86_400)));
        guesses.was_wrong(&ann, NOW);
        assert!(guesses.check(&ann, NOW.plus(MINUTE)).is_ok());
    }

    /// Names that are made up push nobody out.
    #[test]
    fn whatever_names_are_tried_none_is_forgotten_and_there_is_no_more_to_remember() {
        let mut guesses = Guesses::new(1, b"secret");
        let ann = user("ann");
        guesses.was_wrong(&ann, NOW);
        for number in 0..100_000 {
            guesses.was_wrong(&user(&format!("user-{number}")), NOW);
        }
        assert!(guesses.check(&ann, NOW).is_err());
        assert!(guesses.wrong.len() <= usize::from(Place::MAX) + 1);
    }
}
