//! What must hold in every order, as those see it who use a client.

mod end;
mod mailbox;
mod readers;
mod suspension;
mod watchers;

pub use end::*;
pub use mailbox::*;
pub use readers::*;
pub use suspension::*;
pub use watchers::*;

use std::path::PathBuf;

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::thread::{self, JoinHandle};

use super::handle::Runtime;
use super::setup::Setup;
use crate::Config;
use crate::transport::Transport;
use crate::world;

fn setup() -> Setup {
    Setup {
        path: PathBuf::from("store"),
        config: Config::default(),
        owner: None,
        transport: Transport,
        token_provider: None,
        secret_storage: None,
    }
}

fn started() -> Arc<Runtime> {
    Arc::new(block_on(Runtime::start(setup())).unwrap())
}

/// Does something with a client on a thread of the app's.
fn beside(
    runtime: &Arc<Runtime>,
    work: impl AsyncFnOnce(&Runtime) + Send + 'static,
) -> JoinHandle<()> {
    let runtime = Arc::clone(runtime);
    thread::spawn(move || block_on(work(&runtime)))
}

/// A read of a screen; false when the client has ended.
async fn read(runtime: &Runtime) -> bool {
    let read = runtime.read(|readers| {
        let read = readers.read(|_| {
            assert!(
                !world::is_suspended(),
                "it reads while the client is suspended"
            );
            world::work();
            Ok(())
        });
        read.unwrap();
    });
    world::abroad(read).await.is_some()
}

fn joined(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}
