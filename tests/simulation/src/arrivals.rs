//! What arrives, or is due, at a moment of the virtual time, and who gets it.

use fulmar_engine::{Input, NetworkState, RequestFailure, RequestId, SocketEvent, SocketFailure};
use fulmar_protocol::{ApiRequest, CloseCode, HttpAnswer, ServerFrame};

use crate::network::{Process, ScheduledEvent};
use crate::streams::Stream;
use crate::world::{Step, World};

impl World {
    pub(crate) fn handle_event(&mut self, event: ScheduledEvent) -> Step {
        if let Some(said) = said(&event)
            && self.verbose
        {
            self.tell(&said);
        }
        let Some(event) = self.hold_back(event) else {
            return Ok(());
        };
        match event {
            ScheduledEvent::Handshake {
                process,
                socket,
                token,
            } => self.handshake(process, socket, &token),
            ScheduledEvent::Opened { process, socket } => {
                self.socket_event(process, socket, SocketEvent::Opened)
            }
            ScheduledEvent::Refused {
                process,
                socket,
                failure,
            } => self.socket_event(process, socket, SocketEvent::Failed(failure)),
            ScheduledEvent::ToServer { far, text } => {
                let now = self.server_now();
                let outgoing = self.backend.frame(far, &text, now);
                self.carry(outgoing);
                Ok(())
            }
            ScheduledEvent::ToDevice {
                process,
                socket,
                text,
            } => self.socket_event(process, socket, heard(&text)),
            ScheduledEvent::EndAtDevice {
                process,
                socket,
                code,
            } => self.socket_event(process, socket, end_of_socket(code)),
            ScheduledEvent::EndAtServer { far } => {
                let outgoing = self.backend.disconnect(far);
                self.carry(outgoing);
                Ok(())
            }
            ScheduledEvent::Request {
                process,
                request,
                call,
                token,
            } => {
                self.serve(process, request, call, token.as_ref());
                Ok(())
            }
            ScheduledEvent::Answer {
                process,
                request,
                call,
                answer,
            } => self.answer(process, request, &call, answer.as_ref()),
            ScheduledEvent::TokenWanted { process, request } => {
                self.provide_token(process, request)
            }
            ScheduledEvent::Act { device, number } => {
                self.with_stream(Stream::Act(number), |world| world.act(device))
            }
            ScheduledEvent::Start { device } => self.start(device),
            ScheduledEvent::Resume { device } => self.resume(device),
            ScheduledEvent::Online { device } => {
                self.handle(device, vec![Input::Network(NetworkState::Available)])
            }
            ScheduledEvent::Weather => {
                let second = u32::try_from(self.time / 1000).unwrap_or(u32::MAX);
                self.with_stream(Stream::Weather(second), Self::weather)
            }
            ScheduledEvent::ServerTick => {
                self.tick();
                Ok(())
            }
        }
    }

    fn tick(&mut self) {
        let now = self.server_now();
        let outgoing = self.backend.tick(now);
        self.carry(outgoing);
        let next = self.time + 1000;
        self.network.at(next, ScheduledEvent::ServerTick);
    }

    /// A request is answered, or its answer was lost.
    fn answer(
        &mut self,
        process: Process,
        request: RequestId,
        call: &ApiRequest,
        answer: Option<&HttpAnswer>,
    ) -> Step {
        if !self.is_alive(process) {
            return Ok(());
        }
        let result = match answer {
            Some(answer) => call
                .read_answer(answer)
                .map_err(RequestFailure::ErrorAnswer),
            None => Err(RequestFailure::Unreachable("lost by the storm".to_owned())),
        };
        let input = self.answered(process.device, request, call, result);
        self.handle(process.device, vec![input])
    }
}

/// What a device reads of a frame.
fn heard(text: &str) -> SocketEvent {
    match ServerFrame::from_text(text) {
        Ok(frame) => SocketEvent::Frame(frame),
        Err(error) => SocketEvent::Unreadable(error.reason),
    }
}

/// What a device sees of the end of its socket, with a close code or without.
fn end_of_socket(code: Option<u16>) -> SocketEvent {
    match code {
        Some(code) => SocketEvent::Closed(CloseCode::from(code)),
        None => SocketEvent::Failed(SocketFailure::Unreachable("cut".to_owned())),
    }
}

/// What is printed of an event. Of what happens every second there is nothing to say.
fn said(event: &ScheduledEvent) -> Option<String> {
    match event {
        ScheduledEvent::Weather | ScheduledEvent::ServerTick => None,
        ScheduledEvent::Answer {
            answer: Some(answer),
            ..
        } => {
            let body = String::from_utf8_lossy(&answer.body);
            Some(format!("{event:?} {body}"))
        }
        _ => Some(format!("{event:?}")),
    }
}
