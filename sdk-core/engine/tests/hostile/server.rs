//! A server of one user, that behaves well. Tests put their own answers before its.

mod operations;

use std::collections::BTreeMap;
use std::time::Duration;

use fulmar_engine::{
    FilePart, Mono, ProvidedToken, RequestFailure, SocketFailure, TokenFailure, TransferFailure,
};
use fulmar_protocol::{
    Answer, AnswerError, ApiRequest, BlockList, ClientFrame, CloseCode, Code, Conversation,
    ConversationKind, ConversationProfile, DeviceId, Event, EventsFrame, FileId, HistoryPage,
    Limits, LogId, Me, Message, MessagePage, Operation, OperationKey, OperationsAnswer, Outcome,
    OutcomeFrame, Participant, Pong, Position, Problem, Ready, ResetFrame, Revision, Role, Secret,
    Seq, ServerFrame, Session, SessionList, Settings, Snapshot, SyncPage, Timestamp, UserId,
};

/// When every test begins, in milliseconds since 1970.
pub(crate) const EPOCH: i64 = 1_790_000_000_000;
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the engine asked of the world.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
    Socket,
    Frame(&'a ClientFrame),
    Http(&'a ApiRequest),
    SendChunk(&'a FilePart),
    FetchChunk(&'a FilePart),
    Token,
}

/// What the world says to it.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Opened,
    Frame(ServerFrame),
    Unreadable,
    Closed(CloseCode),
    Failed(SocketFailure),
    Answer(Result<Answer, RequestFailure>),
    Transferred(Result<u64, TransferFailure>),
    Token(Result<ProvidedToken, TokenFailure>),
}

/// Answers, each after a while; none: silence.
pub(crate) type Script = Vec<(Duration, Said)>;

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(crate) fn problem(code: Code) -> RequestFailure {
    RequestFailure::ErrorAnswer(AnswerError::Problem(Problem::new(code, "no")))
}

pub(crate) fn foreign(status: u16) -> RequestFailure {
    RequestFailure::ErrorAnswer(AnswerError::Foreign { status })
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) log_id: LogId,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Vec<Message>,
    pub(crate) revision: u64,
    applied: BTreeMap<OperationKey, Outcome>,
    /// Every operation that was ever submitted and looked at.
    pub(crate) seen: Vec<Operation>,
    pub(crate) files: BTreeMap<FileId, u64>,
    pub(crate) delivered_to: Position,
    pub(crate) read_to: Position,
    pub(crate) settings: Settings,
    pub(crate) profile: ConversationProfile,
    /// Conversations beside the one that is played.
    pub(crate) others: Vec<Conversation>,
    pub(crate) blocked: Vec<UserId>,
    pub(crate) tokens: u64,
    pub(crate) sign_outs: Vec<Secret>,
    pub(crate) heartbeat_ms: u64,
    pub(crate) retention_ms: u64,
    pub(crate) limits: Limits,
    pub(crate) lifetime_ms: u64,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            log_id: LogId::new("log").unwrap(),
            events: Vec::new(),
            messages: Vec::new(),
            revision: 0,
            applied: BTreeMap::new(),
            seen: Vec::new(),
            files: BTreeMap::new(),
            delivered_to: Position::ZERO,
            read_to: Position::ZERO,
            settings: Settings::default(),
            profile: ConversationProfile::default(),
            others: Vec::new(),
            blocked: Vec::new(),
            tokens: 0,
            sign_outs: Vec::new(),
            heartbeat_ms: 30_000,
            retention_ms: 30 * 24 * 60 * 60 * 1000,
            limits: Limits::default(),
            lifetime_ms: 900_000,
        }
    }

    pub(crate) fn time(now: Mono) -> Timestamp {
        Timestamp(EPOCH + i64::try_from(now.0).unwrap())
    }

    pub(crate) fn head(&self) -> Seq {
        Seq(self.events.len() as u64)
    }

    /// What a server without fault says.
    pub(crate) fn well(&mut self, asked: &Asked<'_>, now: Mono) -> Vec<Said> {
        match asked {
            Asked::Socket => vec![Said::Opened],
            Asked::Frame(frame) => self
                .frame(frame, now)
                .into_iter()
                .map(Said::Frame)
                .collect(),
            Asked::Http(call) => vec![Said::Answer(self.http(call, now))],
            Asked::SendChunk(part) => {
                let there = self.files.entry(part.file_id.clone()).or_default();
                if *there != part.offset {
                    let conflict = problem(Code::UploadConflict);
                    return vec![Said::Transferred(Err(TransferFailure::Request(conflict)))];
                }
                *there += part.length;
                vec![Said::Transferred(Ok(*there))]
            }
            Asked::FetchChunk(part) => vec![Said::Transferred(Ok(part.offset + part.length))],
            Asked::Token => {
                let lifetime = self.lifetime_ms;
                vec![Said::Token(Ok(self.provided(Some(lifetime))))]
            }
        }
    }

    /// What a token provider gives.
    pub(crate) fn provided(&mut self, lifetime_ms: Option<u64>) -> ProvidedToken {
        ProvidedToken {
            access_token: self.session().access_token,
            expires_in: lifetime_ms.map(Duration::from_millis),
        }
    }

    pub(crate) fn ready(&self, now: Mono) -> Ready {
        Ready {
            user_id: user("alice"),
            device_id: DeviceId::new("phone").unwrap(),
            log_id: self.log_id.clone(),
            head: self.head(),
            heartbeat_ms: self.heartbeat_ms,
            operation_key_retention_ms: self.retention_ms,
            server_time: Self::time(now),
            limits: self.limits,
            capabilities: fulmar_protocol::Capability::ALL.into(),
        }
    }

    fn frame(&mut self, frame: &ClientFrame, now: Mono) -> Vec<ServerFrame> {
        match frame {
            ClientFrame::Hello(hello) => {
                let ready = ServerFrame::Ready(self.ready(now));
                let follows =
                    hello.log_id.as_ref() == Some(&self.log_id) && hello.since <= self.head();
                if !follows {
                    let (log_id, head) = (self.log_id.clone(), self.head());
                    return vec![ready, ServerFrame::Reset(ResetFrame { log_id, head })];
                }
                let mut frames = vec![ready];
                frames.extend(self.after(hello.since).chunks(100).map(events));
                frames
            }
            ClientFrame::Submit(submit) => {
                let before = self.head();
                let outcomes = self.submit(&submit.operations, now);
                let submit_id = submit.submit_id;
                let mut frames = vec![ServerFrame::Outcome(OutcomeFrame {
                    submit_id,
                    log_id: Some(self.log_id.clone()),
                    outcomes,
                })];
                frames.extend(self.after(before).chunks(100).map(events));
                frames
            }
            ClientFrame::Ping(ping) => {
                let (id, head) = (ping.id, self.head());
                vec![ServerFrame::Pong(Pong { id, head })]
            }
            ClientFrame::Authenticate(_) | ClientFrame::Typing(_) | ClientFrame::Unknown => {
                Vec::new()
            }
        }
    }

    pub(crate) fn after(&self, since: Seq) -> Vec<Event> {
        let from = usize::try_from(since.0)
            .unwrap_or(usize::MAX)
            .min(self.events.len());
        self.events[from..].to_vec()
    }

    pub(crate) fn session(&mut self) -> Session {
        self.tokens += 1;
        Session {
            user_id: user("alice"),
            device_id: DeviceId::new("phone").unwrap(),
            name: "Alice".to_owned(),
            access_token: Secret::new(format!("access-{}", self.tokens)),
            expires_in_ms: self.lifetime_ms,
            refresh_token: Secret::new(format!("refresh-{}", self.tokens)),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            log_id: self.log_id.clone(),
            seq: self.head(),
            conversations: [vec![self.view()], self.others.clone()].concat().into(),
            blocked: self.blocked.clone(),
        }
    }

    fn view(&self) -> Conversation {
        let person = |name: &str| Participant {
            user_id: user(name),
            name: name.to_owned(),
            avatar_url: None,
            role: Role::Member,
            delivered_to: self.delivered_to,
            read_to: self.read_to,
        };
        let from = self.messages.len().saturating_sub(20);
        let pinned = self
            .messages
            .iter()
            .filter(|message| message.pinned.is_some());
        Conversation {
            conversation_id: "c-1".parse().unwrap(),
            operation_key: None,
            kind: ConversationKind::Direct,
            profile: self.profile.clone(),
            participants: vec![person("alice"), person("bob")].into(),
            created_at: Timestamp(EPOCH),
            last_position: Position(self.messages.len() as u64),
            revision: Revision(self.revision),
            messages: self.messages[from..].to_vec().into(),
            pinned_messages: pinned.cloned().collect::<Vec<_>>().into(),
            unread_count: self.unread(),
            unread_mentions: 0,
            settings: self.settings,
        }
    }

    pub(crate) fn http(&mut self, call: &ApiRequest, now: Mono) -> Result<Answer, RequestFailure> {
        Ok(match call {
            ApiRequest::SignIn(_) | ApiRequest::Register(_) | ApiRequest::Refresh(_) => {
                Answer::Session(self.session())
            }
            ApiRequest::SignOut(body) => {
                self.sign_outs.push(body.refresh_token.clone());
                Answer::SignedOut
            }
            ApiRequest::Submit(submit) => Answer::Operations(OperationsAnswer {
                log_id: Some(self.log_id.clone()),
                outcomes: self.submit(&submit.operations, now),
            }),
            ApiRequest::Sync { since, log_id } => {
                if log_id.as_ref() != Some(&self.log_id) || *since > self.head() {
                    return Err(problem(Code::SyncReset));
                }
                let mut events = self.after(*since);
                events.truncate(500);
                Answer::Sync(SyncPage {
                    log_id: self.log_id.clone(),
                    events,
                    head: self.head(),
                })
            }
            ApiRequest::Snapshot => Answer::Snapshot(self.snapshot()),
            ApiRequest::Me | ApiRequest::UpdateMe(_) => Answer::Me(Me {
                user_id: user("alice"),
                name: "Alice".to_owned(),
                avatar_url: None,
                device_id: DeviceId::new("phone").unwrap(),
                server_time: Self::time(now),
            }),
            ApiRequest::Messages { page, limit, .. } => Answer::Messages(MessagePage {
                messages: self.page(*page, *limit).into(),
                anchor: None,
            }),
            ApiRequest::CreateUpload(_) => {
                let file = FileId::new(format!("f-{}", self.files.len())).unwrap();
                self.files.insert(file.clone(), 0);
                Answer::UploadCreated(file)
            }
            ApiRequest::FindUpload(file) => match self.files.get(file) {
                Some(there) => Answer::UploadOffset(*there),
                None => return Err(foreign(404)),
            },
            ApiRequest::EndUpload(_) => Answer::UploadEnded,
            ApiRequest::DeleteAccount(_) => Answer::AccountDeleted,
            ApiRequest::SetPushToken { .. } | ApiRequest::RemovePushToken { .. } => {
                Answer::PushTokenNoted
            }
            ApiRequest::Block(_) | ApiRequest::Unblock(_) => Answer::Blocks(BlockList {
                user_ids: self.blocked.clone(),
            }),
            ApiRequest::Sessions => Answer::Sessions(SessionList {
                sessions: Vec::new(),
            }),
            ApiRequest::EndSession(_) => Answer::SessionEnded,
            ApiRequest::Search { .. }
            | ApiRequest::Versions { .. }
            | ApiRequest::SendChunk { .. }
            | ApiRequest::FetchChunk { .. } => return Err(problem(Code::RouteUnknown)),
        })
    }

    /// A page of history; all places are here.
    fn page(&self, page: HistoryPage, limit: u32) -> Vec<Message> {
        let limit = limit as usize;
        let place = |place: Position| usize::try_from(place.0).unwrap_or(usize::MAX);
        let (from, to) = match page {
            HistoryPage::Before(before) => {
                let to = place(before).saturating_sub(1).min(self.messages.len());
                (to.saturating_sub(limit), to)
            }
            HistoryPage::After(after) => {
                let from = place(after).min(self.messages.len());
                (from, (from + limit).min(self.messages.len()))
            }
            HistoryPage::Around(_) => (0, 0),
        };
        self.messages[from..to].to_vec()
    }

    /// How many messages of others Alice has not read.
    pub(crate) fn unread(&self) -> u64 {
        let unread = self.messages.iter().filter(|message| {
            message.sender_id != user("alice") && message.position > self.read_to
        });
        unread.count() as u64
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.settings.pinned
    }

    /// The texts of all messages, in their order.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.messages
            .iter()
            .map(|message| message.content.text.as_str())
            .collect()
    }
}

pub(crate) fn events(events: &[Event]) -> ServerFrame {
    let events = events.to_vec();
    ServerFrame::Events(EventsFrame { events })
}
