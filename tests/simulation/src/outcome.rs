//! How a world ended: what it came to, or what was wrong in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::storm::Fault;

/// What a world came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Stands for every effect of every engine, in order.
    pub fingerprint: u64,
    /// How many transactions the engines ran.
    pub transactions: u64,
    /// How many messages were sent.
    pub messages: usize,
    /// How often a process crashed.
    pub crashes: u64,
    /// The names of the methods that were submitted.
    pub methods: BTreeSet<String>,
    /// How often each kind of fault faults.
    pub faults: BTreeMap<Fault, u64>,
}

/// How a world went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which world.
    pub seed: u64,
    /// When, in virtual milliseconds.
    pub at: u64,
    /// What was not as it must be.
    pub what: String,
}
