//! The simulation: some people with some devices, real engines, a real backend, and a network
//! of bytes between them, in one thread, under virtual time, from a seed.
//!
//! First a storm: messages are delayed, lost and repeated, connections cut, tokens run out, logs are
//! cut, sessions revoked, clocks jump, processes are suspended, or crash after any commit and between any two
//! effects, disks are full or fail, and machines lose power, also in the midst of a write. Then the weather clears, everything must converge, and the [`oracle`]
//! judges: nothing lost, doubled or out of order, every screen equal to the server's truth, unread
//! counts exact, outboxes empty.
//!
//! The same seed gives the same world, effect by effect; each tenth is run twice to prove it. Of a world that
//! fails, [`shrink`] finds a shorter one that fails, too.

mod acting;
mod answers;
mod arrivals;
mod asking;
mod between;
mod carriage;
mod clocks;
mod comparing;
mod convergence;
mod creations;
mod deployment;
mod device;
mod drafts;
mod effort;
mod efforts;
mod files;
mod looking;
mod memory;
mod network;
pub mod oracle;
mod outage;
mod outboxes;
mod outcome;
mod people;
mod population;
mod process;
mod progress;
mod provider;
mod receipts;
mod reduction;
mod replica;
mod restore;
mod shrink;
mod storage;
mod store;
mod store_failure;
mod storm;
mod streams;
mod suspend;
mod tally;
mod watching;
mod workers;
mod world;

pub use outcome::{Failure, Outcome};
pub use reduction::Reduction;
pub use shrink::{Effort, Progress, Shorter, shrink};
pub use storm::Fault;
pub use workers::{News, Sum, check_all, check_each};
pub use world::World;

/// Of so many seeds one is run twice.
const TWICE: u64 = 10;

/// Runs the world of a seed; each tenth one twice, and the second run must be the same, effect by effect.
pub fn check(seed: u64) -> Result<Outcome, Failure> {
    let first = World::new(seed).run()?;
    if seed.is_multiple_of(TWICE) {
        let second = World::new(seed).run()?;
        if first.fingerprint != second.fingerprint {
            return Err(Failure {
                seed,
                at: 0,
                what: "the same seed gave other effects the second time".to_owned(),
            });
        }
    }
    Ok(first)
}
