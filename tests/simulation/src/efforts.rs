//! How often a device tries what comes to nothing, counted from outside, by PROTOCOL.md §3.9: whatever the
//! weather or the server does, no engine may ask without rest.

use std::collections::{BTreeMap, VecDeque};

use fulmar_engine::{
    AppState, Command, Effect, Input, NetworkState, RequestFailure, RequestId, SocketEvent,
    SocketFailure, SocketId,
};
use fulmar_protocol::{
    Answer, AnswerError, ApiRequest, ClientFrame, FailureClass, FileId, LogId, Secret, Seq,
    ServerFrame,
};

use crate::effort::Effort;
use crate::progress::Way;
use crate::tally::{Tally, in_window};

/// A socket that lived for so long was no failure.
const PROVEN: u64 = 60_000;
/// A token that was not refused for half of its life, which is at least and at most so long, was no failure.
const ACCEPTED: (u64, u64) = (2_000, 10_000);
/// How many acts of the app in one window are free tries.
const FREE_ACTS: usize = 6;

/// The tries of one process.
#[derive(Debug, Default)]
pub(crate) struct Efforts {
    tally: Tally,
    /// What it was before what is not committed yet.
    before: Option<Tally>,
    /// When the app did something that may have changed what failed.
    acts: VecDeque<u64>,
    network: NetworkState,
    app: AppState,
    socket: Option<Socket>,
    /// What is asked and not answered yet, with the token that it carries.
    open: BTreeMap<RequestId, Option<Secret>>,
    /// What was just answered may have moved the cursor.
    fetched: bool,
}

/// The one socket of the process.
#[derive(Debug)]
struct Socket {
    id: SocketId,
    token: Secret,
    ready: Option<u64>,
    proven: bool,
}

impl Efforts {
    /// The app tells the engine something.
    pub(crate) fn told(&mut self, batch: &[Input], now: u64) {
        for input in batch {
            let acted = match input {
                Input::Network(network) => {
                    let before = std::mem::replace(&mut self.network, *network);
                    before == NetworkState::Unavailable && *network == NetworkState::Available
                }
                Input::App(app) => {
                    let before = std::mem::replace(&mut self.app, *app);
                    before == AppState::Background && *app == AppState::Foreground
                }
                Input::Command { body, .. } => matches!(body, Command::Retry { .. }),
                _ => false,
            };
            if acted {
                self.acts.push_back(now);
            }
        }
    }

    /// The device does something.
    pub(crate) fn tried(&mut self, effect: &Effect, now: u64) -> Result<(), String> {
        self.note(effect, now);
        let Some(effort) = Effort::of(effect) else {
            return Ok(());
        };
        self.token_proven(now);
        // It is an effect: all that was before is on the disk.
        self.committed();
        let free = in_window(&mut self.acts, now).min(FREE_ACTS);
        let tried = self.tally.spend(effort, now);
        if tried > effort.budget() + free {
            return Err(format!(
                "{tried} tries ({effort:?}) in a minute that came to nothing, and {free} of them were free"
            ));
        }
        Ok(())
    }

    /// What the effect says of the process.
    fn note(&mut self, effect: &Effect, now: u64) {
        match effect {
            Effect::OpenSocket {
                socket,
                access_token,
            } => {
                self.socket = Some(Socket {
                    id: *socket,
                    token: access_token.clone(),
                    ready: None,
                    proven: false,
                });
            }
            Effect::CloseSocket { socket } => self.ended(*socket, now),
            Effect::SendFrame {
                frame: ClientFrame::Submit(submit),
                ..
            } => self.tally.known.submitted(submit),
            Effect::DropFiles => self.tally.known.files_dropped(),
            Effect::Request {
                request,
                call,
                access_token,
            } => {
                if let ApiRequest::Submit(submit) = call {
                    self.tally.known.submitted(submit);
                }
                self.open.insert(*request, access_token.clone());
            }
            Effect::SendChunk {
                request,
                access_token,
                ..
            }
            | Effect::FetchChunk {
                request,
                access_token,
                ..
            } => {
                self.open.insert(*request, Some(access_token.clone()));
            }
            Effect::FetchToken { request, .. } => {
                self.open.insert(*request, None);
            }
            Effect::CancelRequest { request } => {
                self.open.remove(request);
            }
            _ => {}
        }
    }

