//! The life of a process: it starts from its disk, handles inputs, and crashes.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use fulmar_engine::{Durability, Effect, Input, SessionState};

use crate::answers::Answers;
use crate::device::Waiting;
use crate::network::{DeviceIndex, ScheduledEvent};
use crate::storm::Fault;
use crate::watching::Watching;
use crate::world::{Step, World};

impl World {
    /// Hands a batch of inputs to one engine, and carries out its effects; in a storm perhaps only some.
    pub(crate) fn handle(&mut self, index: DeviceIndex, batch: Vec<Input>) -> Step {
        let device = &mut self.devices[index];
        device.storage.at(self.time);
        let again = match device.storage.is_reliable() {
            true => Vec::new(),
            false => batch
                .iter()
                .filter(|input| input.is_from_app())
                .cloned()
                .collect(),
        };
        match self.transact(index, batch)? {
            None => Ok(()),
            Some(reason) => self.store_failed(index, again, &reason),
        }
    }

    /// One transaction and its effects. Gives why the store did not take it.
    pub(crate) fn transact(
        &mut self,
        index: DeviceIndex,
        batch: Vec<Input>,
    ) -> Result<Option<String>, String> {
        let entropy = self.rng.u64(..);
        let powerless = self.storm.level(Fault::Power) > 0;
        let device = &mut self.devices[index];
        let now = device.now(self.time, entropy);
        let Some(engine) = &mut device.engine else {
            return Ok(None);
        };
        self.transactions += 1;
        device.storage.refused();
        device.efforts.told(&batch, self.time);
        device.answers.told(&batch, self.time);
        let released = match engine.handle(batch, now) {
            Ok(released) => released,
            Err(failed) => return Ok(Some(failed.to_string())),
        };
        let (log_id, cursor) = engine.followed();
        device.efforts.followed(log_id, cursor);
        device.efforts.committed();
        if device.storage.lost_power() {
            // Behind the commit, and before any effect.
            return Ok(Some("the power failed".to_owned()));
        }
        if powerless {
            device.storage.committed(engine, released.durability())?;
        }
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)?;
        let device = &mut self.devices[index];
        let judged = device.judge_drafts();
        judged.map_err(|what| format!("on the screen of {}: {what}", device.name))?;
        Ok(None)
    }

    pub(crate) fn effects(&mut self, index: DeviceIndex, effects: Vec<Effect>) -> Step {
        for effect in &effects {
            (self.time, index).hash(&mut self.hasher);
            // A hasher takes whatever is written.
            let _ = write!(Written(&mut self.hasher), "{effect:?}");
            self.hasher.write_u8(u8::MAX);
        }
        let crash = self.stormy && self.happens(Fault::Crash);
        let done = match crash {
            true => self.rng.usize(0..=effects.len()),
            false => effects.len(),
        };
        for effect in effects.into_iter().take(done) {
            self.carry_out(index, effect)?;
        }
        if crash {
            self.crash(index)?;
        } else if self.rng.u32(0..10) == 0 {
            self.look(index)?;
        }
        Ok(())
    }

    pub(crate) fn look(&mut self, index: DeviceIndex) -> Step {
        let heard = self.has_heard_all(index)?;
        let device = &mut self.devices[index];
        let waited = device.answers.judge(&self.deployment.client, self.time);
        let look = waited.and_then(|()| device.look());
        let look = look.and_then(|()| device.judge_within(heard));
        look.map_err(|what| format!("on the screen of {}: {what}", device.name))
    }

    /// Whether a device has followed the log of its user to the end.
    fn has_heard_all(&mut self, index: DeviceIndex) -> Result<bool, String> {
        let now = self.server_now();
        let device = &self.devices[index];
        let Some(engine) = &device.engine else {
            return Ok(false);
        };
        if self.deleted.contains(&device.user) {
            return Ok(false);
        }
        let log = self.backend.log_of(&device.user, now);
        let (log_id, head) = log.map_err(|problem| format!("{problem:?}"))?;
        Ok(engine.user_id().is_some() && engine.followed() == (Some(log_id), head))
    }

    /// The process dies. The power may fail with it, or has.
    pub(crate) fn crash(&mut self, index: DeviceIndex) -> Step {
        self.crashes += 1;
        let power = self.devices[index].storage.lost_power() || self.happens(Fault::Power);
        let device = &mut self.devices[index];
        // A suspended one dies, too: the power may fail while a second process writes beside it.
        let suspended = device.suspended.take().map(|it| it.engine);
        let Some(engine) = device.engine.take().or(suspended) else {
            return Ok(());
        };
        let crashed = device.storage.crash(engine, power);
        crashed.map_err(|error| error.to_string())?;
        device.kept = None;
        // The answer about the newest one may be among the effects that did not happen.
        let unanswered = device.waiting.values().any(Waiting::is_draft);
        if power || unanswered {
            device.drafts.clear();
        }
        device.next_user = None;
        device.waiting.clear();
        device.answers = Answers::default();
        device.watching = Watching::default();
        device.signing_in = false;
        device.session = SessionState::SignedOut;
        self.end_sockets(index);
        let at = self.time + self.rng.u64(0..8_000);
        self.network.at(at, ScheduledEvent::Start { device: index });
        Ok(())
    }

    /// The sockets of a process that has no engine any more.
    pub(crate) fn end_sockets(&mut self, index: DeviceIndex) {
        let sockets = std::mem::take(&mut self.devices[index].sockets);
        for far in sockets.into_values().flatten() {
            let at = self.delay();
            self.network.at(at, ScheduledEvent::EndAtServer { far });
        }
    }

    pub(crate) fn start(&mut self, index: DeviceIndex) -> Step {
        self.open_store(index)?;
        self.sign_in(index)
    }

    /// Opens the store, if no engine has it; the process has one then, unless the store failed.
    pub(crate) fn open_store(&mut self, index: DeviceIndex) -> Step {
        let entropy = self.rng.u64(..);
        let device = &mut self.devices[index];
        device.storage.at(self.time);
        device.storage.refused();
        let hints = device.kept.as_ref().map(|(efforts, _)| efforts.hints());
        let now = device.now(self.time, entropy);
        let released = match device.start(&self.deployment.client, now) {
            Ok(Some(released)) => released,
            Ok(None) => return Ok(()),
            Err(error) => return self.cannot_open(index, &error),
        };
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)?;
        // Opening commits durably.
        let device = &mut self.devices[index];
        if let Some(engine) = &mut device.engine
            && self.storm.level(Fault::Power) > 0
        {
            device.storage.committed(engine, Durability::Full)?;
        }
        match hints {
            // They are told to the next one anyway.
            Some(hints) => match self.transact(index, hints)? {
                Some(reason) => self.store_failed(index, Vec::new(), &reason),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// What happens to a disk: it is full for a while, or fails, or loses its power in the midst of a write.
    pub(crate) fn disk_weather(&mut self, index: DeviceIndex) {
        let (now, storage) = (self.time, &mut self.devices[index].storage);
        if !storage.is_disk() {
            return;
        }
        if self.happens(Fault::Full) {
            self.devices[index].storage.trouble(now);
        }
        if self.rng.u32(0..10) == 0 && self.happens(Fault::Power) {
            self.devices[index].storage.fail_soon();
        }
    }
}

/// What is written is hashed, and kept nowhere.
struct Written<'a>(&'a mut DefaultHasher);

impl fmt::Write for Written<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
