//! What must be true in every state, and what has to be reachable so that this says something. Knows no mistake.

use stateright::Property;

use crate::bounds::Bounds;
use crate::drain::{drains, is_drained};
use crate::message::{DeviceIndex, Key, Number, numbers};
use crate::model::LaneModel;
use crate::network::Arrival;
use crate::server::{Event, created};
use crate::state::{Device, State};

pub(crate) const ONCE: &str = "no message is at the server twice";
pub(crate) const ORDER: &str = "the messages of a device stand in their order";
pub(crate) const NOTHING_LOST: &str = "a durable message is in the store or at the server";
pub(crate) const SCREEN: &str = "a screen shows each message once, in order";
pub(crate) const CURSOR: &str = "a device knows every message up to its cursor";
pub(crate) const STAYS: &str = "a message stays on the screen, or its event is to come";
pub(crate) const GONE_IS_GONE: &str = "a message that is gone is never at the server";
pub(crate) const DRAINS: &str = "with a network that works every lane drains";

/// All of them, for what can happen within the bounds.
pub(crate) fn all(bounds: &Bounds) -> Vec<Property<LaneModel>> {
    let mut all = vec![
        Property::always(ONCE, |_, state| is_once(state)),
        Property::always(ORDER, |_, state| is_in_order(state)),
        Property::always(NOTHING_LOST, |_, state| every_message(state, is_not_lost)),
        Property::always(SCREEN, |_, state| every_screen(state, is_screen_right)),
        Property::always(CURSOR, |_, state| every_screen(state, knows_up_to_cursor)),
        Property::always(STAYS, |_, state| every_message(state, stays)),
        Property::always(DRAINS, drains),
    ];
    if bounds.discards {
        let condition = |_: &_, state: &_| every_message(state, is_truly_gone);
        all.push(Property::always(GONE_IS_GONE, condition));
    }
    all.extend(reachable(bounds));
    all
}

/// What has to be so in some state: otherwise the model does not do what it is for.
fn reachable(bounds: &Bounds) -> Vec<Property<LaneModel>> {
    let mut all = vec![
        Property::sometimes("all messages are sent and known", all_are_sent),
        Property::sometimes("a former submit is still under way", |_, state| {
            some_device(state, has_former_submit)
        }),
    ];
    if bounds.discards {
        all.push(Property::sometimes(
            "a discarded message is gone",
            |_, state| some_message(state, |_, _, device, number| device.outbox.is_gone(number)),
        ));
        all.push(Property::sometimes(
            "a discarded message was sent and is deleted",
            |_, state: &State| state.server().log().iter().any(is_deleted),
        ));
    }
    if bounds.retention {
        all.push(Property::sometimes(
            "an outcome stays unknown",
            |_, state| some_message(state, is_outcome_unknown),
        ));
    }
    if bounds.retention && bounds.discards {
        all.push(Property::sometimes(
            "a message that was given up is at the server",
            |_, state| some_message(state, is_given_up_and_there),
        ));
    }
    if bounds.resets {
        all.push(Property::sometimes(
            "a snapshot of another log takes a message from the screen until its event comes",
            |_, state| some_message(state, is_to_come_back),
        ));
    }
    all
}

fn is_deleted(event: &Event) -> bool {
    match event {
        Event::Deleted(_) => true,
        Event::Created(_) => false,
    }
}

/// A condition on one message that the app of a device was told to be durable.
type OfMessage = fn(&State, DeviceIndex, &Device, Number) -> bool;

fn messages(state: &State) -> impl Iterator<Item = (DeviceIndex, &Device, Number)> {
    let devices = state.devices().iter().enumerate();
    devices.flat_map(|(index, device)| {
        let durable = numbers().filter(|number| *number < device.outbox.durable());
        durable.map(move |number| (index, device, number))
    })
}

fn every_message(state: &State, is_right: OfMessage) -> bool {
    messages(state).all(|(index, device, number)| is_right(state, index, device, number))
}

fn some_message(state: &State, is_it: OfMessage) -> bool {
    messages(state).any(|(index, device, number)| is_it(state, index, device, number))
}

