//! `runtime/process.rs`, where each run is a process.

use super::running::Drivers;

shuttle::lazy_static! {
    pub(super) static ref DRIVERS: Drivers = Drivers::new();
}
