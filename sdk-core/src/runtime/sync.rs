//! What the hand-overs between threads (`readers`, `suspension`, `watchers`) are made of: one place, so that a test can
//! compile them with other primitives. These files must not name `std::sync`.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
