//! Carrying out what the engine asks for, after its commit.

use fulmar_engine::{Effect, Input, Released, SocketEvent, SocketFailure, SocketId};
use fulmar_protocol::ClientFrame;

use super::app_code;
use super::driver::Driver;
use crate::transport::SocketTask;

impl Driver {
    pub(super) fn carry_out(&mut self, released: Released) {
        for effect in released {
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
                    let network = self.network.clone();
                    tokio::spawn(async move {
                        let result = http.ask(&call, access_token.as_ref()).await;
                        // The driver is gone only when everything is.
                        let _ = network.send(Input::Answer { request, result }).await;
                    });
                }
                Effect::SendChunk {
                    request,
                    part,
                    access_token,
                } => self.file_transfer.send(request, part, access_token),
                Effect::FetchChunk {
                    request,
                    part,
                    size,
                    access_token,
                } => self.file_transfer.fetch(request, part, size, access_token),
                Effect::Downloading {
                    content,
                    received,
                    state,
                } => self.published.downloading(content, received, state),
                Effect::DownloadEnded { content } => self.published.download_ended(content),
                Effect::DropFiles => self.file_transfer.drop_files(),
                Effect::FetchToken { request, user_id } => {
                    let provider = self.setup.token_provider.clone();
                    let patience = self.setup.config.token_timeout;
                    let inputs = self.network.clone();
                    tokio::spawn(async move {
                        let result = app_code::token(provider, user_id, patience).await;
                        let _ = inputs.send(Input::Token { request, result }).await;
                    });
                }
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
                Effect::Presence(people) => self.published.present(people),
                Effect::Changed(topic) => self.published.watchers.changed(topic),
            }
        }
    }

    fn send(&mut self, socket: SocketId, frame: ClientFrame) {
        let Some(outbound) = self.sockets.get(&socket) else {
            return;
        };
        if outbound.try_send(frame).is_err() {
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
