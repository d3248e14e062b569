//! Carrying out what the engine asks for, after its commit.

use fulmar_engine::{Effect, Input, Released, RequestId, SocketEvent, SocketFailure, SocketId};
use fulmar_protocol::ClientFrame;

use super::app_code;
use super::driver::Driver;
use crate::transport::SocketTask;

impl Driver {
    pub(super) fn carry_out(&mut self, released: Released) {
        for effect in released {
            self.perform(effect);
        }
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::OpenSocket {
                socket,
                access_token,
            } => {
                let task = SocketTask {
                    socket,
                    transport: self.setup.transport.clone(),
                    inputs: self.network.clone(),
                };
                self.sockets.clear();
                self.sockets.insert(socket, task.start(access_token));
            }
            Effect::SendFrame { socket, frame } => self.send(socket, frame),
            Effect::CloseSocket { socket } => {
                self.sockets.remove(&socket);
            }
            Effect::Request {
                request,
                call,
                access_token,
            } => {
                let http = self.setup.transport.http.clone();
                self.ask(request, async move {
                    let result = http.ask(&call, access_token.as_ref()).await;
                    Input::Answer { request, result }
                });
            }
            Effect::SendChunk {
                request,
                part,
                access_token,
            } => {
                let transfer = self.file_transfer.clone();
                self.ask(request, transfer.send(request, part, access_token));
            }
            Effect::FetchChunk {
                request,
                part,
                size,
                access_token,
            } => {
                let transfer = self.file_transfer.clone();
                self.ask(request, transfer.fetch(request, part, size, access_token));
            }
            Effect::FetchToken { request, user_id } => {
                let provider = self.setup.token_provider.clone();
                let patience = self.setup.config.token_timeout;
                self.ask(request, async move {
                    let result = app_code::token(provider, user_id, patience).await;
                    Input::Token { request, result }
                });
            }
            Effect::CancelRequest { request } => self.in_flight.cancel(request),
            Effect::Downloading {
                content,
                received,
                state,
            } => self.published.downloading(content, received, state),
            Effect::DownloadEnded { content } => self.published.download_ended(content),
            Effect::DropFiles => self.file_transfer.drop_files(),
            Effect::Reply { command, reply } => self.answer(command, reply),
            Effect::Connection(state) => {
                self.published.connection.send_replace(state);
            }
            Effect::Session(state) => {
                self.published.session.send_replace(state);
            }
            Effect::Typing {
                conversation,
                users,
            } => self.published.typing(conversation, users),
            Effect::Presence(users) => self.published.present(users),
            Effect::Changed(topic) => self.published.watchers.changed(topic),
        }
    }

    fn ask(&mut self, request: RequestId, work: impl Future<Output = Input> + Send + 'static) {
        self.in_flight.start(request, &self.network, work);
    }

    fn send(&mut self, socket: SocketId, frame: ClientFrame) {
        let Some(outbound) = self.sockets.get(&socket) else {
            return;
        };
        if !outbound.send(frame) {
            // Full or gone: nothing goes through any more. The engine is told by the same way as
            // of any other broken socket.
            self.sockets.remove(&socket);
            let network = self.network.clone();
            let failure = SocketFailure::Unreachable("frames do not get through".to_owned());
            let event = SocketEvent::Failed(failure);
            tokio::spawn(async move {
                let _ = network.send(Input::Socket { socket, event }).await;
            });
        }
    }
}
