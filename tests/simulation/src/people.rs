//! People and weather: what the apps do, and what happens to everyone whatever they do.

use fulmar_engine::{AppState, Command, Input, NetworkState, NewConversation, Reply, SessionState};
use fulmar_protocol::{OperationKey, Position, Secret};

use crate::device::Waiting;
use crate::network::{DeviceIndex, Happening};
use crate::world::{PEOPLE, Step, World, user};

impl World {
    pub(crate) fn replied(
        &mut self,
        index: DeviceIndex,
        command: fulmar_engine::CommandId,
        reply: Result<Reply, fulmar_engine::CommandError>,
    ) {
        let device = &mut self.devices[index];
        match (device.waiting.remove(&command), reply) {
            (Some(Waiting::SignIn), _) => device.signing_in = false,
            (Some(Waiting::Sent { key, text }), Ok(_)) => device.promise(key, text),
            // Not promised, so it may be anywhere or nowhere; and the rest promises nothing.
            _ => {}
        }
    }

    pub(crate) fn sign_in(&mut self, index: DeviceIndex) -> Step {
        let device = &mut self.devices[index];
        let signed_in = matches!(device.session, SessionState::SignedIn { .. });
        if device.engine.is_none() || device.signing_in || signed_in {
            return Ok(());
        }
        device.signing_in = true;
        let command = device.command(Waiting::SignIn);
        let body = Command::SignIn {
            user_id: device.user.clone(),
            password: Secret::new(format!("{}-password", device.user)),
        };
        self.turn(index, vec![Input::Command { command, body }])
    }

    /// What a person does with an app: write, read, create, and sometimes nothing.
    pub(crate) fn act(&mut self, index: DeviceIndex) -> Step {
        self.sign_in(index)?;
        let (key, other) = (self.operation_key(), self.rng.usize(0..PEOPLE.len()));
        let device = &mut self.devices[index];
        if device.engine.is_none() {
            return Ok(());
        }
        let list = device.list()?;
        let body = if !device.created || list.is_empty() {
            device.created = true;
            let command = device.command(Waiting::Other);
            // The first device makes the group; everyone makes direct conversations, also at once.
            let conversation = match index {
                0 => NewConversation::Group {
                    title: "All".to_owned(),
                    participants: PEOPLE.iter().skip(1).map(|name| user(name)).collect(),
                },
                _ if PEOPLE[other] == device.user.as_str() => return Ok(()),
                _ => NewConversation::Direct {
                    with: user(PEOPLE[other]),
                },
            };
            let body = Command::Create {
                operation_key: key,
                conversation,
            };
            Input::Command { command, body }
        } else {
            let chosen = &list[self.rng.usize(0..list.len())];
            let reads = self.rng.u32(0..3) == 0;
            let (waiting, body) = match reads {
                true => (
                    Waiting::Other,
                    Command::MarkRead {
                        operation_key: key,
                        conversation: chosen.conversation_id.clone(),
                        up_to: Position(self.rng.u64(0..=chosen.last_position.0)),
                    },
                ),
                false => {
                    device.written += 1;
                    let text = format!("{}/{}", device.name, device.written);
                    let body = Command::Send {
                        operation_key: key,
                        conversation: chosen.conversation_id.clone(),
                        text: text.clone(),
                    };
                    (Waiting::Sent { key, text }, body)
                }
            };
            let command = device.command(waiting);
            Input::Command { command, body }
        };
        self.turn(index, vec![body])
    }

    pub(crate) fn operation_key(&mut self) -> OperationKey {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        OperationKey::from_parts(self.server_now(), random)
    }

    /// Once a second: what happens to everyone, whatever they do.
    pub(crate) fn weather(&mut self) -> Step {
        if !self.stormy {
            return Ok(());
        }
        let index = self.rng.usize(0..self.devices.len());
        if self.chance(self.storm.offline) {
            let process = self.process(index);
            self.turn(index, vec![Input::Network(NetworkState::Unavailable)])?;
            let at = self.time + self.rng.u64(0..10_000);
            self.network.at(at, Happening::Online { process });
        }
        if self.chance(self.storm.offline) {
            let app = match self.rng.bool() {
                true => AppState::Background,
                false => AppState::Foreground,
            };
            self.turn(index, vec![Input::App(app)])?;
        }
        if self.chance(self.storm.clock) {
            self.devices[index].clock_skew = self.rng.i64(-7_200_000..7_200_000);
        }
        let now = self.server_now();
        let user = self.devices[index].user.clone();
        if self.chance(self.storm.cut_log) {
            self.backend.cut_log(&user, now);
        }
        if self.chance(self.storm.revoke) {
            let outgoing = self.backend.revoke_sessions(&user, now);
            self.carry(outgoing);
        }
        if self.chance(self.storm.restart) {
            let outgoing = self.backend.close_all();
            self.carry(outgoing);
        }
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
        }
        Ok(())
    }
}
