//! What everything costs where much has piled up: an engine and a backend in one thread with nothing lost between them,
//! and a meter on both databases. It counts the steps of SQLite's virtual machine, which are the same in every run, on
//! every machine and under any load. It never measures time.

#![allow(clippy::unwrap_used, clippy::panic)]

mod action;
mod meter;
mod pile;
mod stage;

pub use action::Action;
pub use meter::{Cost, measure};
pub use pile::Pile;
pub use stage::{Side, Stage};
