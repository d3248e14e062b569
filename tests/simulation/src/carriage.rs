//! Carrying: what engines and backend want sent goes into the network, or what the storm leaves of it.

use fulmar_backend::{HttpRequest, Outgoing};
use fulmar_engine::{Effect, Input, SocketEvent, SocketFailure, SocketId};
use fulmar_protocol::{ApiRequest, ClientFrame, HttpAnswer, Secret};

use crate::network::{DeviceIndex, Direction, FarSocket, Process, ScheduledEvent};
use crate::outage::{Intercepted, Outage};
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    pub(crate) fn handshake(&mut self, process: Process, socket: SocketId, token: &Secret) -> Step {
        let at = self.delay();
        let failure = match self.outage().and_then(Outage::handshake) {
            Some(failure) => Some(failure),
            None if self.happens(Fault::Refuse) => Some(match self.rng.bool() {
                true => SocketFailure::Unreachable("refused by the storm".to_owned()),
                false => SocketFailure::Refused { status: 502 },
            }),
            None => None,
        };
        if let Some(failure) = failure {
            let refused = ScheduledEvent::Refused {
                process,
                socket,
                failure,
            };
            self.network.at(at, refused);
            return Ok(());
        }
        let now = self.server_now();
        let far = self.backend.connect(Some(token.expose()), now);
        if self.is_alive(process)
            && let Some(known) = self.devices[process.device].sockets.get_mut(&socket)
        {
            *known = Some(far);
            let opened = ScheduledEvent::Opened { process, socket };
            self.network.in_order(at, far, Direction::Down, opened);
        } else {
            self.backend.disconnect(far);
        }
        Ok(())
    }

    pub(crate) fn socket_event(
        &mut self,
        process: Process,
        socket: SocketId,
        event: SocketEvent,
    ) -> Step {
        if !self.is_alive(process) {
            return Ok(());
        }
        let now = self.time;
        let device = &mut self.devices[process.device];
        device.efforts.of_socket(socket, &event, now);
        match &event {
            SocketEvent::Opened | SocketEvent::Frame(_) => {}
            SocketEvent::Unreadable(_) | SocketEvent::Closed(_) | SocketEvent::Failed(_) => {
                device.sockets.remove(&socket);
            }
        }
        self.handle(process.device, vec![Input::Socket { socket, event }])
    }

    /// Frames on their way from the server to devices.
    pub(crate) fn carry(&mut self, outgoing: Vec<Outgoing>) {
        for item in outgoing {
            let hangs_up = self.outage() == Some(Outage::HangsUp);
            let (far, text, code) = match item {
                Outgoing::Frame { socket, frame } => (socket, Some(frame.to_text()), None),
                Outgoing::Close { socket, code } => (socket, None, Some(code.as_u16())),
            };
            let Some((process, socket)) = self.near_end(far) else {
                continue;
            };
            let at = self.delay();
            if self.is_silenced(far, Direction::Down) {
                continue;
            }
            match text {
                Some(_) if self.happens(Fault::Swallow) => {}
                Some(_) if self.happens(Fault::Cut) => self.cut(process, socket, far),
                Some(text) => {
                    let event = ScheduledEvent::ToDevice {
                        process,
                        socket,
                        text,
                    };
                    self.network.in_order(at, far, Direction::Down, event);
                    if hangs_up {
                        let end = ScheduledEvent::EndAtDevice {
                            process,
                            socket,
                            code: None,
                        };
                        self.network.in_order(at, far, Direction::Down, end);
                        self.network.at(at, ScheduledEvent::EndAtServer { far });
                    }
                }
                None => {
                    let event = ScheduledEvent::EndAtDevice {
                        process,
                        socket,
                        code,
                    };
                    self.network.in_order(at, far, Direction::Down, event);
                }
            }
        }
    }

    pub(crate) fn near_end(&self, far: FarSocket) -> Option<(Process, SocketId)> {
        self.devices.iter().enumerate().find_map(|(index, device)| {
            let (socket, _) = device
                .sockets
                .iter()
                .find(|(_, known)| **known == Some(far))?;
            Some((self.process(index), *socket))
        })
    }

    /// A socket breaks; both ends learn of it, some time.
    pub(crate) fn cut(&mut self, process: Process, socket: SocketId, far: FarSocket) {
        self.network.drop_socket(far, process, socket);
        let (there, here) = (self.delay(), self.delay());
        self.network.at(there, ScheduledEvent::EndAtServer { far });
        self.network.at(
            here,
            ScheduledEvent::EndAtDevice {
                process,
                socket,
                code: None,
            },
        );
    }

    pub(crate) fn serve(
        &mut self,
        process: Process,
        request: fulmar_engine::RequestId,
        call: Box<ApiRequest>,
        token: Option<&Secret>,
    ) {
        let at = match self.happens(Fault::Drip) {
            true => self.drip(),
            false => self.delay(),
        };
        let outage = self.outage().map(|outage| outage.request(&call));
        let intercepted = match outage {
            None | Some(Intercepted::No) => None,
            Some(Intercepted::Lost) => Some(None),
            Some(Intercepted::Answered(answer)) => Some(Some(answer)),
        };
        let answer = match intercepted {
            Some(answer) => answer,
            None => self.serve_call(&call, token),
        };
        self.network.at(
            at,
            ScheduledEvent::Answer {
                process,
                request,
                call,
                answer,
            },
        );
    }

    /// The server answers; `None`: its answer was lost.
    fn serve_call(&mut self, call: &ApiRequest, token: Option<&Secret>) -> Option<HttpAnswer> {
        let form = call.to_call();
        let (path, query) = form.target.split_once('?').unwrap_or((&form.target, ""));
        let headers: Vec<(&str, &str)> = form
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let http = HttpRequest {
            method: form.method.as_str(),
            headers: &headers,
            path,
            query,
            bearer: token.filter(|_| form.authorized).map(Secret::expose),
            body: form.body.as_deref().unwrap_or_default(),
        };
        let now = self.server_now();
        let behind = self.replica_for(call);
        let behind = behind.map(|replica| replica.http(&http, now).0);
        // Who asks is looked up in the newest.
        let response = match behind.filter(|response| response.status != 401) {
            Some(response) => response,
            None => {
                let (response, outgoing) = self.backend.http(&http, now);
                self.carry(outgoing);
                response
            }
        };
        if let (ApiRequest::DeleteAccount(_), 200) = (call, response.status) {
            self.note_deleted();
        }
        if self.happens(Fault::Lose) {
            return None;
        }
        let mut body = response.body;
        if self.happens(Fault::Torn) {
            body.truncate(self.rng.usize(0..=body.len()));
        }
        let headers = response.headers.into_iter();
        Some(HttpAnswer {
            status: response.status,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body,
        })
    }

    /// Whether what a socket is given in this direction does not arrive: from some message on, nothing does.
    fn is_silenced(&mut self, far: FarSocket, direction: Direction) -> bool {
        if self.happens(Fault::Mute) {
            self.network.mute(far, direction);
        }
        self.network.is_muted(far, direction)
    }

    /// A frame is on its way to the server; a submit may be twice.
    fn send_up(&mut self, at: u64, far: FarSocket, frame: &ClientFrame) {
        if self.is_silenced(far, Direction::Up) {
            return;
        }
        let text = frame.to_text();
        if let ClientFrame::Submit(submit) = frame {
            let names = submit.operations.iter().map(|it| it.method.clone());
            self.methods.extend(names);
            if self.happens(Fault::Repeat) {
                let text = text.clone();
                let again = ScheduledEvent::ToServer { far, text };
                self.network.in_order(at, far, Direction::Up, again);
            }
        }
        let event = ScheduledEvent::ToServer { far, text };
        self.network.in_order(at, far, Direction::Up, event);
    }

    pub(crate) fn carry_out(&mut self, index: DeviceIndex, effect: Effect) -> Step {
        if self.verbose {
            self.tell(&format!("  {}: {effect:?}", self.devices[index].name));
        }
        let process = self.process(index);
        let at = self.delay();
        let device = &mut self.devices[index];
        // For a first token it is the app that asks.
        let is_first_token = matches!(effect, Effect::FetchToken { .. }) && device.signing_in;
        if !is_first_token {
            let tried = device.efforts.tried(&effect, self.time);
            tried.map_err(|what| format!("{}: {what}", device.name))?;
        }
        match effect {
            Effect::OpenSocket {
                socket,
                access_token,
            } => {
                self.devices[index].sockets.insert(socket, None);
                self.network.at(
                    at,
                    ScheduledEvent::Handshake {
                        process,
                        socket,
                        token: access_token,
                    },
                );
            }
            Effect::SendFrame { socket, frame } => {
                let Some(Some(far)) = self.devices[index].sockets.get(&socket).copied() else {
                    return Ok(());
                };
                if self.happens(Fault::Swallow) {
                    return Ok(());
                }
                if self.happens(Fault::Cut) {
                    self.cut(process, socket, far);
                    return Ok(());
                }
                self.send_up(at, far, &frame);
            }
            Effect::CloseSocket { socket } => {
                if let Some(Some(far)) = self.devices[index].sockets.remove(&socket) {
                    let end = ScheduledEvent::EndAtServer { far };
                    self.network.in_order(at, far, Direction::Up, end);
                }
            }
            Effect::Request {
                request,
                call,
                access_token,
            } => self.ask(process, request, Box::new(call), access_token),
            Effect::SendChunk {
                request,
                part,
                access_token,
            } => self.send_chunk(process, request, part, access_token),
            Effect::FetchChunk {
                request,
                part,
                size,
                access_token,
            } => self.fetch_chunk(process, request, part, size, access_token),
            Effect::Reply { command, reply } => {
                self.devices[index].answers.answered(command)?;
                self.replied(index, command, reply)?;
            }
            Effect::FetchToken { request, .. } => {
                let wanted = ScheduledEvent::TokenWanted { process, request };
                self.network.at(at, wanted);
            }
            Effect::DropFiles => self.devices[index].drop_files(),
            // What was asked arrives all the same; nobody waits for the answer.
            Effect::CancelRequest { .. } => {}
            Effect::Session(state) => self.devices[index].session = state,
            Effect::Changed(topic) => self.devices[index].watching.told(topic),
            Effect::Connection(_)
            | Effect::Downloading { .. }
            | Effect::DownloadEnded { .. }
            | Effect::Typing { .. }
            | Effect::Presence(_) => {}
        }
        Ok(())
    }

    pub(crate) fn ask(
        &mut self,
        process: Process,
        request: fulmar_engine::RequestId,
        call: Box<ApiRequest>,
        token: Option<Secret>,
    ) {
        let at = self.delay();
        let answer = if self.happens(Fault::Lose) {
            None
        } else if self.happens(Fault::Portal) {
            let page = b"<html>Welcome to the train</html>".to_vec();
            let status = [200, 302, 502, 520][self.rng.usize(0..4)];
            Some(HttpAnswer::new(status, page))
        } else if self.happens(Fault::Conflict) {
            Some(self.conflict(&call))
        } else {
            if self.happens(Fault::Repeat) {
                let again = ScheduledEvent::Request {
                    // Nobody hears the answer to a repetition.
                    process: Process { run: 0, ..process },
                    request,
                    call: call.clone(),
                    token: token.clone(),
                };
                let late = at + self.rng.u64(0..5_000);
                self.network.at(late, again);
            }
            let event = ScheduledEvent::Request {
                process,
                request,
                call,
                token,
            };
            self.network.at(at, event);
            return;
        };
        self.network.at(
            at,
            ScheduledEvent::Answer {
                process,
                request,
                call,
                answer,
            },
        );
    }
}
