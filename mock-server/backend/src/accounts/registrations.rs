//! New users, counted by the minute: a stranger needs nothing to register, and each costs a hash and a place
//! (PROTOCOL.md §9). It forgets with a restart.

use std::collections::VecDeque;
use std::time::Duration;

use fulmar_protocol::{Code, Problem, Timestamp};

use crate::error::{Error, Result};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct Registrations {
    /// How many there are in a minute; any number without.
    most: Option<u32>,
    /// When the newest were, the oldest first; never more than `most`.
    newest: VecDeque<Timestamp>,
}

impl Registrations {
    pub(super) fn new(most: Option<u32>) -> Self {
        Self {
            most,
            newest: VecDeque::new(),
        }
    }

    /// Refuses one more than there may be, and otherwise counts it.
    pub(super) fn count(&mut self, now: Timestamp) -> Result<()> {
        let Some(most) = self.most else {
            return Ok(());
        };
        // What is from later than now was before the clock was set back.
        self.newest
            .retain(|at| *at <= now && !at.plus(MINUTE).since(now).is_zero());
        if self.newest.len() >= most as usize {
            let wait = self
                .newest
                .front()
                .map_or(MINUTE, |at| at.plus(MINUTE).since(now));
            return Err(Error::Refused(
                Problem::new(Code::RateLimited, "Too many people have registered")
                    .with_detail(format!("at most {most} a minute"))
                    .with_retry_after(wait),
            ));
        }
        self.newest.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn so_many_register_in_any_minute_and_no_more() {
        let mut registrations = Registrations::new(Some(2));
        assert!(registrations.count(NOW).is_ok());
        assert!(registrations.count(NOW.plus(MINUTE / 2)).is_ok());
        match registrations.count(NOW.plus(MINUTE / 2)) {
            Err(Error::Refused(problem)) => {
                assert_eq!(problem.code, Code::RateLimited);
                assert_eq!(problem.retry_after_ms, Some(30_000));
            }
            other => panic!("{other:?}"),
        }
        assert!(registrations.count(NOW.plus(MINUTE)).is_ok());
        assert!(registrations.count(NOW.plus(MINUTE)).is_err());
        // A clock that is set back locks nobody out.
        assert!(registrations.count(Timestamp(1)).is_ok());
        let mut any = Registrations::new(None);
        assert!((0..100).all(|_| any.count(NOW).is_ok()));
    }
}
