//! When the storm is over: what is left to do, and the judgement.

use std::fmt;

use fulmar_engine::{Engine, SessionState, Status};
use fulmar_protocol::UserId;

use crate::device::Device;
use crate::oracle::Truth;
use crate::population::{ORACLE, user};
use crate::world::World;

/// How long a world may take to converge after the storm, in virtual milliseconds.
pub(crate) const PATIENCE: u64 = 15 * 60 * 1000;

/// Why a device has not converged.
enum Left {
    Dead,
    /// It is of somebody who is gone, and shows what they had.
    Deleted,
    Busy(Status),
    DeadSocket,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead => f.write_str("it is dead"),
            Self::Deleted => f.write_str("it is of somebody who is gone"),
            Self::Busy(status) => write!(f, "{status:?}"),
            Self::DeadSocket => f.write_str("it holds a dead socket"),
        }
    }
}

impl World {
    pub(crate) fn converged(&mut self) -> Result<bool, String> {
        let tidies = self.time >= self.tidied + 1000;
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
            if tidies {
                self.tidied = self.time;
                self.give_up_failed(index)?;
            }
        }
        // The one that had something left the last time most likely has it still.
        let busy = self.busy.min(self.devices.len());
        for index in (busy..self.devices.len()).chain(0..busy) {
            if self.left_of(&self.devices[index])?.is_some() {
                self.busy = index;
                return Ok(false);
            }
        }
        // What failed holds a promise until somebody gives it up, and what hangs on it fails only then.
        for device in &self.devices {
            if !device.failed()?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How long all devices together may take for what is unsent: longer where the server takes few messages a minute.
    pub(crate) fn patience(&self) -> Result<u64, String> {
        let Some(each_minute) = self.deployment.server.messages_per_minute else {
            return Ok(PATIENCE);
        };
        let mut unsent = 0;
        for engine in self.devices.iter().filter_map(|it| it.engine.as_ref()) {
            let status = engine.status().map_err(|error| error.to_string())?;
            unsent += u64::from(status.unsent);
        }
        let minutes = unsent / u64::from(each_minute).max(1);
        Ok(PATIENCE + minutes * 60 * 1000)
    }

    /// Which devices still have something to do, and what.
    pub(crate) fn what_is_left(&self) -> Result<String, String> {
        let left = self.devices.iter().map(|device| {
            let left = self.left_of(device)?;
            Ok(left.map(|left| format!("{}: {left}; ", device.name)))
        });
        left.filter_map(Result::transpose).collect()
    }

    /// What one device still has to do.
    fn left_of(&self, device: &Device) -> Result<Option<Left>, String> {
        let Some(engine) = &device.engine else {
            return Ok(Some(Left::Dead));
        };
        if self.deleted.contains(&device.user) {
            let is_empty = device.session == SessionState::SignedOut;
            return Ok((!is_empty).then_some(Left::Deleted));
        }
        let status = engine.status().map_err(|error| error.to_string())?;
        if !status.is_up_to_date() {
            return Ok(Some(Left::Busy(status)));
        }
        let mut held = device.sockets.values().flatten();
        Ok(held
            .any(|far| self.network.is_dead(*far))
            .then_some(Left::DeadSocket))
    }

    /// Whether nothing that is gone remains on any device, as far as it knows.
    pub(crate) fn is_clean(&self) -> bool {
        let mut engines = self.devices.iter().filter_map(|it| it.engine.as_ref());
        engines.all(Engine::is_clean)
    }

    pub(crate) fn judge(&mut self) -> Result<usize, String> {
        for index in 0..self.devices.len() {
            self.look(index)?;
        }
        let now = self.server_now();
        let users: Vec<UserId> = self
            .population
            .users()
            .cloned()
            .chain([user(ORACLE)])
            .filter(|user| !self.deleted.contains(user))
            .collect();
        let truth = Truth::read(&mut self.backend, &users, now)?;
        truth.judge_server(&self.devices)?;
        let quiet = u64::try_from(self.deployment.quiet().as_millis()).unwrap_or(u64::MAX);
        for device in &mut self.devices {
            if self.deleted.contains(&device.user) {
                // What the first sight of it showed: nothing.
                continue;
            }
            let waited = device.answers.judge_rest(quiet, self.time);
            waited
                .and_then(|()| truth.judge_device(device))
                .and_then(|()| device.judge_rest())
                .map_err(|what| format!("{}: {what}", device.name))?;
        }
        let deleted = truth.deleted_texts(&self.devices);
        for device in &mut self.devices {
            device.judge_deleted(&deleted)?;
        }
        Ok(self
            .devices
            .iter()
            .map(|device| device.promised.len())
            .sum())
    }
}
