//! What people do with their accounts and devices: drafts, blocks, another user on the same device, the end of an
//! account.

use fulmar_engine::{Command, SessionState, Unsent};
use fulmar_protocol::{Secret, UserId};

use crate::device::Waiting;
use crate::network::DeviceIndex;
use crate::population::password;
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    /// One such thing, sometimes; whether something was done.
    pub(super) fn act_on_account(&mut self, index: DeviceIndex) -> Result<bool, String> {
        if self.happens(Fault::Draft) {
            self.draft(index)?;
        } else if self.happens(Fault::Block) {
            self.block(index)?;
        } else if self.happens(Fault::Switch) {
            self.switch(index)?;
        } else if self.population.people.len() > 1 && self.happens(Fault::Delete) {
            self.delete_account(index)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Somebody begins to write, or gives up what they began.
    fn draft(&mut self, index: DeviceIndex) -> Step {
        let list = self.devices[index].list()?;
        if list.is_empty() {
            return Ok(());
        }
        let conversation = list[self.rng.usize(0..list.len())].conversation_id.clone();
        let text = match self.rng.u32(0..4) {
            0 => String::new(),
            _ => format!("draft {}", self.rng.u32(0..1000)),
        };
        let waiting = Waiting::Draft {
            conversation: conversation.clone(),
            text: text.clone(),
        };
        let command = self.devices[index].command(waiting);
        self.command(index, command, Command::SetDraft { conversation, text })
    }

    fn block(&mut self, index: DeviceIndex) -> Step {
        let user = self.somebody();
        let body = match self.rng.u32(0..3) {
            0 => Command::Block { user },
            _ => Command::Unblock { user },
        };
        let command = self.devices[index].command(Waiting::Other);
        self.command(index, command, body)
    }

    /// Somebody signs out, and somebody else takes the device.
    fn switch(&mut self, index: DeviceIndex) -> Step {
        let next = self.somebody();
        if self.devices[index].user != next {
            self.devices[index].next_user = Some(next);
        }
        self.sign_out(index)
    }

    /// Somebody has enough, for good. They say so on one device.
    fn delete_account(&mut self, index: DeviceIndex) -> Step {
        let user = self.devices[index].user.clone();
        let command = self.devices[index].command(Waiting::Other);
        let password = Secret::new(password(&user));
        self.command(index, command, Command::DeleteAccount { password })
    }

    /// The server has deleted somebody, or an earlier one has them again.
    pub(crate) fn note_deleted(&mut self) {
        let now = self.server_now();
        let users: Vec<UserId> = self.population.users().cloned().collect();
        self.deleted.clear();
        for user in users {
            if self.backend.act(&user, &[], now).0.is_err() {
                self.deleted.insert(user);
            }
        }
        for device in &mut self.devices {
            let deleted = &self.deleted;
            device
                .promised
                .retain(|_, it| !deleted.contains(&it.sender));
        }
    }

    /// The app of somebody who is gone empties its store.
    pub(crate) fn leave_device(&mut self, index: DeviceIndex) -> Step {
        let device = &mut self.devices[index];
        let is_empty = device.session == SessionState::SignedOut;
        if device.engine.is_none() || device.signing_in || is_empty {
            return Ok(());
        }
        device.note_tokens()?;
        let command = device.command(Waiting::SignOut);
        let unsent = Unsent::Discard;
        self.command(index, command, Command::SignOut { unsent })
    }
}
