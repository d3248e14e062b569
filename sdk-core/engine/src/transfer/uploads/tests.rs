//! Uploads, stepped without an engine.

mod failing;
mod given_up;
mod growing;
mod states;
mod table;

use std::time::Duration;

use fulmar_protocol::{
    Answer, ApiRequest, Attachment, AttachmentKind, Code, ContentHash, ConversationKind,
    ConversationProfile, FailureClass, FileId, MessageSend, Method, OperationKey, Secret,
    Timestamp,
};

use super::{AT_ONCE, LEAST, UploadNews, Uploads};
use crate::config::Config;
use crate::facts::OnlineToken;
use crate::io::{CommandError, Effect, RequestFailure, RequestId, TransferFailure};
use crate::pace::Gate;
use crate::store::operations::{self, NewOperation};
use crate::store::state::FailureReason;
use crate::store::uploads::{self, UploadKey, UploadRow};
use crate::store::{LaneId, conversations};
use crate::testing::server::{conversation_id, foreign, key, problem, unreachable};
use crate::testing::{Bench, EPOCH, Step};
use crate::time::Mono;
use crate::timer::{Timed, Timer};

pub(super) const SIZE: u64 = 1_000_000;
pub(super) const LIMIT: u32 = 1 << 20;

pub(super) struct Dock {
    pub(super) bench: Bench,
    pub(super) uploads: Uploads,
    config: Config,
    lane: LaneId,
    online: OnlineToken,
}

/// What the machine wants next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wants {
    Create,
    Find,
    Send { offset: u64, length: u64 },
    End,
}

fn file(name: &str) -> FileId {
    FileId::new(name).unwrap()
}

fn token() -> Secret {
    Secret::new("token")
}

fn wants(effect: &Effect) -> Option<(RequestId, Wants)> {
    match effect {
        Effect::SendChunk { request, part, .. } => {
            let (offset, length) = (part.offset, part.length);
            Some((*request, Wants::Send { offset, length }))
        }
        Effect::Request { request, call, .. } => {
            let wants = match call {
                ApiRequest::CreateUpload(_) => Wants::Create,
                ApiRequest::FindUpload(_) => Wants::Find,
                ApiRequest::EndUpload(_) => Wants::End,
                other => panic!("uploads asked for {other:?}"),
            };
            Some((*request, wants))
        }
        _ => None,
    }
}

impl Dock {
    fn empty() -> Self {
        let mut bench = Bench::new();
        let draft = conversations::LocalConversation {
            operation_key: key(1),
            kind: ConversationKind::Group,
            profile: &ConversationProfile::default(),
            participants: &[],
            now: Timestamp(EPOCH),
        };
        let lane = bench
            .run(|tx| conversations::insert_local(&tx.db, &draft).unwrap())
            .result
            .lane();
        Self {
            bench,
            uploads: Uploads::default(),
            config: Config::default(),
            lane,
            online: Ok(token()),
        }
    }

    /// With one file that is to go up.
    pub(super) fn new() -> Self {
        let mut dock = Self::empty();
        dock.add(100, &[SIZE]);
        dock
    }

    /// A message with files of these sizes waits in the outbox.
    fn add(&mut self, number: u64, sizes: &[u64]) -> OperationKey {
        let attachments: Vec<Attachment> = sizes
            .iter()
            .map(|size| Attachment {
                file_id: file("none"),
                kind: AttachmentKind::File,
                name: "x".to_owned(),
                mime_type: "a/b".to_owned(),
                size: *size,
                sha256: ContentHash::from_bytes([7; 32]),
                width: None,
                height: None,
                duration_ms: None,
                blurhash: None,
                thumbnail: None,
            })
            .collect();
        let method = Method::MessageSend(MessageSend {
            conversation_id: conversation_id("c"),
            text: String::new(),
            mentions: Vec::new(),
            reply_to: None,
            thread_root: None,
            payload: None,
            attachments: attachments.clone(),
            forward_of: None,
        });
        let (operation_key, lane) = (key(number), self.lane);
        self.bench.run(|tx| {
            let new = NewOperation {
                operation_key,
                lane,
                method: &method,
                holds_lane: true,
                now: Timestamp(EPOCH),
            };
            operations::enqueue(&tx.db, &new).unwrap();
            uploads::insert(&tx.db, operation_key, &attachments).unwrap();
        });
        operation_key
    }