    /// Something happened to a socket.
    pub(crate) fn of_socket(&mut self, socket: SocketId, event: &SocketEvent, now: u64) {
        match event {
            SocketEvent::Opened => {}
            SocketEvent::Frame(frame) => self.heard(socket, frame, now),
            SocketEvent::Closed(code) if code.rejects_token() => {
                self.socket_rejected(socket, now);
                self.ended(socket, now);
            }
            SocketEvent::Failed(SocketFailure::Refused { status: 401 }) => {
                self.socket_rejected(socket, now);
                self.ended(socket, now);
            }
            SocketEvent::Unreadable(_) | SocketEvent::Closed(_) | SocketEvent::Failed(_) => {
                self.ended(socket, now);
            }
        }
    }

    fn heard(&mut self, socket: SocketId, frame: &ServerFrame, now: u64) {
        let Some(current) = self.socket.as_mut().filter(|current| current.id == socket) else {
            return;
        };
        let new = match frame {
            ServerFrame::Ready(_) => {
                current.ready.get_or_insert(now);
                false
            }
            ServerFrame::Outcome(frame) => {
                let known = &mut self.changing().known;
                known.outcomes(&frame.log_id, &frame.outcomes)
            }
            ServerFrame::Problem(frame) => {
                let known = &mut self.changing().known;
                known.refused(frame.submit_id, &frame.problem)
            }
            _ => false,
        };
        if new {
            self.socket_proven();
        }
    }

    fn ended(&mut self, socket: SocketId, now: u64) {
        let Some(current) = self.socket.take_if(|current| current.id == socket) else {
            return;
        };
        let lived = current.ready.is_some_and(|ready| ready + PROVEN <= now);
        if lived && !current.proven {
            self.take_back(Effort::Connection);
        }
    }

    fn socket_proven(&mut self) {
        if let Some(socket) = &mut self.socket
            && socket.ready.is_some()
            && !socket.proven
        {
            socket.proven = true;
            self.take_back(Effort::Connection);
        }
    }

    fn socket_rejected(&mut self, socket: SocketId, now: u64) {
        let current = self.socket.as_ref().filter(|current| current.id == socket);
        if let Some(token) = current.map(|current| current.token.clone()) {
            self.rejected(&token, now);
        }
    }

