//! The hand-overs of the runtime in thousands of orders: `sdk-core/src/runtime` compiled with shuttle's primitives in
//! place of those of `std` and `tokio`, with the checks of `checks/`, as it is and with each of the planted `mistakes`.
//! It must not have a copy of a file of the product that somebody has to keep up to date.
//!
//! What is compiled: the mailbox and the app's side (`handle`, `app_work`), the driver's thread from its first line to its
//! last (`thread`, `running`), `readers`, `suspension`, `watchers`. What is not: the loop of the driver, for which
//! `beside/driver.rs` stands, and what it carries out; SQLite, for which `product/engine.rs` stands; the look-up of
//! names. Time does not pass: what would end by a limit of time only never ends here, and that is a failure.

#![expect(
    dead_code,
    unused_imports,
    reason = "files of the product in which not everything is called here"
)]
#![expect(
    clippy::duplicate_mod,
    reason = "each runtime with a mistake is compiled with the same checks"
)]

// The files of the product name these crates: here they are this one.
extern crate self as fulmar_engine;
extern crate self as fulmar_protocol;
extern crate self as tokio;

mod mistakes;
mod product;
pub mod trying;
mod world;

pub(crate) use product::engine::*;
pub(crate) use product::tokio::{runtime, sync, time};
pub(crate) use product::{error, files, protocol::*, secret_storage, token_provider, transport};
pub(crate) use shuttle_tokio::select;

include!(concat!(env!("OUT_DIR"), "/runtimes.rs"));
