//! The life of a process: it starts from its disk, handles inputs, and crashes.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

use fulmar_engine::{Durability, Effect, Input, SessionState, Store};
use rusqlite::Connection;

use crate::network::{DeviceIndex, ScheduledEvent};
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    /// Hands a batch of inputs to one engine, and carries out its effects; in a storm perhaps only some.
    pub(crate) fn handle(&mut self, index: DeviceIndex, batch: Vec<Input>) -> Step {
        let entropy = self.rng.u64(..);
        let powerless = self.storm.level(Fault::Power) > 0;
        let device = &mut self.devices[index];
        let now = device.now(self.time, entropy);
        let Some(engine) = &mut device.engine else {
            return Ok(());
        };
        self.transactions += 1;
        device.efforts.told(&batch, self.time);
        let released = match engine.handle(batch, now) {
            Ok(released) => released,
            Err(failed) => return Err(failed.to_string()),
        };
        let (log_id, cursor) = engine.followed();
        device.efforts.followed(log_id, cursor);
        if powerless && released.durability() == Durability::Full {
            device.image = Some(engine.image().map_err(|error| error.to_string())?);
        }
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)
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
        let device = &mut self.devices[index];
        device
            .look()
            .map_err(|what| format!("on the screen of {}: {what}", device.name))
    }

    pub(crate) fn crash(&mut self, index: DeviceIndex) -> Step {
        self.crashes += 1;
        let power = self.happens(Fault::Power);
        let reverse = self.storm.reverse_rows;
        let device = &mut self.devices[index];
        let Some(engine) = device.engine.take() else {
            return Ok(());
        };
        let disk = engine.into_store().into_connection();
        device.disk = Some(match (&device.image, power) {
            (Some(image), true) => {
                let mut disk = new_disk(reverse);
                disk.deserialize_read_exact("main", image.as_slice(), image.len(), false)
                    .map_err(|error| error.to_string())?;
                disk
            }
            _ => disk,
        });
        device.waiting.clear();
        device.signing_in = false;
        device.session = SessionState::SignedOut;
        let sockets = std::mem::take(&mut device.sockets);
        for far in sockets.into_values().flatten() {
            let at = self.delay();
            self.network.at(at, ScheduledEvent::EndAtServer { far });
        }
        let at = self.time + self.rng.u64(0..8_000);
        self.network.at(at, ScheduledEvent::Start { device: index });
        Ok(())
    }

    pub(crate) fn start(&mut self, index: DeviceIndex) -> Step {
        let entropy = self.rng.u64(..);
        let device = &mut self.devices[index];
        let now = device.now(self.time, entropy);
        let Some(released) = device.start(&self.deployment.client, now)? else {
            return Ok(());
        };
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)?;
        // Opening commits durably.
        let device = &mut self.devices[index];
        if let Some(engine) = &mut device.engine
            && self.storm.level(Fault::Power) > 0
        {
            device.image = Some(engine.image().map_err(|error| error.to_string())?);
        }
        self.sign_in(index)
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

/// A disk with a store that holds nothing yet. To make the tables of one takes as long as hundreds of transactions, so
/// that is done once for all worlds that are not about it.
pub(crate) fn disk_with_store(reverse_rows: bool) -> Connection {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| match Store::adopt(new_disk(false)) {
        Ok(mut store) => store.image().unwrap_or_default(),
        Err(error) => unreachable!("a database in memory becomes a store: {error}"),
    });
    let mut disk = new_disk(reverse_rows);
    match disk.deserialize_read_exact("main", image.as_slice(), image.len(), false) {
        Ok(()) => disk,
        Err(error) => unreachable!("the image is that of a store: {error}"),
    }
}

pub(crate) fn new_disk(reverse_rows: bool) -> Connection {
    let disk = match Connection::open_in_memory() {
        Ok(disk) => disk,
        Err(error) => unreachable!("a database in memory can be opened: {error}"),
    };
    // Finds a missing ORDER BY.
    let _ = disk.pragma_update(None, "reverse_unordered_selects", reverse_rows);
    disk
}
