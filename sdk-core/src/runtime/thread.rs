//! The driver's thread from its first line to its last: what it stands on is there before it begins, and at rest when
//! it ends. It must not know what a driver does.

use std::sync::Arc;
use std::time::Duration;

use fulmar_engine::OpenError;
use tokio::sync::oneshot;

use super::driver::Driver;
use super::published::Published;
use super::setup::{Ends, Setup};
use crate::error::BuildError;
use crate::files::Files;

/// How long reads may take in the end. Only one that the app has begun and never goes on with takes longer.
const LAST_READS: Duration = Duration::from_secs(5);
/// How long what the app never goes on with, or never answers, may hold up the end once more.
const SHUTDOWN: Duration = Duration::from_millis(100);

/// Returns when it was told to stop, or nobody is left who could, and nothing of it is under way.
pub(super) fn run(
    setup: Setup,
    published: Published,
    files: Arc<Files>,
    mut ends: Ends,
    opened: oneshot::Sender<Result<(), BuildError>>,
) {
    outlive_broken_pipes();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_name("fulmar-io")
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = error.to_string();
            let _ = opened.send(Err(OpenError::Unusable { reason }.into()));
            return;
        }
    };
    let work = ends.work.clone();
    let mut driver = match runtime.block_on(Driver::begin(setup, published, files, work)) {
        Ok(driver) => {
            ends.work.begin_on(runtime.handle());
            let _ = opened.send(Ok(()));
            driver
        }
        Err(error) => {
            // Only an app's place for secrets that does not answer is still there then.
            runtime.shutdown_timeout(SHUTDOWN);
            let _ = opened.send(Err(error));
            return;
        }
    };
    let over = runtime.block_on(async {
        driver.drive(&mut ends).await;
        driver.published.readers.close();
        driver.say_goodbye().await;
        // Nothing that may block is under way then, and nothing begins.
        let over = async { (ends.gate.quiet().await, ends.work.over().await) };
        tokio::time::timeout(LAST_READS, over).await
    });
    drop(driver);
    ends.work.end();
    // With nothing under way all threads are idle and end at once, however busy the machine is.
    runtime.shutdown_timeout(if over.is_ok() { LAST_READS } else { SHUTDOWN });
    drop(over);
}

/// A write to a socket that the other end has closed is an error here, whatever the app has set up: by default a system
/// ends the process for it (`SIGPIPE`). Threads that this one starts inherit that; those of the app are not touched.
fn outlive_broken_pipes() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{SigSet, Signal};

        let mut pipe = SigSet::empty();
        pipe.add(Signal::SIGPIPE);
        if let Err(error) = pipe.thread_block() {
            tracing::warn!(%error, "SIGPIPE cannot be blocked");
        }
    }
}