    fn rows(&mut self) -> Vec<UploadRow> {
        let step = self
            .bench
            .run(|tx| uploads::of_message(&tx.db, key(100)).unwrap());
        step.result
    }

    pub(super) fn row(&mut self) -> UploadRow {
        self.rows().remove(0)
    }

    pub(super) fn reconcile_with(&mut self, gate: Gate, limit: u32) -> Vec<(RequestId, Wants)> {
        let uploads = &mut self.uploads;
        let step = self.bench.run(|tx| {
            uploads.reconcile(tx, Some(&token()), limit, gate).unwrap();
        });
        step.effects.iter().filter_map(wants).collect()
    }

    /// What goes out next, if anything.
    pub(super) fn next(&mut self) -> Option<(RequestId, Wants)> {
        let mut all = self.reconcile_with(Gate::OPEN, LIMIT);
        assert!(all.len() <= 1);
        all.pop()
    }

    fn expect(&mut self, wanted: &Wants) -> RequestId {
        let (request, wants) = self.next().expect("something goes out");
        assert_eq!(wants, *wanted);
        request
    }

    fn answer(
        &mut self,
        request: RequestId,
        result: Result<Answer, RequestFailure>,
    ) -> Step<Vec<UploadNews>> {
        let (uploads, online, config) = (&mut self.uploads, &self.online, &self.config);
        self.bench.run(|tx| {
            uploads
                .answered(tx, request, result, online, config)
                .unwrap()
        })
    }

    pub(super) fn sent(
        &mut self,
        request: RequestId,
        result: Result<u64, TransferFailure>,
    ) -> Step<Vec<UploadNews>> {
        let (uploads, config) = (&mut self.uploads, &self.config);
        self.bench
            .run(|tx| uploads.transferred(tx, request, result, config).unwrap())
    }

    /// How it ends for whatever was asked.
    fn fail(
        &mut self,
        request: RequestId,
        step: Step3,
        failure: RequestFailure,
    ) -> Vec<UploadNews> {
        match step {
            Step3::Create | Step3::Find => self.answer(request, Err(failure)).result,
            Step3::Send => {
                let failure = TransferFailure::Request(failure);
                self.sent(request, Err(failure)).result
            }
        }
    }

    pub(super) fn name(&mut self, request: RequestId) {
        drop(self.answer(request, Ok(Answer::UploadCreated(file("f")))));
    }

    /// The file is named, and the first part is on its way.
    fn sending(&mut self) -> (RequestId, u64) {
        let request = self.expect(&Wants::Create);
        self.answer(request, Ok(Answer::UploadCreated(file("f"))));
        match self.next() {
            Some((request, Wants::Send { offset: 0, length })) => (request, length),
            other => panic!("{other:?}"),
        }
    }

    fn rests(&mut self) -> bool {
        let key = self.row().key;
        self.uploads.timers().is_set(Timer::UploadAgain(key))
    }

    fn wait(&mut self) -> Duration {
        let next = self.uploads.timers().next().expect("a wait");
        let wait = next.at.until(self.bench.now().mono);
        self.bench.pass(wait);
        self.uploads.timers_mut().clear(next.timer);
        wait
    }

    fn give_up(&mut self) -> Step<()> {
        let rows = self.rows();
        let (uploads, online) = (&mut self.uploads, &self.online);
        self.bench.run(|tx| {
            operations::delete(&tx.db, key(100)).unwrap();
            uploads.abandoned(tx, rows, online);
        })
    }
}

/// The three things that are asked for a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step3 {
    Create,
    Find,
    Send,
}

const STEPS: [Step3; 3] = [Step3::Create, Step3::Find, Step3::Send];

/// A file of which this is under way.
fn under_way(step: Step3) -> (Dock, RequestId) {
    let mut dock = Dock::new();
    let request = match step {
        Step3::Create => dock.expect(&Wants::Create),
        Step3::Find => {
            dock.sending();
            // Another process takes it up.
            dock.uploads = Uploads::default();
            dock.expect(&Wants::Find)
        }
        Step3::Send => dock.sending().0,
    };
    (dock, request)
}
