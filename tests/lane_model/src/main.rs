//! An exhaustive model of lanes (PROTOCOL.md §3.2, §5, §6): two devices of one user, a server with its log and its
//! memory of keys, and a network that delays, repeats and loses. Every order of what can happen within the bounds
//! is visited.
//!
//! It has the states of the engine's outbox, not its code, and never takes the code for what is right. Faults are
//! not counted: within the bounds they happen any number of times. What is simpler than the protocol:
//!
//! - A frame that is lost is one that never arrives. A connection that is lost is back at once: without one a
//!   device does nothing that waiting does not do as well.
//! - A message is in the store when the app is told so: a process does not end in the middle of that.
//! - A submit takes all that waits, the deletions behind the messages. Deletions are never refused, but for a
//!   message that is not there.
//! - A log with a new `logId` has the same events; the device does not know that.
//! - No frame is under way for longer than the retention of keys.
//! - A server takes no submit that it has taken, or that left the device before one that it has taken (PROTOCOL.md §5.2,
//!   M15). The order of submits never ends, and no store goes back to a former one.
//!
//! Left out are submits of several operations that are refused as a whole, changes other than the deletion behind a message, files,
//! threads, conversations that are created, and a server that loses messages.
//!
//! The program fails where a property does not hold in some state, where what has to be reachable is not, and where
//! a mistake that is planted is not found by the property that is named for it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod action;
mod bounds;
mod check;
mod drain;
mod message;
mod mistake;
mod model;
mod network;
mod outbox;
mod properties;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::BTreeSet;
use std::process::ExitCode;

use bounds::{Bounds, FOR_MISTAKES, WHOLE};
use check::Report;
use mistake::Mistake;

fn main() -> ExitCode {
    let mut failures = 0;
    if std::env::args().len() > 1 {
        eprintln!(
            "It takes no arguments: it visits every state within the bounds of `bounds.rs`, in about two minutes."
        );
        return ExitCode::FAILURE;
    }
    let mut held = BTreeSet::new();
    let mut reached = BTreeSet::new();
    for bounds in WHOLE {
        let report = check::every_state(bounds);
        failures += usize::from(!tell(bounds, &report));
        held.extend(report.held);
        reached.extend(report.reached);
    }
    for property in held {
        println!("in every state: {property}");
    }
    for property in reached {
        println!("in some state: {property}");
    }
    for mistake in Mistake::ALL {
        failures += usize::from(!finds(mistake));
    }
    let all = WHOLE.len() + Mistake::ALL.len();
    println!("{} passed, {failures} failed", all - failures);
    match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Says what came of visiting every state, and whether all is as it should be.
fn tell(bounds: Bounds, report: &Report) -> bool {
    println!(
        "{bounds}: {} states, depth {}, {} properties, {:.1} s",
        report.states,
        report.depth,
        report.held.len() + report.reached.len(),
        report.seconds
    );
    for complaint in &report.complaints {
        eprintln!("FAILED {complaint}");
    }
    report.complaints.is_empty()
}

/// Plants a mistake, and says whether it is found.
fn finds(mistake: Mistake) -> bool {
    let property = mistake.found_by();
    let steps = check::finds(mistake, FOR_MISTAKES);
    match steps {
        Some(steps) => println!("{mistake:?}: found by \"{property}\" after {steps} steps"),
        None => eprintln!("FAILED {mistake:?}: not found by \"{property}\""),
    }
    steps.is_some()
}
