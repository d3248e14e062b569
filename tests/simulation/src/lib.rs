//! The simulation: three people with two devices each, real engines, a real backend, and a network
//! of bytes between them, in one thread, under virtual time, from a seed.
//!
//! First a storm: messages are delayed, lost and repeated, connections cut, tokens run out, logs are
//! cut, sessions revoked, clocks jump, processes crash after any commit and between any two effects,
//! and machines lose power. Then the weather clears, everything must converge, and the [`oracle`]
//! judges: nothing lost, doubled or out of order, every screen equal to the server's truth, unread
//! counts exact, outboxes empty.
//!
//! The same seed gives the same world, effect by effect; each seed is run twice to prove it.

mod acting;
mod carriage;
mod comparing;
mod convergence;
mod deployment;
mod device;
mod efforts;
mod files;
mod looking;
mod network;
pub mod oracle;
mod outage;
mod outcome;
mod people;
mod process;
mod progress;
mod storm;
mod workers;
mod world;

pub use outcome::{Failure, Outcome};
pub use storm::Storm;
pub use workers::{Sum, check_all};
pub use world::World;

/// Runs the world of a seed twice; the second run must be the same, effect by effect.
pub fn check(seed: u64) -> Result<Outcome, Failure> {
    let first = World::new(seed).run()?;
    let second = World::new(seed).run()?;
    if first.fingerprint != second.fingerprint {
        return Err(Failure {
            seed,
            at: 0,
            what: "the same seed gave other effects the second time".to_owned(),
        });
    }
    Ok(first)
}
