//! Every method of the API that waits, called by many tasks at once and dropped after so many polls: at each of its
//! awaits. What was dropped may have happened or not, but once at most; nothing else is lost, and everything works
//! afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod dropped;
mod ends;
mod surface;
mod world;

use std::collections::BTreeSet;

use dropped::{Fate, Moment};
use world::{DEADLINE, World};

/// A method waits at fewer places than that; with more polls it comes to its end.
const POLLS: usize = 7;
const TASKS: usize = 12;
/// The order of the calls comes from this, unless there is another one in the environment.
const SEED: u64 = 1;
const OTHER_SEED: &str = "FULMAR_SEED";

#[test]
fn no_method_that_waits_is_left_out() {
    let called = calls::all().into_iter().map(|(name, _)| name);
    let called: BTreeSet<String> = called.chain(ends::NAMES).map(str::to_owned).collect();
    let there = surface::methods_that_wait();
    assert!(there.len() > 70, "the sources were read: {}", there.len());
    assert_eq!(called, there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_dropped_at_any_await_happens_once_or_not_at_all() {
    let world = World::new().await;
    let mut work = Vec::new();
    for (name, call) in calls::all() {
        for polls in 0..=POLLS {
            for moment in [Moment::AtOnce, Moment::WhenWoken] {
                work.push((name, call, Fate { polls, moment }));
            }
        }
    }
    let other = std::env::var(OTHER_SEED).map(|seed| seed.parse().unwrap());
    let seed = other.unwrap_or(SEED);
    let mut random = Random(seed);
    for last in (1..work.len()).rev() {
        work.swap(last, random.below(last + 1));
    }
    let count = work.len().div_ceil(TASKS);
    let tasks: Vec<_> = work
        .chunks(count)
        .map(|part| {
            let (part, world) = (part.to_vec(), world.clone());
            tokio::spawn(async move {
                for (name, call, fate) in part {
                    let done = tokio::time::timeout(DEADLINE, call(world.clone(), fate));
                    assert!(done.await.is_ok(), "{name} hangs, {fate:?}, seed {seed}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world.is_whole().await;
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}
