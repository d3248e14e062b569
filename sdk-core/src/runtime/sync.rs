//! What the hand-overs between threads are made of. `tests/schedules` compiles the files that use this with other
//! primitives under the same names, which try many schedules; so those files must not name `std::sync` or `std::thread`.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
pub(super) use std::thread;
