//! Following the log, stepped without an engine.

mod fetching;
mod following;
mod numbers;
mod participants;
mod quarantine;
mod snapshots;
mod states;
mod table;

use std::time::Duration;

use fulmar_protocol::{
    Answer, ApiRequest, Conversation, Event, EventData, LogId, OperationKey, Secret, Seq, Snapshot,
    SyncPage, Timestamp, UserId,
};

use super::{Sync, SyncNews};
use crate::config::Config;
use crate::io::{RequestFailure, RequestId};
use crate::pace::Gate;
use crate::store::messages::MessageRow;
use crate::store::{ConversationKey, conversations, log, messages, reading};
use crate::testing::server::{conversation, conversation_id, message, user};
use crate::testing::{Bench, EPOCH, Step};
use crate::timer::{Timed, Timer};
use crate::tx::Tx;

/// How an answer ends.
type Result<T> = std::result::Result<T, RequestFailure>;

/// A device of alice's that follows a log.
struct Follower {
    bench: Bench,
    sync: Sync,
    own: UserId,
    config: Config,
}

fn log_id(name: &str) -> LogId {
    LogId::new(name).unwrap()
}

fn event(seq: u64, data: &EventData) -> Event {
    Event::new(Seq(seq), Timestamp(EPOCH), data)
}

/// The event that tells of bob's message number `seq`, in the conversation "c".
fn written(seq: u64) -> Event {
    event(seq, &EventData::MessageCreated(message("c", seq)))
}

fn page(log: &str, events: Vec<Event>, head: u64) -> Answer {
    Answer::Sync(SyncPage {
        log_id: log_id(log),
        events,
        head: Seq(head),
    })
}

fn snapshot_of(log: &str, seq: u64, conversations: Vec<Conversation>) -> Answer {
    Answer::Snapshot(Snapshot {
        log_id: log_id(log),
        seq: Seq(seq),
        conversations: conversations.into(),
        blocked: Vec::new(),
    })
}

/// A snapshot with the conversation "c", in which each event was a message.
fn snapshot(log: &str, seq: u64) -> Answer {
    snapshot_of(log, seq, vec![conversation("c", seq)])
}

/// Answers as a server does whose log is `log` and goes up to `head`.
fn honest(log: &str, head: u64, call: &ApiRequest) -> Result<Answer> {
    let reset = || {
        Err(crate::testing::server::problem(
            fulmar_protocol::Code::SyncReset,
        ))
    };
    match call {
        ApiRequest::Snapshot => Ok(snapshot(log, head)),
        ApiRequest::Sync { since, log_id } => {
            if log_id.as_ref().map(LogId::as_str) != Some(log) || since.0 > head {
                return reset();
            }
            Ok(page(log, (since.0 + 1..=head).map(written).collect(), head))
        }
        other => panic!("sync asked for {other:?}"),
    }
}

impl Follower {
    /// A new device.
    fn new() -> Self {
        let mut bench = Bench::new();
        let sync = bench.run(|tx| Sync::of(tx).unwrap()).result;
        Self {
            bench,
            sync,
            own: user("alice"),
            config: Config::default(),
        }
    }

    /// One that has followed the log "a" up to here, over a socket.
    fn at(seq: u64) -> Self {
        let mut device = Self::new();
        device.sync.connected(log_id("a"), Seq(seq));
        device.fetch_all(|call| honest("a", seq, call));
        assert!(device.sync.is_current());
        assert_eq!(device.cursor(), seq);
        device
    }

    /// The process ends, and another one opens the store.
    fn restart(&mut self) {
        self.sync = self.bench.run(|tx| Sync::of(tx).unwrap()).result;
    }

    fn cursor(&self) -> u64 {
        self.sync.position().1.0
    }

    /// What the store says, which has to be the same.
    fn stored(&mut self) -> (Option<LogId>, u64) {
        let step = self.bench.run(|tx| log::position(&tx.db).unwrap());
        (step.result.0, step.result.1.0)
    }

    fn events(&mut self, events: &[Event]) -> Step<Vec<SyncNews>> {
        let (sync, own) = (&mut self.sync, &self.own);
        let step = self
            .bench
            .run(|tx| sync.events_arrived(tx, Some(own), events).unwrap());
        assert_eq!(self.stored().1, self.cursor());
        step
    }

    fn reconcile_with(&mut self, gate: Gate) -> Option<(RequestId, ApiRequest)> {
        let token = Secret::new("token");
        let sync = &mut self.sync;
        let step = self.bench.run(|tx| sync.reconcile(tx, Some(&token), gate));
        assert!(step.asked.len() <= 1);
        step.effects.into_iter().find_map(|effect| match effect {
            crate::io::Effect::Request { request, call, .. } => Some((request, call)),
            _ => None,
        })
    }

    fn reconcile(&mut self) -> Option<(RequestId, ApiRequest)> {
        self.reconcile_with(Gate::OPEN)
    }

    fn answer(&mut self, request: RequestId, result: Result<Answer>) -> Step<Vec<SyncNews>> {
        let (sync, own, config) = (&mut self.sync, &self.own, &self.config);
        self.bench.run(|tx| {
            sync.answered(tx, request, result, Some(own), config)
                .unwrap()
        })
    }

    /// Asks, and is answered.
    fn fetch(&mut self, result: Result<Answer>) -> Step<Vec<SyncNews>> {
        let (request, _) = self.reconcile().expect("something to fetch");
        self.answer(request, result)
    }

    /// Waits for the next try, and gives how long that was.
    fn wait(&mut self) -> Duration {
        let at = self.sync.timers().get(Timer::FetchAgain).expect("a wait");
        let wait = at.until(self.bench.now().mono);
        self.bench.pass(wait);
        self.sync.timers_mut().clear(Timer::FetchAgain);
        wait
    }

    /// Lets time pass, and gives how often the server was asked meanwhile.
    fn live(
        &mut self,
        how_long: Duration,
        mut server: impl FnMut(&ApiRequest) -> Result<Answer>,
    ) -> usize {
        let end = self.bench.now().mono.plus(how_long);
        let mut asked = 0;
        loop {
            if let Some((request, call)) = self.reconcile() {
                asked += 1;
                assert!(asked < 10_000, "it asks without rest");
                let _ = self.answer(request, server(&call));
                continue;
            }
            match self.sync.timers().get(Timer::FetchAgain) {
                Some(at) if at <= end => {
                    self.wait();
                }
                Some(_) | None => {
                    self.bench.pass(end.until(self.bench.now().mono));
                    return asked;
                }
            }
        }
    }

    /// Fetches until there is nothing more to fetch, or an hour has passed.
    fn fetch_all(&mut self, server: impl FnMut(&ApiRequest) -> Result<Answer>) -> usize {
        self.live(Duration::from_secs(3600), server)
    }

    fn read<T>(&mut self, read: impl FnOnce(&Tx<'_>) -> T) -> T {
        self.bench.run(|tx| read(tx)).result
    }

    fn conversation(&mut self, id: &str) -> ConversationKey {
        let id = conversation_id(id);
        self.read(|tx| conversations::find(&tx.db, &id).unwrap())
            .expect("the conversation is here")
    }

    fn head(&mut self) -> u64 {
        let key = self.conversation("c");
        self.read(|tx| reading::head(&tx.db, key).unwrap().0)
    }

    fn message(&mut self, key: OperationKey) -> Option<MessageRow> {
        self.read(|tx| messages::find(&tx.db, key).unwrap())
    }
}
