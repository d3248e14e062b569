//! A device to which steps happen: what each step means, and what has to be true in the end.

use fulmar_engine::{
    AppState, Command, DownloadId, Input, NetworkState, NewConversation, ProvidedToken,
    RequestFailure, RequestId, SocketEvent, SocketFailure, TokenFailure, TransferFailure, query,
};
use fulmar_protocol::{
    AnswerError, ApiRequest, ClientFrame, CloseCode, Code, MessageSend, Operation, Position,
    Problem, Secret, TypingState, UserId,
};
use serde_json::{Value, json};

use crate::inputs_steps::{
    Answered, Step, asked, conversation, operation_key, person, session, told_key,
};
use fulmar_fuzz::device::{Asked, Device, answer, event, frame_of, outcomes, ready, well};
use fulmar_fuzz::shapes::{key, vectors};

/// The vectors of the protocol, read once.
pub(crate) struct Vectors {
    events: Vec<Value>,
    frames: Vec<Value>,
    operations: Vec<Value>,
    bodies: Vec<Value>,
    pushes: Vec<Value>,
}

impl Vectors {
    pub(crate) fn read() -> Self {
        let bodies = vectors("body");
        let is_push = |body: &&Value| body.get("messageKey").is_some();
        Self {
            events: vectors("event"),
            frames: vectors("server"),
            operations: vectors("operation"),
            pushes: bodies.iter().filter(is_push).cloned().collect(),
            bodies,
        }
    }
}

/// A device, and what is said to it.
pub(crate) struct Player<'a> {
    device: Device,
    vectors: &'a Vectors,
}