fn every_screen(state: &State, is_right: fn(&State, DeviceIndex, &Device) -> bool) -> bool {
    let mut devices = state.devices().iter().enumerate();
    devices.all(|(index, device)| is_right(state, index, device))
}

fn some_device(state: &State, is_it: fn(&Device) -> bool) -> bool {
    state.devices().iter().any(is_it)
}

/// Whether each number is larger than the one before, for each device.
fn is_ascending(messages: impl Iterator<Item = (DeviceIndex, Number)>) -> bool {
    let mut next = [0; 2];
    for (device, number) in messages {
        let Some(next) = next.get_mut(device) else {
            return false;
        };
        if number < *next {
            return false;
        }
        *next = number + 1;
    }
    true
}

fn place(key: Key) -> (DeviceIndex, Number) {
    (key.device, key.number)
}

fn is_once(state: &State) -> bool {
    let messages: Vec<_> = state.server().messages().map(place).collect();
    let mut rest = messages.as_slice();
    while let Some((first, others)) = rest.split_first() {
        if others.contains(first) {
            return false;
        }
        rest = others;
    }
    true
}

/// Of a message that is there twice the first counts, so that this is not the property above.
fn is_in_order(state: &State) -> bool {
    let mut seen = Vec::new();
    for message in state.server().messages().map(place) {
        if !seen.contains(&message) {
            seen.push(message);
        }
    }
    is_ascending(seen.into_iter())
}

fn is_not_lost(state: &State, index: DeviceIndex, device: &Device, number: Number) -> bool {
    let outbox = &device.outbox;
    outbox.has(number)
        || outbox.is_gone(number)
        || outbox.is_given_up(number)
        || state.server().has(index, number)
}

fn is_truly_gone(state: &State, index: DeviceIndex, device: &Device, number: Number) -> bool {
    !(device.outbox.is_gone(number) && state.server().has(index, number))
}

/// What the screen shows: what is known, by position, and behind it what is unsent.
fn is_screen_right(state: &State, index: DeviceIndex, device: &Device) -> bool {
    let known = state.server().messages().map(place);
    let known = known.filter(|(writer, number)| device.timeline.knows(*writer, *number));
    let unsent = device.outbox.shown().map(|number| (index, number));
    !device.timeline.has_double() && is_ascending(known.chain(unsent))
}

fn knows_up_to_cursor(state: &State, _: DeviceIndex, device: &Device) -> bool {
    let log = state.server().log().get(..device.timeline.cursor());
    log.is_some_and(|log| created(log).all(|key| device.timeline.knows(key.device, key.number)))
}

/// It may leave the screen for a moment, with the snapshot of another log that does not contain it yet.
fn stays(state: &State, index: DeviceIndex, device: &Device, number: Number) -> bool {
    let cursor = device.timeline.cursor();
    let mut to_come = created(state.server().log().get(cursor..).unwrap_or_default());
    is_on_screen(device, index, number) || to_come.any(|key| place(key) == (index, number))
}

/// Whether a device shows a message of its own, or its user does not want it any more.
fn is_on_screen(device: &Device, index: DeviceIndex, number: Number) -> bool {
    device.outbox.has(number)
        || device.outbox.is_gone(number)
        || device.outbox.is_given_up(number)
        || device.timeline.knows(index, number)
}

fn is_to_come_back(state: &State, index: DeviceIndex, device: &Device, number: Number) -> bool {
    !is_on_screen(device, index, number) && stays(state, index, device, number)
}

fn is_outcome_unknown(_: &State, _: DeviceIndex, device: &Device, number: Number) -> bool {
    device.outbox.is_outcome_unknown(number)
}

fn is_given_up_and_there(
    state: &State,
    index: DeviceIndex,
    device: &Device,
    number: Number,
) -> bool {
    device.outbox.is_given_up(number) && state.server().has(index, number)
}

fn has_former_submit(device: &Device) -> bool {
    let mut submits = device.network.submits().iter();
    submits.any(|submit| !submit.is_current && submit.arrival == Arrival::New)
}

fn all_are_sent(model: &LaneModel, state: &State) -> bool {
    let most: usize = model.bounds.messages.iter().copied().map(usize::from).sum();
    state.server().messages().count() == most && is_drained(model, state)
}
