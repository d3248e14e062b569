//! `runtime/sync.rs` with shuttle's primitives.

pub(super) use shuttle::sync::atomic::{AtomicBool, Ordering};
pub(super) use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
pub(super) use shuttle::thread;
