//! Signing in, and the weather: what happens to everyone whatever they do.

use fulmar_engine::{
    AppState, Command, CommandError, Input, NetworkState, Reply, SessionState, Unsent,
};
use fulmar_protocol::Secret;

use crate::device::Waiting;
use crate::network::{DeviceIndex, ScheduledEvent};
use crate::population::password;
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    pub(crate) fn replied(
        &mut self,
        index: DeviceIndex,
        command: fulmar_engine::CommandId,
        reply: Result<Reply, CommandError>,
    ) -> Step {
        let device = &mut self.devices[index];
        match (device.waiting.remove(&command), reply) {
            (Some(Waiting::SignIn), reply) => {
                device.signing_in = false;
                if reply.is_ok() {
                    device.efforts.signed_in();
                }
            }
            (Some(Waiting::SignOut), Ok(_)) => {
                let judged = device.judge_wiped();
                device.signed_out();
                return judged;
            }
            (Some(Waiting::SignOut), Err(_)) => device.next_user = None,
            (Some(Waiting::Draft { conversation, text }), Ok(_)) => {
                device.drafted(conversation, text);
            }
            // It may be kept, or not.
            (Some(Waiting::Draft { .. }), Err(_)) => device.drafts.clear(),
            (Some(Waiting::Sent { promise, .. } | Waiting::GivenUp { promise, .. }), _)
                if self.deleted.contains(&promise.sender) => {}
            // A commit that failed may be found when the store is opened again: it is there, or given up.
            (Some(Waiting::GivenUp { .. }), Err(CommandError::Store { .. })) => {}
            (Some(Waiting::Sent { key, promise }), Ok(_))
            // It may be at the server, so it stays.
            | (Some(Waiting::GivenUp { key, promise, .. }), Err(_)) => device.promise(key, promise),
            (Some(Waiting::GivenUp { key, alone: true, .. }), Ok(_)) => {
                device.given_up.insert(key);
            }
            (Some(Waiting::Download { content }), Ok(_)) => {
                device.downloaded.insert(content);
            }
            // Not promised, so it may be anywhere or nowhere; and the rest promises nothing.
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn sign_in(&mut self, index: DeviceIndex) -> Step {
        if self.deleted.contains(&self.devices[index].user) {
            return self.leave_device(index);
        }
        let device = &mut self.devices[index];
        let signed_in = matches!(device.session, SessionState::SignedIn { .. });
        if device.engine.is_none() || device.signing_in || signed_in {
            return Ok(());
        }
        device.signing_in = true;
        let command = device.command(Waiting::SignIn);
        let user_id = device.user.clone();
        let body = match device.has_provider {
            true => Command::SignInWithProvider { user_id },
            false => Command::SignIn {
                password: Secret::new(password(&user_id)),
                user_id,
            },
        };
        self.handle(index, vec![Input::Command { command, body }])
    }

    /// Somebody signs out, and in again later. What was never confirmed is given up, or keeps them from it.
    pub(crate) fn sign_out(&mut self, index: DeviceIndex) -> Step {
        let unsent = match self.rng.bool() {
            true => Unsent::Discard,
            false => Unsent::Refuse,
        };
        let device = &mut self.devices[index];
        if unsent == Unsent::Discard {
            // It may be at the server, or nowhere; and what waits may have been at a server that has lost it.
            let mut waiting = device.in_outbox()?;
            waiting.extend(&device.unseen);
            for key in waiting {
                device.forget(key);
            }
        }
        device.note_tokens()?;
        let command = device.command(Waiting::SignOut);
        let body = Command::SignOut { unsent };
        self.handle(index, vec![Input::Command { command, body }])
    }

    /// Once a second: what happens to everyone, whatever they do.
    pub(crate) fn weather(&mut self) -> Step {
        if !self.stormy {
            return Ok(());
        }
        let index = self.rng.usize(0..self.devices.len());
        if self.happens(Fault::Offline) {
            self.handle(index, vec![Input::Network(NetworkState::Unavailable)])?;
            let at = self.time + self.rng.u64(0..10_000);
            let online = ScheduledEvent::Online { device: index };
            self.network.at(at, online);
        }
        if self.happens(Fault::Offline) {
            let app = match self.rng.bool() {
                true => AppState::Background,
                false => AppState::Foreground,
            };
            self.handle(index, vec![Input::App(app)])?;
        }
        if self.happens(Fault::Clock) {
            self.devices[index].clock.jump(&mut self.rng);
        }
        let now = self.server_now();
        let user = self.devices[index].user.clone();
        if self.happens(Fault::CutLog) {
            self.backend.cut_log(&user, now);
        }
        if self.happens(Fault::Revoke) {
            let outgoing = self.backend.revoke_sessions(&user, now);
            self.carry(outgoing);
        }
        if self.happens(Fault::Restart) {
            let outgoing = self.backend.close_all();
            self.carry(outgoing);
        }
        self.disk_weather(index);
        self.suspend(index);
        self.keep_or_restore()?;
        self.fall_behind()?;
        self.push_beside(index)?;
        self.break_out()?;
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
        }
        Ok(())
    }
}
