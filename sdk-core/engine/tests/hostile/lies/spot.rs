//! Where lies are told: the frames and answers of a server, each where it belongs.

use std::time::Duration;

use fulmar_engine::{Mono, RequestFailure, TransferFailure};
use fulmar_protocol::{
    Answer, AnswerError, ApiRequest, ClientFrame, Code, EventsFrame, HttpAnswer, Problem,
    ProblemFrame, SearchPage, ServerFrame, SubmitOrder,
};
use serde_json::{Value, json};

use super::lie::{self, Lie, Path};
use crate::answers::{at_once, no_socket};
use crate::server::{Asked, Said, Script, Server, problem};

/// What is lied about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    Ready,
    Reset,
    Outcome,
    Pong,
    /// A frame of events as a whole.
    Events,
    /// An event of this type, in a frame.
    Event(&'static str),
    Typing,
    Presence,
    ProblemFrame,
    ProblemAnswer,
    SignIn,
    Refresh,
    Me,
    Sync,
    Snapshot,
    Operations,
    History,
    Search,
    Blocks,
    UploadCreated,
    UploadOffset,
}

impl Spot {
    /// Whether there is a socket; where not, HTTP stands in for it.
    pub(crate) fn has_socket(self) -> bool {
        !matches!(self, Self::ProblemAnswer | Self::Sync | Self::Operations)
    }

    /// Whether the session begins with it.
    pub(crate) fn begins(self) -> bool {
        matches!(self, Self::SignIn | Self::Me)
    }

    /// Whether it tells of messages, people and conversations.
    pub(crate) fn is_content(self) -> bool {
        matches!(
            self,
            Self::Outcome
                | Self::Events
                | Self::Event(_)
                | Self::Sync
                | Self::Snapshot
                | Self::Operations
                | Self::History
                | Self::Search
        )
    }

    /// Whether the log has got a new id when the lies begin.
    pub(crate) fn is_reset(self) -> bool {
        matches!(self, Self::Reset | Self::Snapshot)
    }
}

/// A server that tells one lie, whenever there is occasion.
#[derive(Debug, Clone)]
pub(crate) struct Liar {
    pub(crate) place: Spot,
    /// None: it is honest.
    pub(crate) lie: Option<(Path, Lie)>,
    /// Where a lie could stand, as far as was seen.
    pub(crate) seen: Vec<(Path, Lie)>,
    /// How often it was told.
    pub(crate) told: u32,
}

impl Liar {
    fn told(&mut self, mut value: Value) -> Value {
        match &self.lie {
            Some((path, lie)) => self.told += u32::from(lie::tell(&mut value, &path.0, *lie)),
            None => {
                let seen = &mut self.seen;
                lie::all_about(&value, &Path::default(), &mut |path, lie| {
                    if !seen
                        .iter()
                        .any(|(there, other)| (there, *other) == (&path, lie))
                    {
                        seen.push((path, lie));
                    }
                });
            }
        }
        value
    }

    /// Says a frame, with the lie where it belongs.
    pub(crate) fn frame(&mut self, frame: &ServerFrame) -> Said {
        let mut value = json!(frame);
        match (self.place, frame) {
            (Spot::Ready, ServerFrame::Ready(_))
            | (Spot::Reset, ServerFrame::Reset(_))
            | (Spot::Outcome, ServerFrame::Outcome(_))
            | (Spot::Pong, ServerFrame::Pong(_))
            | (Spot::Typing, ServerFrame::Typing(_))
            | (Spot::Presence, ServerFrame::Presence(_))
            | (Spot::ProblemFrame, ServerFrame::Problem(_))
            | (Spot::Events, ServerFrame::Events(_)) => value = self.told(value),
            (Spot::Event(kind), ServerFrame::Events(EventsFrame { events })) => {
                for (index, event) in events.iter().enumerate() {
                    if event.kind == kind {
                        value["events"][index] = self.told(json!(event));
                    }
                }
            }
            _ => return Said::Frame(frame.clone()),
        }
        ServerFrame::from_text(&value.to_string()).map_or(Said::Unreadable, Said::Frame)
    }

