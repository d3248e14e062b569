//! What the SDK has to say, for the app's own log. Pulled, like everything else: a slow log costs
//! nothing but its oldest records.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use fulmar::Timestamp;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::{Count, WatchError};

/// How many records wait for a slow reader; the oldest make room for new ones.
const CAPACITY: usize = 1_000;

/// How important a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// Something failed that the SDK cannot mend by itself.
    Error,
    /// Something that should not happen, and was dealt with.
    Warn,
    /// What a developer wants to know of an ordinary day.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Every step, for finding faults.
    Trace,
}

/// One line of the SDK's log. It never contains tokens or message text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// When it was written, by this device's clock.
    pub at: Timestamp,
    /// How important it is.
    pub level: LogLevel,
    /// Which part of the SDK: a path such as `fulmar_engine::auth`.
    pub target: String,
    /// What happened, with its fields.
    pub text: String,
    /// How many records before this one were dropped because nobody read them in time.
    pub dropped: Count,
}

/// Reads the SDK's log.
#[derive(Debug, uniffi::Object)]
pub struct LogWatcher {
    queue: Arc<Queue>,
}

#[uniffi::export]
impl LogWatcher {
    /// Everything from now on that is at least this important.
    #[uniffi::constructor]
    pub fn open(level: LogLevel) -> Arc<Self> {
        let queue = Arc::new(Queue {
            level,
            waiting: Mutex::default(),
            arrived: Notify::new(),
        });
        Hub::get().add(&queue);
        Arc::new(Self { queue })
    }

    /// Waits for records, and gives all that are there.
    pub async fn next(&self) -> Result<Vec<LogRecord>, WatchError> {
        loop {
            let arrived = self.queue.arrived.notified();
            {
                let mut waiting = lock(&self.queue.waiting);
                if waiting.closed {
                    return Err(WatchError::Closed);
                }
                if !waiting.records.is_empty() {
                    return Ok(waiting.records.drain(..).collect());
                }
            }
            arrived.await;
        }
    }

    /// Ends the waiting, now and from now on.
    pub fn end(&self) {
        lock(&self.queue.waiting).closed = true;
        self.queue.arrived.notify_waiters();
        Hub::get().settle();
    }
}

#[derive(Debug)]
struct Queue {
    level: LogLevel,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<LogRecord>,
    dropped: u64,
    closed: bool,
}

impl Queue {
    fn push(&self, mut record: LogRecord) {
        let mut waiting = lock(&self.waiting);
        if waiting.closed {
            return;
        }
        if waiting.records.len() == CAPACITY {
            waiting.records.pop_front();
            waiting.dropped += 1;
        }
        record.dropped = Count(waiting.dropped);
        waiting.records.push_back(record);
        drop(waiting);
        self.arrived.notify_waiters();
    }
}

/// Where the SDK's records go: one per process.
#[derive(Debug, Default)]
struct Hub {
    queues: Mutex<Vec<Weak<Queue>>>,
    /// The least important level that somebody reads, as a number; zero when nobody does.
    wanted: AtomicU8,
}

impl Hub {
    fn get() -> &'static Self {
        static HUB: OnceLock<&'static Hub> = OnceLock::new();
        HUB.get_or_init(|| {
            let hub: &'static Hub = Box::leak(Box::default());
            // A host that is itself written in Rust may have a log of its own: then that one stays.
            let subscriber = tracing_subscriber::registry().with(ToHub(hub));
            let _ = tracing::subscriber::set_global_default(subscriber);
            hub
        })
    }

    fn add(&self, queue: &Arc<Queue>) {
        lock(&self.queues).push(Arc::downgrade(queue));
        self.settle();
    }

    /// Forgets who reads no more, and finds out what is still wanted.
    fn settle(&self) {
        let mut queues = lock(&self.queues);
        queues.retain(|queue| {
            queue
                .upgrade()
                .is_some_and(|queue| !lock(&queue.waiting).closed)
        });
        let wanted = queues.iter().filter_map(Weak::upgrade);
        let wanted = wanted.map(|queue| number(queue.level)).max();
        self.wanted.store(wanted.unwrap_or(0), Ordering::Relaxed);
    }
}

struct ToHub(&'static Hub);

impl<S: Subscriber> Layer<S> for ToHub {
    fn register_callsite(
        &self,
        _metadata: &'static Metadata<'static>,
    ) -> tracing::subscriber::Interest {
        // Who reads, and what, changes while the process runs.
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        metadata.target().starts_with("fulmar")
            && number(level(*metadata.level())) <= self.0.wanted.load(Ordering::Relaxed)
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut text = Text::default();
        event.record(&mut text);
        let level = level(*metadata.level());
        let record = LogRecord {
            at: now(),
            level,
            target: metadata.target().to_owned(),
            text: text.message + &text.fields,
            dropped: Count(0),
        };
        let queues: Vec<_> = lock(&self.0.queues)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for queue in queues {
            if level <= queue.level {
                queue.push(record.clone());
            }
        }
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

fn number(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Plain data: a panic elsewhere leaves nothing half done in it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
