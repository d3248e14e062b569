//! The driver: one thread that owns the engine and the writing connection, waits for inputs and
//! deadlines, and carries out effects. It must never decide anything that the engine could decide.

mod app_code;
mod app_work;
mod driver;
mod effects;
mod file_transfer;
mod handle;
mod hints;
mod in_flight;
mod late_hints;
mod opening;
mod process;
mod published;
mod readers;
mod running;
mod setup;
mod suspension;
mod sync;
mod thread;
mod turn;
mod watchers;

#[cfg(test)]
mod tests;

pub(crate) use handle::Runtime;
pub use process::end_all_clients;
pub(crate) use published::{DownloadsNow, PresentNow, TypingNow};
pub(crate) use readers::Readers;
pub(crate) use setup::Setup;
pub(crate) use watchers::Slot;
