//! The outbox, stepped without an engine.

mod ages;
mod built;
mod commands;
mod doubt;
mod give_up;
mod kinds;
mod lanes;
mod limits;
mod order;
mod outcomes;
mod replaced;
mod whole;

use std::time::Duration;

use fulmar_protocol::{
    Answer, AnswerError, ApiRequest, Attachment, AttachmentKind, ClientFrame, Code, ContentHash,
    Conversation, ConversationId, ConversationKind, ConversationProfile, DeviceId, FileId, Lenient,
    Limits, LogId, Message, MessageDelete, MessageSend, Method, Operation, OperationKey,
    OperationsAnswer, Outcome, OutcomeStatus, Participant, Position, Problem, Ready, Revision,
    Role, Secret, Seq, Settings, SettingsUpdate, Submit, SubmitId, SubmitOrder, Timestamp, UserId,
};

use self::built::*;
use super::{Acting, Outbox, OutboxNews, Way};
use crate::config::Config;
use crate::facts::Channel;
use crate::io::{CommandResult, Effect, Reply, RequestFailure, RequestId, SocketId};
use crate::operation::newcomer;
use crate::pace::Gate;
use crate::store::state::{FailureReason, OperationState};
use crate::store::{Durability, LaneId, conversations, operations, reading, uploads};
use crate::testing::{Bench, EPOCH, Step};
use crate::timer::{Timed, Timer};
use crate::tx::Tx;

/// By what a submit goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Socket,
    Http,
}

const BOTH: [Over; 2] = [Over::Socket, Over::Http];

/// A submit that went out.
#[derive(Debug, Clone)]
struct Sent {
    id: SubmitId,
    order: SubmitOrder,
    request: Option<RequestId>,
    operations: Vec<Operation>,
}

impl Sent {
    fn keys(&self) -> Vec<OperationKey> {
        self.operations
            .iter()
            .map(|operation| operation.operation_key)
            .collect()
    }
}

struct Desk {
    bench: Bench,
    outbox: Outbox,
    config: Config,
    owner: UserId,
    /// What the last submits needed.
    durability: Durability,
}

impl Desk {
    /// Alice, with the groups c-1 and c-2.
    fn new() -> Self {
        let mut bench = Bench::new();
        let outbox = bench.run(|tx| Outbox::of(tx).unwrap()).result;
        let mut desk = Self {
            bench,
            outbox,
            config: Config::default(),
            owner: user("alice"),
            durability: Durability::Normal,
        };
        desk.knows(&group("c-1", 10));
        desk.knows(&group("c-2", 10));
        desk
    }

    fn knows(&mut self, view: &Conversation) -> LaneId {
        let own = self.owner.clone();
        self.bench
            .run(|tx| conversations::upsert(&tx.db, view, Some(&own)).unwrap())
            .result
            .lane()
    }

    /// One step of the outbox.
    fn run<T>(&mut self, step: impl FnOnce(&mut Outbox, &mut Tx<'_>, Acting<'_>) -> T) -> Step<T> {
        let acting = Acting {
            owner: &self.owner,
            config: &self.config,
        };
        let outbox = &mut self.outbox;
        self.bench.run(|tx| step(outbox, tx, acting))
    }

    fn send(&mut self, number: u8, message: MessageSend) -> CommandResult {
        let step = self.run(|outbox, tx, acting| outbox.send(tx, key(number), message, acting));
        step.result.unwrap()
    }

    fn write(&mut self, number: u8, conversation: &str) {
        let operation_key = key(number);
        assert_eq!(
            self.send(number, text(conversation, "hello")),
            Ok(Reply::Enqueued { operation_key })
        );
    }

    fn change(&mut self, number: u8, method: Method) -> CommandResult {
        let step = self.run(|outbox, tx, acting| outbox.change(tx, key(number), method, acting));
        step.result.unwrap()
    }

    fn discard(&mut self, number: u8, delete: Option<u8>) -> CommandResult {
        let step =
            self.run(|outbox, tx, acting| outbox.discard(tx, key(number), delete.map(key), acting));
        step.result.unwrap()
    }

    fn retry(&mut self, number: u8) -> CommandResult {
        let step = self.run(|outbox, tx, _| outbox.retry(tx, key(number)));
        step.result.unwrap()
    }

    fn mark_read(&mut self, number: u8, conversation: &str, up_to: u64) -> CommandResult {
        let id = conversation_id(conversation);
        let step = self.run(|outbox, tx, acting| {
            outbox.mark_read(tx, key(number), &id, Position(up_to), acting)
        });
        step.result.unwrap()
    }

    fn connected(&mut self, ready: &Ready) {
        self.run(|outbox, tx, _| outbox.connected(tx, ready).unwrap());
        self.outbox.retry_now();
    }

    /// The server says what time it is there.
    fn hears(&mut self, server_time: i64) {
        self.connected(&ready(server_time));
    }

    /// So much later by the clock of this device, the server says what time it is there.
    fn days_later(&mut self, days: u64, server_time: i64) {
        self.bench.pass(Duration::from_millis(days * DAY_MS as u64));
        self.hears(server_time);
    }

    /// Another process goes on; how long nobody ran, it does not know.
    fn restart(&mut self) {
        self.outbox = self.bench.run(|tx| Outbox::of(tx).unwrap()).result;
    }

