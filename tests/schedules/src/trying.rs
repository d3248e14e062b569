//! Runs a check in many orders, from seeds that it says when one fails.

use std::any::Any;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// The seeds without a word of the caller's, and the orders of each seed: drawn evenly, and with few switches at the
/// places that matter most (PCT).
const SEEDS: u64 = 20;
const ORDERS: usize = 100;
const DEPTH: usize = 3;
/// More switches than any of them has: one that goes on has threads that wait for each other without a rest.
const LONGEST: usize = 20_000;

/// The first failure, and how to have it again. `FULMAR_FROM` is the first seed, `FULMAR_SEEDS` how many.
pub fn failure(name: &str, check: fn()) -> Option<String> {
    let from = number("FULMAR_FROM").unwrap_or(1);
    let seeds = number("FULMAR_SEEDS").unwrap_or(SEEDS);
    (from..from + seeds).find_map(|seed| {
        let says = of_seed(seed, check)?;
        Some(format!(
            "{says}\n{name} failed with seed {seed}. Once more:\n\
             FULMAR_FROM={seed} FULMAR_SEEDS=1 cargo test --manifest-path tests/schedules/Cargo.toml -- {name}"
        ))
    })
}

fn of_seed(seed: u64, check: fn()) -> Option<String> {
    let random = RandomScheduler::new_from_seed(seed, ORDERS);
    let pct = PctScheduler::new_from_seed(seed, DEPTH, ORDERS);
    tried(random, check).or_else(|| tried(pct, check))
}

fn tried(scheduler: impl Scheduler + 'static, check: fn()) -> Option<String> {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(LONGEST);
    // The seed is shorter than an order.
    config.failure_persistence = FailurePersistence::None;
    let runner = Runner::new(scheduler, config);
    let ran = catch_unwind(AssertUnwindSafe(|| runner.run(check)));
    ran.err().map(|panic| says(&*panic))
}

fn says(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "it panicked".to_owned())
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}
