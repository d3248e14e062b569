//! Apps that are suspended at any point: for a while the process gets no input and none of its timers runs, then it
//! goes on with the same memory. What arrived meanwhile is there all at once, and so is what was due.

use fulmar_engine::{AppState, Engine, Input, NetworkState};

use crate::network::{DeviceIndex, Direction, ScheduledEvent};
use crate::storm::Fault;
use crate::world::{Step, World};

/// A process that is suspended.
pub(crate) struct Suspended {
    pub(crate) engine: Engine,
    since: u64,
    /// What arrived meanwhile.
    held: Vec<ScheduledEvent>,
    /// Something in between has forgotten its connections, and tells nobody: nothing arrives.
    is_cut_off: bool,
}

impl World {
    /// A device is suspended, perhaps.
    pub(crate) fn suspend(&mut self, index: DeviceIndex) {
        if self.devices[index].engine.is_none() || !self.happens(Fault::Suspend) {
            return;
        }
        let process = self.process(index);
        let sockets = self.devices[index].sockets.clone();
        let fate = self.rng.u32(0..3);
        for (socket, far) in sockets {
            match (far, fate) {
                (Some(far), 0) => self.cut(process, socket, far),
                (Some(far), 1) => {
                    self.network.mute(far, Direction::Up);
                    self.network.mute(far, Direction::Down);
                }
                _ => {}
            }
        }
        let device = &mut self.devices[index];
        device.suspended = device.engine.take().map(|engine| Suspended {
            engine,
            since: self.time,
            held: Vec::new(),
            is_cut_off: fate == 1,
        });
        // Hours are rare: meanwhile the others of the world go on, which takes its time.
        let lasts = match self.rng.u32(0..24) {
            0 => self.rng.u64(600_000..5_400_000),
            1..12 => self.rng.u64(60_000..600_000),
            _ => self.rng.u64(1_000..60_000),
        };
        let resume = ScheduledEvent::Resume { device: index };
        self.network.at(self.time + lasts, resume);
    }

    /// The process goes on, unless it was killed.
    pub(crate) fn resume(&mut self, index: DeviceIndex) -> Step {
        let device = &mut self.devices[index];
        let Some(Suspended {
            engine,
            since,
            held,
            ..
        }) = device.suspended.take()
        else {
            return Ok(());
        };
        device.answers.suspended(self.time - since);
        device.engine = Some(engine);
        if self.happens(Fault::Crash) {
            return self.crash(index);
        }
        for event in held {
            self.handle_event(event)?;
        }
        self.handle(index, Vec::new())?;
        if !self.stormy {
            self.handle(index, vec![Input::Network(NetworkState::Available)])?;
            self.handle(index, vec![Input::App(AppState::Foreground)])?;
        }
        Ok(())
    }

    /// Keeps what arrives at a suspended process until it goes on; gives back everything else.
    pub(crate) fn hold_back(&mut self, event: ScheduledEvent) -> Option<ScheduledEvent> {
        let (index, is_from_network) = match &event {
            ScheduledEvent::Opened { process, .. }
            | ScheduledEvent::Refused { process, .. }
            | ScheduledEvent::ToDevice { process, .. }
            | ScheduledEvent::EndAtDevice { process, .. }
            | ScheduledEvent::Answer { process, .. } => (process.device, true),
            ScheduledEvent::TokenWanted { process, .. } => (process.device, false),
            ScheduledEvent::Online { device } | ScheduledEvent::Act { device, .. } => {
                (*device, false)
            }
            ScheduledEvent::Handshake { .. }
            | ScheduledEvent::ToServer { .. }
            | ScheduledEvent::EndAtServer { .. }
            | ScheduledEvent::Request { .. }
            | ScheduledEvent::Start { .. }
            | ScheduledEvent::Resume { .. }
            | ScheduledEvent::Weather
            | ScheduledEvent::ServerTick => return Some(event),
        };
        match &mut self.devices[index].suspended {
            Some(suspended) if suspended.is_cut_off && is_from_network => None,
            Some(suspended) => {
                suspended.held.push(event);
                None
            }
            None => Some(event),
        }
    }

    /// With its server all connections of a suspended process end: what had arrived and was not heard is lost.
    pub(crate) fn lose_what_is_held(&mut self) {
        let suspended = self
            .devices
            .iter_mut()
            .filter_map(|it| it.suspended.as_mut());
        for suspended in suspended {
            suspended
                .held
                .retain(|event| !matches!(event, ScheduledEvent::ToDevice { .. }));
            for event in &mut suspended.held {
                if let ScheduledEvent::Answer { answer, .. } = event {
                    *answer = None;
                }
            }
        }
    }

    /// Whether some process is still suspended.
    pub(crate) fn is_any_suspended(&self) -> bool {
        self.devices.iter().any(|device| device.suspended.is_some())
    }
}