    /// Something was answered; parts of files count when they are on the disk.
    pub(crate) fn answered(
        &mut self,
        request: RequestId,
        call: &ApiRequest,
        result: &Result<Answer, RequestFailure>,
        now: u64,
    ) {
        let Some(token) = self.open.get(&request).cloned() else {
            return;
        };
        let is_part = matches!(
            call,
            ApiRequest::SendChunk { .. } | ApiRequest::FetchChunk { .. }
        );
        if !is_part {
            self.open.remove(&request);
        }
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => {
                if let ApiRequest::Submit(submit) = call
                    && let RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) = failure
                {
                    let new = self
                        .changing()
                        .known
                        .refused(Some(submit.submit_id), problem);
                    self.brought(new);
                }
                if let Some(token) = token.filter(|_| rejects_token(failure, call)) {
                    self.rejected(&token, now);
                }
                return;
            }
        };
        match (call, answer) {
            (ApiRequest::Submit(_), Answer::Operations(answer)) => {
                let known = &mut self.changing().known;
                let new = known.outcomes(&answer.log_id, &answer.outcomes);
                self.brought(new);
            }
            (ApiRequest::Sync { .. }, Answer::Sync(_))
            | (ApiRequest::Snapshot, Answer::Snapshot(_)) => self.fetched = true,
            (ApiRequest::CreateUpload(upload), Answer::UploadCreated(_)) => {
                let new = upload.size == 0 || self.changing().known.upload_begun(upload.sha256);
                self.moved_bytes(new);
            }
            (ApiRequest::FindUpload(file), Answer::UploadOffset(offset)) => {
                let new = self.changing().known.transferred(Way::Up, file, *offset);
                self.moved_bytes(new);
            }
            (ApiRequest::Refresh(_), Answer::Session(session)) => {
                self.renewed(session.access_token.clone(), session.expires_in_ms, now);
            }
            _ => {}
        }
    }

    /// The token provider has given a next token, which lives for so long.
    pub(crate) fn provided(&mut self, request: RequestId, token: Secret, life_ms: u64, now: u64) {
        if self.open.remove(&request).is_some() {
            self.renewed(token, life_ms, now);
        }
    }

    /// There is a next token, which lives for so long.
    fn renewed(&mut self, token: Secret, life_ms: u64, now: u64) {
        let (shortest, longest) = ACCEPTED;
        let proven = now + (life_ms / 2).clamp(shortest, longest);
        self.changing().fresh = Some((proven, token));
    }

    /// A part of a file went up or is on the disk; so much of it is there now.
    pub(crate) fn transferred(&mut self, request: RequestId, way: Way, file: &FileId, there: u64) {
        if self.open.remove(&request).is_some() {
            let new = self.changing().known.transferred(way, file, there);
            self.moved_bytes(new);
        }
    }

    /// A request about a file was answered; whether the file came any farther by it.
    fn moved_bytes(&mut self, new: bool) {
        if new {
            self.take_back(Effort::Request);
        }
    }

    /// The tally, of which something changes that is not committed yet.
    fn changing(&mut self) -> &mut Tally {
        self.before.get_or_insert_with(|| self.tally.clone());
        &mut self.tally
    }

    /// What the process was told is on its disk.
    pub(crate) fn committed(&mut self) {
        self.before = None;
    }

    /// What the process was told is lost, and with it what was progress.
    pub(crate) fn failed(&mut self) {
        if let Some(before) = self.before.take() {
            self.tally = before;
        }
    }

    /// The process is at this place of its log now.
    pub(crate) fn followed(&mut self, log_id: Option<LogId>, cursor: Seq) {
        let fetched = std::mem::take(&mut self.fetched);
        if !self.tally.known.followed(log_id, cursor) {
            return;
        }
        if fetched {
            self.take_back(Effort::Request);
        }
        self.socket_proven();
    }

    /// Somebody signed in, perhaps another user than before.
    pub(crate) fn signed_in(&mut self) {
        self.tally.known.read_again();
    }

    /// The server is an earlier one.
    pub(crate) fn restored(&mut self) {
        self.tally.known.bytes_lost();
    }

    /// A process begins at this place of its log.
    pub(crate) fn begin(log_id: Option<LogId>, cursor: Seq) -> Self {
        let mut efforts = Self::default();
        efforts.tally.known.begin(log_id, cursor);
        efforts
    }

    /// What the platform said last, for another engine.
    pub(crate) fn hints(&self) -> Vec<Input> {
        vec![Input::Network(self.network), Input::App(self.app)]
    }

    /// The process goes on with another engine, which asks anew.
    pub(crate) fn anew(mut self, log_id: Option<LogId>, cursor: Seq) -> Self {
        self.socket = None;
        self.open.clear();
        self.tally.known.begin(log_id, cursor);
        self
    }

    /// A request was answered; whether what it brought is new.
    fn brought(&mut self, new: bool) {
        if new {
            self.take_back(Effort::Request);
            self.socket_proven();
        }
    }

    fn rejected(&mut self, token: &Secret, now: u64) {
        self.token_proven(now);
        self.changing().fresh.take_if(|(_, fresh)| fresh == token);
    }

    fn token_proven(&mut self, now: u64) {
        let proven = |(proven, _): &mut (u64, Secret)| *proven <= now;
        if self.changing().fresh.take_if(proven).is_some() {
            self.take_back(Effort::Refresh);
        }
    }

    fn take_back(&mut self, effort: Effort) {
        self.changing().take_back(effort);
    }
}

fn rejects_token(failure: &RequestFailure, call: &ApiRequest) -> bool {
    match failure {
        RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) => {
            problem.code.class() == FailureClass::Authentication
        }
        // Its answer has no body (PROTOCOL.md §8).
        RequestFailure::ErrorAnswer(AnswerError::Foreign { status }) => {
            *status == 401 && matches!(call, ApiRequest::FindUpload(_))
        }
        RequestFailure::Unreachable(_) => false,
    }
}