    fn reconcile(&mut self, way: &Way) -> Vec<Sent> {
        let step = self.run(|outbox, tx, acting| outbox.reconcile(tx, way, Some(acting)).unwrap());
        self.durability = step.durability;
        step.effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::SendFrame {
                    frame: ClientFrame::Submit(submit),
                    ..
                } => Some(sent(submit, None)),
                Effect::Request {
                    request,
                    call: ApiRequest::Submit(submit),
                    ..
                } => Some(sent(submit, Some(request))),
                _ => None,
            })
            .collect()
    }

    /// All that goes out now.
    fn go(&mut self, over: Over) -> Vec<Sent> {
        let channel = match over {
            Over::Socket => Channel::Socket(SocketId(1)),
            Over::Http => Channel::Http,
        };
        self.reconcile(&Way {
            channel,
            token: Some(Secret::new("token")),
            gate: Gate::OPEN,
        })
    }

    /// The only submit that goes out now.
    fn go_one(&mut self, over: Over) -> Sent {
        let mut sent = self.go(over);
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// The server answers a submit with these outcomes.
    fn answer(&mut self, sent: &Sent, outcomes: Vec<Outcome>) -> Vec<OutboxNews> {
        let answer = OperationsAnswer {
            log_id: None,
            outcomes,
        };
        self.answer_with(sent, answer)
    }

    fn answer_with(&mut self, sent: &Sent, answer: OperationsAnswer) -> Vec<OutboxNews> {
        let sent = sent.clone();
        self.outbox.take_news();
        self.run(|outbox, tx, acting| match sent.request {
            None => outbox.outcomes_arrived(tx, sent.id, answer, acting),
            Some(request) => {
                let answer = Answer::Operations(answer);
                outbox.answered(tx, request, Ok(answer), acting)
            }
        })
        .result
        .unwrap();
        self.outbox.take_news()
    }

    /// The server refuses a submit as a whole; `None`: it is lost.
    fn refuse(&mut self, sent: &Sent, code: Option<Code>) -> Vec<OutboxNews> {
        self.refuse_with(sent, code.map(|code| Problem::new(code, "x")))
    }

    fn refuse_with(&mut self, sent: &Sent, problem: Option<Problem>) -> Vec<OutboxNews> {
        let sent = sent.clone();
        self.outbox.take_news();
        self.run(|outbox, tx, acting| match (sent.request, problem) {
            (None, Some(problem)) => {
                outbox.submit_refused(tx, sent.id, Some(&problem), acting.config)
            }
            (None, None) => outbox.socket_lost(tx),
            (Some(request), Some(problem)) => {
                let failure = RequestFailure::ErrorAnswer(AnswerError::Problem(problem));
                outbox.answered(tx, request, Err(failure), acting)
            }
            (Some(request), None) => {
                let failure = RequestFailure::Unreachable("x".to_owned());
                outbox.answered(tx, request, Err(failure), acting)
            }
        })
        .result
        .unwrap();
        self.outbox.take_news()
    }

    /// The wait of a timer is over.
    fn wait(&mut self, timer: Timer) {
        let at = self.outbox.timers().get(timer).unwrap();
        self.bench.pass(at.until(self.bench.now().mono));
        self.outbox.timers_mut().clear(timer);
        if let Timer::LaneRetry(lane) = timer {
            self.outbox.lane_due(lane);
        }
    }

    /// All waits are over.
    fn rested(&mut self) {
        while let Some(next) = self.outbox.timers().next() {
            self.wait(next.timer);
        }
    }

    fn lane(&mut self, conversation: &str) -> LaneId {
        let id = conversation_id(conversation);
        self.bench
            .run(|tx| conversations::find(&tx.db, &id).unwrap().unwrap())
            .result
            .lane()
    }

    fn state(&mut self, number: u8) -> Option<OperationState> {
        self.bench
            .run(|tx| operations::find(&tx.db, key(number)).unwrap())
            .result
            .map(|row| row.state)
    }

    fn failure(&mut self, number: u8) -> Option<FailureReason> {
        self.bench
            .run(|tx| operations::failure(&tx.db, key(number)).unwrap())
            .result
    }

    fn method(&mut self, number: u8) -> Method {
        self.bench
            .run(|tx| operations::find(&tx.db, key(number)).unwrap().unwrap())
            .result
            .method
    }

    /// Sends one message into c-1 and loses the connection: it may have been applied.
    fn in_doubt(&mut self, number: u8) {
        self.write(number, "c-1");
        let sent = self.go_one(Over::Socket);
        self.refuse(&sent, None);
        assert_eq!(self.state(number), Some(OperationState::Unconfirmed));
    }

    /// The files of a message are up, under the names f-1 and so on.
    fn uploaded(&mut self, number: u8) {
        self.bench.run(|tx| {
            let files = uploads::of_message(&tx.db, key(number)).unwrap();
            for (place, row) in files.iter().enumerate() {
                let name = FileId::new(format!("f-{}", place + 1)).unwrap();
                uploads::begun(&tx.db, row.key, &name).unwrap();
                uploads::set_sent(&tx.db, row.key, row.size).unwrap();
            }
        });
    }

    fn read_to(&mut self, conversation: &str) -> Position {
        let lane = self.lane(conversation);
        self.bench
            .run(|tx| reading::own_read_to(&tx.db, lane.conversation()).unwrap())
            .result
    }
}

fn sent(submit: Submit, request: Option<RequestId>) -> Sent {
    Sent {
        id: submit.submit_id,
        order: submit.order.expect("each submit says where it stands"),
        request,
        operations: submit.operations,
    }
}

fn is_progress(news: &[OutboxNews]) -> bool {
    news.iter().any(OutboxNews::is_progress)
}
