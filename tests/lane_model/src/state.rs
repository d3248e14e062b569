//! The whole state: two devices, their networks, and the server.

use crate::message::DeviceIndex;
use crate::mistake::Mistake;
use crate::network::{Network, Outcome};
use crate::outbox::Outbox;
use crate::server::{Event, Server, Verdict};
use crate::timeline::{Seq, Timeline};

/// A device: what is in its store, and what it has in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Device {
    pub(crate) outbox: Outbox,
    pub(crate) timeline: Timeline,
    pub(crate) network: Network,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct State {
    devices: [Device; 2],
    server: Server,
}

impl State {
    pub(crate) fn devices(&self) -> &[Device] {
        &self.devices
    }

    pub(crate) fn device_mut(&mut self, index: DeviceIndex) -> Option<&mut Device> {
        self.devices.get_mut(index)
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The device submits what waits.
    pub(crate) fn submit(
        &mut self,
        index: DeviceIndex,
        most: usize,
        mistake: Option<Mistake>,
    ) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        let taken = device.outbox.submit(mistake)?;
        if !taken.is_empty() {
            device.network.send(taken, most);
        }
        Some(())
    }

    /// A submit arrives at the server. One that is not new is answered when the server remembers all of it; nothing
    /// of it is applied.
    pub(crate) fn take(
        &mut self,
        index: DeviceIndex,
        submit: usize,
        verdict: Verdict,
        mistake: Option<Mistake>,
    ) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        let arrived = *device.network.submits().get(submit)?;
        let operations = arrived.operations;
        let is_served = arrived.is_applied(mistake) || self.server.remembers_all(index, operations);
        if !is_served {
            return None;
        }
        let results = self.server.apply(index, operations, verdict, mistake);
        device.network.taken(submit, mistake);
        let outcome = Outcome {
            operations,
            results,
            is_current: arrived.is_current,
        };
        device.network.answer(outcome, mistake);
        Some(())
    }

    /// An outcome arrives at the device, which takes it only for the submit that is under way.
    pub(crate) fn outcome(&mut self, index: DeviceIndex, mistake: Option<Mistake>) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        let outcome = device.network.outcome()?;
        let is_expected = outcome.is_current || mistake == Some(Mistake::AFormerOutcomeIsTaken);
        if !is_expected || !device.outbox.is_under_way() {
            return None;
        }
        let is_added_blindly = mistake == Some(Mistake::EventAndOutcomeBothAdd);
        let applied = device
            .outbox
            .outcome(outcome.operations, outcome.results, mistake);
        let added = if is_added_blindly {
            outcome.results.applied.sends()
        } else {
            applied
        };
        for number in added.iter() {
            device.timeline.add(index, number, mistake);
        }
        device.network.ended(mistake);
        Some(())
    }

    /// An event arrives, live or because it was fetched.
    pub(crate) fn event(
        &mut self,
        index: DeviceIndex,
        seq: Seq,
        mistake: Option<Mistake>,
    ) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        if !device.timeline.takes_event(seq, mistake) {
            return None;
        }
        match self.server.log().get(seq.checked_sub(1)?)? {
            Event::Created(key) => {
                device.timeline.add(key.device, key.number, mistake);
                if key.device == index {
                    device.outbox.confirmed(key.number);
                }
            }
            Event::Deleted(key) => {
                if key.device == index {
                    device.outbox.deleted(key.number);
                }
            }
        }
        device.timeline.moved_to(seq);
        Some(())
    }

    /// The server says `sync.reset`, and makes a snapshot; or makes it anew, because the first was lost.
    pub(crate) fn reset(&mut self, index: DeviceIndex, has_new_id: bool) -> Option<()> {
        let seq = self.server.log().len();
        let device = self.devices.get_mut(index)?;
        device.timeline.reset(seq, has_new_id);
        Some(())
    }

    /// The snapshot arrives.
    pub(crate) fn snapshot(&mut self, index: DeviceIndex, mistake: Option<Mistake>) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        let messages = device.timeline.take_snapshot(self.server.log())?;
        device.outbox.snapshot(mistake);
        for key in messages {
            if key.device == index {
                device.outbox.confirmed(key.number);
            }
        }
        Some(())
    }

    /// The connection is lost, and comes back.
    pub(crate) fn broken(&mut self, index: DeviceIndex, mistake: Option<Mistake>) -> Option<()> {
        if mistake == Some(Mistake::ABrokenConnectionIsNotNoticed) {
            return None;
        }
        let device = self.devices.get_mut(index)?;
        device.outbox.broken(mistake);
        device.timeline.broken();
        device.network.ended(mistake);
        Some(())
    }

    /// The process ends, and begins again from its store.
    pub(crate) fn restarted(&mut self, index: DeviceIndex, mistake: Option<Mistake>) -> Option<()> {
        let device = self.devices.get_mut(index)?;
        device.outbox.restarted(mistake);
        device.timeline.broken();
        device.network.ended(mistake);
        Some(())
    }

    /// So much time passes that the retention of keys is over. No frame is under way for so long.
    pub(crate) fn retention_over(&mut self, mistake: Option<Mistake>) -> Option<()> {
        for device in &mut self.devices {
            device.outbox.broken(mistake);
            device.outbox.retention_over();
            device.timeline.broken();
            device.network.clear();
        }
        self.server.retention_over(mistake);
        Some(())
    }

    /// All that is under way is lost, and nobody knows.
    pub(crate) fn all_lost(&mut self) {
        for device in &mut self.devices {
            device.network.clear();
        }
    }
}