impl<'a> Player<'a> {
    pub(crate) fn new(device: Device, vectors: &'a Vectors) -> Self {
        Self { device, vectors }
    }

    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Send(..)
            | Step::SendShaped(..)
            | Step::Change(..)
            | Step::Create(..)
            | Step::MarkRead(..)
            | Step::Retry(_)
            | Step::Discard(..)
            | Step::Draft(..)
            | Step::Push(_) => {
                if let Some(command) = self.local(step) {
                    self.device.command(command);
                }
            }
            Step::Session(step) => {
                self.device.command(session(step));
            }
            Step::Ask(ask) => {
                self.device.command(asked(ask));
            }
            Step::CancelDownload(id) => self
                .device
                .step(vec![Input::CancelDownload(DownloadId(id.into()))]),
            Step::Typing(first, started) => {
                let state = if started {
                    TypingState::Started
                } else {
                    TypingState::Stopped
                };
                let conversation = conversation(first);
                self.device.step(vec![Input::Typing {
                    conversation,
                    state,
                }]);
            }
            Step::Network(there) => {
                let state = if there {
                    NetworkState::Available
                } else {
                    NetworkState::Unavailable
                };
                self.device.step(vec![Input::Network(state)]);
            }
            Step::App(shown) => {
                let state = if shown {
                    AppState::Foreground
                } else {
                    AppState::Background
                };
                self.device.step(vec![Input::App(state)]);
            }
            Step::Opened
            | Step::Ready(_)
            | Step::Events(_)
            | Step::Outcome(_)
            | Step::Frame(_)
            | Step::Unreadable(_)
            | Step::Closed(_)
            | Step::Broken(_) => self.socket(step),
            Step::Answer(index, answered) => self.answer(index, answered),
            Step::Misplaced(index, body) => {
                let body = body.value(&self.vectors.bodies);
                if let Some((request, Asked::Http(call))) = self.asked(index) {
                    self.device.step(vec![answer(request, &call, &body)]);
                }
            }
            Step::Wait(millis) => {
                self.device.wait(u64::from(millis) * 16);
                self.device.step(Vec::new());
            }
            Step::Timer => {
                self.device.wait_for_timer();
            }
            Step::Restart => self.device.restart(),
        }
    }

    /// A command that is answered without a network; none where it cannot even be read.
    fn local(&self, step: Step) -> Option<Command> {
        let read = |operation: Value| {
            serde_json::from_value::<Operation>(operation)
                .ok()?
                .read()
                .ok()
        };
        Some(match step {
            Step::Send(index, first, text) => Command::Send {
                operation_key: operation_key(index),
                message: MessageSend::text(conversation(first), text),
            },
            Step::SendShaped(index, message) => {
                let shaped = message.of(json!({
                    "conversationId": "c-1", "text": "hello", "mentions": ["bob"], "replyTo": key(1),
                    "threadRoot": null, "payload": {"type": "location", "data": {"lat": 52.5}}, "forwardOf": null,
                    "attachments": [{"fileId": "f-1", "kind": "image", "name": "a.jpg", "mimeType": "image/jpeg",
                        "size": 3, "sha256": "0".repeat(64), "width": 1}],
                }));
                Command::Send {
                    operation_key: operation_key(index),
                    message: serde_json::from_value(shaped).ok()?,
                }
            }
            Step::Change(index, operation) => Command::Change {
                operation_key: told_key(index),
                method: read(operation.value(&self.vectors.operations))?,
            },
            Step::Create(index, direct, title) => Command::Create {
                operation_key: told_key(index),
                conversation: match direct {
                    true => NewConversation::Direct {
                        with: UserId::new(title).ok()?,
                    },
                    false => NewConversation::Group {
                        title,
                        participants: vec![person(false)],
                        avatar_url: None,
                        context: None,
                    },
                },
            },
            Step::MarkRead(index, first, up_to) => Command::MarkRead {
                operation_key: told_key(index),
                conversation: conversation(first),
                up_to: Position(up_to.into()),
            },
            Step::Retry(index) => Command::Retry {
                operation_key: operation_key(index),
            },
            Step::Discard(index, delete) => Command::Discard {
                operation_key: operation_key(index),
                delete_key: delete.map(told_key),
            },
            Step::Draft(first, text) => Command::SetDraft {
                conversation: conversation(first),
                text,
            },
            Step::Push(payload) => Command::HandlePush {
                payload: serde_json::from_value(payload.value(&self.vectors.pushes)).ok()?,
            },
            _ => return None,
        })
    }

    fn socket(&mut self, step: Step) {
        let Some(socket) = self.device.socket else {
            return;
        };
        let head = self.device.head;
        let input = match step {
            Step::Opened => event(socket, SocketEvent::Opened),
            Step::Ready(patched) => frame_of(socket, &patched.of(ready(head))),
            Step::Events(patched) => {
                let mut events: Vec<Value> = patched
                    .into_iter()
                    .map(|one| one.value(&self.vectors.events))
                    .collect();
                for event in &mut events {
                    self.device.head += 1;
                    if let Some(fields) = event.as_object_mut() {
                        fields.insert("seq".to_owned(), json!(self.device.head));
                    }
                }
                frame_of(socket, &json!({"type": "events", "events": events}))
            }
            Step::Outcome(patched) => {
                let submit = self.device.frames.iter().find_map(|frame| match frame {
                    ClientFrame::Submit(submit) => Some(submit.clone()),
                    _ => None,
                });
                let Some(submit) = submit else {
                    return;
                };
                self.spoken_of(&submit.operations);
                let outcomes = outcomes(&submit.operations, head);
                let frame = json!({
                    "type": "outcome", "submitId": submit.submit_id, "logId": "log-7f",
                    "outcomes": outcomes,
                });
                frame_of(socket, &patched.of(frame))
            }
            Step::Frame(patched) => frame_of(socket, &patched.value(&self.vectors.frames)),
            Step::Unreadable(text) => event(socket, SocketEvent::Unreadable(text)),
            Step::Closed(code) => event(socket, SocketEvent::Closed(CloseCode::from(code))),
            Step::Broken(status) => {
                let failure = match status {
                    Some(status) => SocketFailure::Refused { status },
                    None => SocketFailure::Unreachable("reset".to_owned()),
                };
                event(socket, SocketEvent::Failed(failure))
            }
            _ => return,
        };
        self.device.step(vec![input]);
    }

    fn asked(&mut self, index: u8) -> Option<(RequestId, Asked)> {
        match self.device.asked.len() {
            0 => None,
            count => Some(self.device.asked.remove(usize::from(index) % count)),
        }
    }

    fn answer(&mut self, index: u8, answered: Answered) {
        let Some((request, asked)) = self.asked(index) else {
            return;
        };
        if let Asked::Http(call) = &asked
            && let ApiRequest::Submit(submit) = &**call
        {
            self.spoken_of(&submit.operations);
        }
        let failure = match &answered {
            Answered::Problem(code, wait) => {
                let code = Code::ALL[usize::from(*code) % Code::ALL.len()].clone();
                let mut problem = Problem::new(code, "no");
                problem.retry_after_ms = wait.map(u64::from);
                RequestFailure::ErrorAnswer(AnswerError::Problem(problem))
            }
            Answered::Foreign(status) => {
                RequestFailure::ErrorAnswer(AnswerError::Foreign { status: *status })
            }
            _ => RequestFailure::Unreachable("nobody".to_owned()),
        };
        let input = match (asked, answered) {
            (Asked::Http(call), Answered::Well(patched)) => {
                answer(request, &call, &patched.of(well(&call, self.device.head)))
            }
            (Asked::Http(call), Answered::Json(json)) => answer(request, &call, &json.value()),
            (Asked::Http(_), _) => Input::Answer {
                request,
                result: Err(failure),
            },
            (Asked::Part(part), Answered::Well(_)) => Input::Transferred {
                request,
                result: Ok(part.offset + part.length),
            },
            (Asked::Part(_), Answered::Bytes(bytes)) => Input::Transferred {
                request,
                result: Ok(bytes.into()),
            },
            (Asked::Part(_), Answered::Never) => Input::Transferred {
                request,
                result: Err(TransferFailure::FileLost),
            },
            (Asked::Part(_), _) => Input::Transferred {
                request,
                result: Err(TransferFailure::Request(failure)),
            },
            (Asked::Token, Answered::Well(_) | Answered::Bytes(_)) => Input::Token {
                request,
                result: Ok(ProvidedToken {
                    access_token: Secret::from("t"),
                    expires_in: None,
                }),
            },
            (Asked::Token, Answered::Never) => Input::Token {
                request,
                result: Err(TokenFailure::SessionOver {
                    reason: "gone".to_owned(),
                }),
            },
            (Asked::Token, _) => Input::Token {
                request,
                result: Err(TokenFailure::Unavailable {
                    reason: "later".to_owned(),
                }),
            },
        };
        self.device.step(vec![input]);
    }

    /// From now on a server may have applied these.
    fn spoken_of(&mut self, operations: &[Operation]) {
        for operation in operations {
            self.device.accepted.remove(&operation.operation_key);
        }
    }

    pub(crate) fn end(mut self, in_silence: bool) {
        self.device.keeps_what_was_accepted();
        let reader = self.device.engine().reader();
        let list = query::conversations(
            reader,
            Some(&person(true)),
            query::ConversationFilter::default(),
            100,
        );
        for item in list.expect("a list") {
            query::participants(reader, &item.conversation_id).expect("people");
            query::pinned_messages(reader, &item.conversation_id).expect("pinned messages");
            let newest =
                query::timeline(reader, &item.conversation_id, None, query::Window::Newest);
            newest.expect("a timeline");
        }
        self.device.restart();
        if in_silence {
            self.device.ends_in_silence();
        }
    }
}
