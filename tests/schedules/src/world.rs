//! What is true in one run, as one would see it from outside. What must never be is said at once, where it happens.
//! It must not be made of shuttle's primitives: then it would be a part of what is tried.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Debug, Default)]
struct World {
    disk_is_full: bool,
    readers: usize,
    /// Of the readers: those of a full disk.
    alone: usize,
    stores: usize,
    suspended: bool,
    threads: usize,
    working: usize,
    /// Everything was closed: nothing of the SDK runs any more.
    over: bool,
    written: Vec<u64>,
    told: Vec<u64>,
}

shuttle::lazy_static! {
    static ref WORLD: Mutex<World> = Mutex::default();
}

fn world() -> MutexGuard<'static, World> {
    WORLD.lock().unwrap()
}

pub(crate) fn set_disk_full(full: bool) {
    world().disk_is_full = full;
}

pub(crate) fn disk_is_full() -> bool {
    world().disk_is_full
}

pub(crate) fn readers() -> usize {
    world().readers
}

pub(crate) fn reader_opened(alone: bool) {
    let mut world = world();
    assert!(!world.over, "a connection was opened after close");
    world.readers += 1;
    if alone {
        world.alone += 1;
        assert_eq!(world.alone, 1, "two readers that must be alone");
        assert_eq!(world.stores, 0, "a reader alone beside an engine");
    }
}

pub(crate) fn reader_closed(alone: bool) {
    let mut world = world();
    world.readers -= 1;
    world.alone -= usize::from(alone);
}

pub(crate) fn store_opened() {
    // Opening is not one step.
    shuttle::thread::yield_now();
    let mut world = world();
    assert!(!world.over, "the store was opened after close");
    assert_eq!(world.alone, 0, "a reader alone beside an engine");
    world.stores += 1;
}

pub(crate) fn store_closed() {
    shuttle::thread::yield_now();
    let mut world = world();
    world.stores = world.stores.saturating_sub(1);
}

pub(crate) fn stores() -> usize {
    world().stores
}

pub(crate) fn set_suspended(suspended: bool) {
    world().suspended = suspended;
}

pub(crate) fn is_suspended() -> bool {
    world().suspended
}

pub(crate) fn written(number: u64) {
    world().written.push(number);
}

pub(crate) fn all_written() -> Vec<u64> {
    world().written.clone()
}

pub(crate) fn told(number: u64) {
    world().told.push(number);
}

pub(crate) fn all_told() -> Vec<u64> {
    world().told.clone()
}

/// A piece of work on a thread of the SDK.
pub(crate) fn work() {
    {
        let mut world = world();
        assert!(!world.over, "work began after close");
        world.working += 1;
    }
    shuttle::thread::yield_now();
    world().working -= 1;
}

/// Close has returned: from now on nothing may happen.
pub(crate) fn over() {
    let threads = world().threads;
    assert_eq!(threads, 0, "a thread of the driver runs after close");
    all_ended();
}

/// The same while threads end that call nobody any more.
pub(crate) fn all_ended() {
    let mut world = world();
    world.over = true;
    assert_eq!(world.working, 0, "work is under way after close");
    assert_eq!(world.readers, 0, "a connection is open after close");
    assert_eq!(world.stores, 0, "the store is open after close");
}

/// A thread of a driver, until its very end.
pub(crate) struct OnThread(());

impl OnThread {
    pub(crate) fn new() -> Self {
        world().threads += 1;
        Self(())
    }
}

impl Drop for OnThread {
    fn drop(&mut self) {
        world().threads -= 1;
    }
}

/// Waits as code of another language does: what wakes it is a call into that language, which may be gone after close.
pub(crate) async fn abroad<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Abroad(cx.waker().clone())));
        work.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

struct Abroad(Waker);

impl Wake for Abroad {
    fn wake(self: Arc<Self>) {
        assert!(!world().over, "a call into another language after close");
        self.0.wake_by_ref();
    }
}

/// Polls so many times, and gives it up then; true when it was over before.
pub(crate) async fn given_up_after(polls: usize, work: impl Future<Output = ()>) -> bool {
    let mut work = std::pin::pin!(work);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(cx).map(|()| true)
    })
    .await
}