    /// Says an answer, with the lie where it belongs.
    fn answer(&mut self, call: &ApiRequest, answer: Answer) -> Said {
        let value = match (self.place, &answer) {
            (Spot::SignIn | Spot::Refresh, Answer::Session(session)) => json!(session),
            (Spot::Me, Answer::Me(me)) => json!(me),
            (Spot::Sync, Answer::Sync(page)) => json!(page),
            (Spot::Snapshot, Answer::Snapshot(snapshot)) => json!(snapshot),
            (Spot::Operations, Answer::Operations(outcomes)) => json!(outcomes),
            (Spot::History, Answer::Messages(page)) => json!(page),
            (Spot::Search, Answer::Search(page)) => json!(page),
            (Spot::Blocks, Answer::Blocks(blocks)) => json!(blocks),
            (Spot::UploadCreated, Answer::UploadCreated(file)) => {
                json!({"location": format!("/v1/files/{file}")})
            }
            (Spot::UploadOffset, Answer::UploadOffset(there)) => json!({"upload-offset": there}),
            _ => return Said::Answer(Ok(answer)),
        };
        let value = self.told(value);
        let answer = match self.place {
            Spot::UploadCreated | Spot::UploadOffset => HttpAnswer {
                headers: headers(&value),
                ..HttpAnswer::new(200, Vec::new())
            },
            _ => HttpAnswer::new(200, value.to_string().into_bytes()),
        };
        Said::Answer(read(call, &answer))
    }

    /// What this server says; `None` leaves it to the one without fault.
    pub(crate) fn say(
        &mut self,
        server: &mut Server,
        asked: &Asked<'_>,
        now: Mono,
    ) -> Option<Script> {
        match asked {
            Asked::Socket if !self.place.has_socket() => no_socket(),
            Asked::Frame(ClientFrame::Submit(submit)) if self.place == Spot::ProblemFrame => {
                let frame = ServerFrame::Problem(ProblemFrame {
                    submit_id: Some(submit.submit_id),
                    problem: overtaken(),
                });
                at_once(self.frame(&frame))
            }
            Asked::Frame(_) => {
                let mut frames: Vec<ServerFrame> = server
                    .well(asked, now)
                    .into_iter()
                    .filter_map(|said| match said {
                        Said::Frame(frame) => Some(frame),
                        _ => None,
                    })
                    .collect();
                if matches!(
                    asked,
                    Asked::Frame(ClientFrame::Ping(_) | ClientFrame::Hello(_))
                ) {
                    frames.extend(signal(self.place));
                }
                let said = frames
                    .iter()
                    .map(|frame| (Duration::ZERO, self.frame(frame)));
                Some(said.collect())
            }
            Asked::Http(call @ ApiRequest::Submit(_)) if self.place == Spot::ProblemAnswer => {
                let value = self.told(json!(refusal()));
                let answer = HttpAnswer::new(429, value.to_string().into_bytes());
                at_once(Said::Answer(read(call, &answer)))
            }
            Asked::Http(call) => {
                let answer = match call {
                    ApiRequest::Search { .. } => Ok(Answer::Search(SearchPage {
                        messages: server.messages.clone().into(),
                        cursor: Some("50".to_owned()),
                    })),
                    call => server.http(call, now),
                };
                at_once(match answer {
                    Ok(answer) => self.answer(call, answer),
                    Err(failure) => Said::Answer(Err(failure)),
                })
            }
            Asked::SendChunk(_) if self.place == Spot::UploadOffset => {
                let conflict = TransferFailure::Request(problem(Code::UploadConflict));
                at_once(Said::Transferred(Err(conflict)))
            }
            Asked::Socket | Asked::SendChunk(_) | Asked::FetchChunk(_) | Asked::Token => None,
        }
    }
}

fn overtaken() -> Problem {
    let mut problem = Problem::new(Code::SubmitOvertaken, "A later one came before");
    problem.retry_after_ms = Some(2000);
    problem.order = Some(SubmitOrder(9));
    problem
}

fn refusal() -> Problem {
    let mut problem = Problem::new(Code::RateLimited, "Too many requests");
    problem.retry_after_ms = Some(2000);
    problem
}

fn read(call: &ApiRequest, answer: &HttpAnswer) -> Result<Answer, RequestFailure> {
    call.read_answer(answer)
        .map_err(|error: AnswerError| RequestFailure::ErrorAnswer(error))
}

fn headers(value: &Value) -> Vec<(String, String)> {
    let fields = value.as_object().into_iter().flatten();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    fields
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// What comes by itself.
fn signal(place: Spot) -> Option<ServerFrame> {
    let value = match place {
        Spot::Typing => {
            json!({"type": "typing", "conversationId": "c-1", "userId": "bob", "state": "started"})
        }
        Spot::Presence => json!({"type": "presence", "users": [
            {"userId": "bob", "state": "online"},
            {"userId": "carol", "state": "offline", "lastSeenAt": 1_790_000_000_000_i64},
        ]}),
        _ => return None,
    };
    Some(serde_json::from_value(value).unwrap())
}
