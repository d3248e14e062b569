//! Whether a lane drains once the network works again, nothing is refused any more, and the app tries again what
//! failed.
//!
//! First all that is under way is lost. Then it plays on, always with the same next step, until nothing is left to
//! be done. Each of its steps is an action of the model, so from every state that is reached there is a way on.
//! What arrives instead of being lost leads to a state that is reached as well, and that is looked at by itself.

use crate::action::Action;
use crate::message::{DeviceIndex, numbers};
use crate::model::LaneModel;
use crate::network::Arrival;
use crate::state::{Device, State};

/// More steps than any lane needs.
const MOST_STEPS: usize = 60;

/// Whether both lanes drain from here, and both devices come to know all of the log.
pub(crate) fn drains(model: &LaneModel, state: &State) -> bool {
    let mut state = state.clone();
    state.all_lost();
    for _ in 0..MOST_STEPS {
        match step(model, &state) {
            Some(next) => state = next,
            None => return is_drained(model, &state),
        }
    }
    false
}

/// Whether nothing is left to be done.
pub(crate) fn is_drained(model: &LaneModel, state: &State) -> bool {
    let head = state.server().log().len();
    let mut devices = taking_part(model, state);
    devices.all(|(_, device)| {
        device.outbox.is_drained()
            && device.timeline.cursor() == head
            && !device.timeline.awaits_snapshot()
    })
}

fn taking_part<'a>(
    model: &LaneModel,
    state: &'a State,
) -> impl Iterator<Item = (DeviceIndex, &'a Device)> {
    let most = if model.bounds.has_second_device { 2 } else { 1 };
    state.devices().iter().enumerate().take(most)
}

fn step(model: &LaneModel, state: &State) -> Option<State> {
    taking_part(model, state).find_map(|(index, device)| {
        wishes(index, device)
            .into_iter()
            .find_map(|action| action.apply(state, &model.bounds, model.mistake))
    })
}

/// What a device waits for, or does, in the order in which it is tried.
fn wishes(index: DeviceIndex, device: &Device) -> Vec<Action> {
    let mut wishes = Vec::new();
    if device.timeline.awaits_snapshot() {
        wishes.push(Action::SnapshotArrives(index));
    }
    wishes.push(Action::EventArrives(index, device.timeline.cursor() + 1));
    if device.outbox.is_under_way() {
        let submits = device.network.submits().iter();
        let new = submits
            .enumerate()
            .find(|(_, submit)| submit.is_current && submit.arrival == Arrival::New);
        wishes.push(Action::OutcomeArrives(index));
        wishes.extend(new.map(|(place, _)| Action::SubmitArrives(index, place, None)));
        // No outcome comes any more: the device takes the connection as dead.
        wishes.push(Action::Break(index));
    }
    wishes.extend(numbers().map(|number| Action::Retry(index, number)));
    wishes.push(Action::Submit(index));
    wishes
}
