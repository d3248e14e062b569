//! What can happen next. Decides nothing about what comes of it.

use crate::bounds::Bounds;
use crate::message::{DeviceIndex, Number, Operation, numbers};
use crate::mistake::Mistake;
use crate::network::Submit;
use crate::outbox::Discarded;
use crate::server::{Failure, Verdict};
use crate::state::{Device, State};
use crate::timeline::Seq;

/// One step of a device, of the server or of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The app hands over its next message.
    HandOver(DeviceIndex),
    /// The device submits what waits in its lane.
    Submit(DeviceIndex),
    /// A submit, or a further copy of it, arrives at the server.
    SubmitArrives(DeviceIndex, usize, Verdict),
    /// An outcome arrives at the device.
    OutcomeArrives(DeviceIndex),
    /// An event arrives at the device.
    EventArrives(DeviceIndex, Seq),
    /// The server says `sync.reset` and makes a snapshot, perhaps of a log with a new `logId`.
    Reset(DeviceIndex, bool),
    /// The snapshot arrives at the device.
    SnapshotArrives(DeviceIndex),
    /// The connection of the device is lost, and comes back.
    Break(DeviceIndex),
    /// The process of the device ends, and begins again.
    Restart(DeviceIndex),
    /// The app tries a message again.
    Retry(DeviceIndex, Number),
    /// The app discards a message.
    Discard(DeviceIndex, Number, Discarded),
    /// The retention of keys ends.
    RetentionEnds,
}

impl Action {
    /// Everything that may happen within the bounds; some of it changes nothing.
    pub(crate) fn all(
        state: &State,
        bounds: &Bounds,
        mistake: Option<Mistake>,
        actions: &mut Vec<Self>,
    ) {
        let messages = bounds.messages.into_iter();
        let devices = state.devices().iter().zip(messages).enumerate();
        for (index, (device, most)) in devices {
            if index > 0 && !bounds.has_second_device {
                continue;
            }
            of_log(index, device, state, bounds, mistake, actions);
            if most == 0 {
                continue;
            }
            if device.outbox.durable() < most {
                actions.push(Self::HandOver(index));
            }
            of_lane(index, device, bounds, mistake, actions);
            for (place, submit) in device.network.submits().iter().enumerate() {
                for verdict in verdicts(index, *submit, state, bounds, mistake) {
                    actions.push(Self::SubmitArrives(index, place, verdict));
                }
            }
        }
        if bounds.retention {
            actions.push(Self::RetentionEnds);
        }
    }

    /// The state afterwards. `None`: it changes nothing.
    pub(crate) fn apply(
        self,
        state: &State,
        bounds: &Bounds,
        mistake: Option<Mistake>,
    ) -> Option<State> {
        let mut next = state.clone();
        match self {
            Self::HandOver(index) => next.device_mut(index)?.outbox.hand_over(),
            Self::Submit(index) => next.submit(index, bounds.submits, mistake)?,
            Self::SubmitArrives(index, submit, verdict) => {
                next.take(index, submit, verdict, mistake)?;
            }
            Self::OutcomeArrives(index) => next.outcome(index, mistake)?,
            Self::EventArrives(index, seq) => next.event(index, seq, mistake)?,
            Self::Reset(index, has_new_id) => next.reset(index, has_new_id)?,
            Self::SnapshotArrives(index) => next.snapshot(index, mistake)?,
            Self::Break(index) => next.broken(index, mistake)?,
            Self::Restart(index) => next.restarted(index, mistake)?,
            Self::Retry(index, number) => {
                next.device_mut(index)?.outbox.retry(number).then_some(())?;
            }
            Self::Discard(index, number, how) => {
                let outbox = &mut next.device_mut(index)?.outbox;
                outbox.discard(number, how, mistake).then_some(())?;
            }
            Self::RetentionEnds => next.retention_over(mistake)?,
        }
        Some(next)
    }
}

/// What the log can bring to a device.
fn of_log(
    index: DeviceIndex,
    device: &Device,
    state: &State,
    bounds: &Bounds,
    mistake: Option<Mistake>,
    actions: &mut Vec<Action>,
) {
    let head = state.server().log().len();
    let taken = (1..=head).filter(|seq| device.timeline.takes_event(*seq, mistake));
    actions.extend(taken.map(|seq| Action::EventArrives(index, seq)));
    if !bounds.resets {
        return;
    }
    actions.extend([false, true].map(|has_new_id| Action::Reset(index, has_new_id)));
    if device.timeline.awaits_snapshot() {
        actions.push(Action::SnapshotArrives(index));
    }
}

/// What the device and its app can do with the lane, and what can break.
fn of_lane(
    index: DeviceIndex,
    device: &Device,
    bounds: &Bounds,
    mistake: Option<Mistake>,
    actions: &mut Vec<Action>,
) {
    let outbox = &device.outbox;
    if !outbox.is_under_way() || mistake == Some(Mistake::TwoSubmitsAreUnderWay) {
        actions.push(Action::Submit(index));
    }
    if outbox.is_under_way() {
        actions.push(Action::OutcomeArrives(index));
        actions.push(Action::Break(index));
        actions.push(Action::Restart(index));
    }
    for number in numbers().filter(|number| outbox.has(*number)) {
        if bounds.refusals || bounds.retention {
            actions.push(Action::Retry(index, number));
        }
        if bounds.discards {
            let ways = [Discarded::Gone, Discarded::DeletedBehind];
            actions.extend(ways.map(|how| Action::Discard(index, number, how)));
        }
    }
}

/// What the server may say to a submit that it has not taken yet.
fn verdicts(
    index: DeviceIndex,
    submit: Submit,
    state: &State,
    bounds: &Bounds,
    mistake: Option<Mistake>,
) -> Vec<Verdict> {
    let mut verdicts = vec![None];
    if !bounds.refusals || !submit.is_applied(mistake) {
        return verdicts;
    }
    for number in submit.operations.sends().iter() {
        let send = Operation::Send(number);
        verdicts.push(Some((send, Failure::Deferred)));
        if submit.operations.iter().count() == 1 {
            verdicts.push(Some((send, Failure::RefusedUnseen)));
        }
        // To a key that it remembers it answers with the first outcome.
        if !state.server().remembers(index, submit.operations, send) {
            verdicts.push(Some((send, Failure::Refused)));
        }
    }
    verdicts
}
