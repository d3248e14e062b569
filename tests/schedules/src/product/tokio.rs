//! `tokio` as the files of the runtime name it: its primitives are those of `shuttle-tokio`; its runtime is this one,
//! which, like the real one, has a thread for each piece that blocks, waits for those in the end, and then drops its
//! tasks. The tasks run beside the thread that is in `block_on`, in place of on it: in more orders than in the product.

pub(crate) mod sync {
    pub(crate) use shuttle_tokio::sync::*;
}

pub(crate) mod time {
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Elapsed;

    /// Time does not pass.
    pub(crate) async fn timeout<T>(
        _: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        Ok(work.await)
    }
}

pub(crate) mod runtime {
    use std::io;
    use std::time::Duration;

    use shuttle::future::{JoinHandle, block_on};
    use shuttle::sync::{Arc, Mutex};
    use shuttle::thread;

    pub(crate) struct Builder;

    impl Builder {
        pub(crate) fn new_current_thread() -> Self {
            Self
        }

        pub(crate) fn enable_all(&mut self) -> &mut Self {
            self
        }

        pub(crate) fn max_blocking_threads(&mut self, _: usize) -> &mut Self {
            self
        }

        pub(crate) fn thread_name(&mut self, _: &str) -> &mut Self {
            self
        }

        pub(crate) fn build(&mut self) -> io::Result<Runtime> {
            let work = Mutex::new(Some(Work::default()));
            Ok(Runtime(Handle(Arc::new(work))))
        }
    }

    pub(crate) struct Runtime(Handle);

    /// What was begun; `None` when nothing begins any more.
    #[derive(Debug, Clone)]
    pub(crate) struct Handle(Arc<Mutex<Option<Work>>>);

    #[derive(Debug, Default)]
    struct Work {
        tasks: Vec<JoinHandle<()>>,
        threads: Vec<thread::JoinHandle<()>>,
    }

    impl Runtime {
        pub(crate) fn handle(&self) -> &Handle {
            &self.0
        }

        pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
            block_on(work)
        }

        pub(crate) fn shutdown_timeout(self, _: Duration) {
            let work = self.0.0.lock().unwrap().take();
            let Work { tasks, threads } = work.unwrap_or_default();
            for thread in threads {
                thread.join().unwrap();
            }
            for task in tasks {
                task.abort();
                // It is over, whether or not it came to its end.
                let _ = block_on(task);
            }
        }
    }

    impl Handle {
        pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            if let Some(work) = &mut *self.0.lock().unwrap() {
                work.tasks.push(shuttle::future::spawn(task));
            }
        }

        pub(crate) fn spawn_blocking(&self, piece: impl FnOnce() + Send + 'static) {
            if let Some(work) = &mut *self.0.lock().unwrap() {
                work.threads.push(thread::spawn(piece));
            }
        }
    }
}
