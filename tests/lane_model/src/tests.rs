//! The model with small bounds, quickly enough for every run of the tests.

use crate::bounds::{Bounds, FOR_MISTAKES};
use crate::check;
use crate::mistake::Mistake;

const ONE_LANE: Bounds = Bounds {
    name: "one lane, two messages",
    messages: [2, 0],
    has_second_device: false,
    submits: 2,
    refusals: true,
    discards: true,
    retention: true,
    resets: false,
};

const TWO_LANES: Bounds = Bounds {
    name: "two lanes, one message each",
    messages: [1, 1],
    has_second_device: true,
    submits: 2,
    refusals: true,
    discards: false,
    retention: false,
    resets: false,
};

const RESETS: Bounds = Bounds {
    name: "one lane, one message, resets, and another device",
    messages: [1, 0],
    has_second_device: true,
    submits: 2,
    refusals: true,
    discards: true,
    retention: true,
    resets: true,
};

#[test]
fn every_property_holds_in_every_state() {
    for bounds in [ONE_LANE, TWO_LANES, RESETS] {
        let report = check::every_state(bounds);
        assert_eq!(report.complaints, Vec::<String>::new(), "{bounds}");
    }
}

#[test]
fn every_mistake_is_found_by_the_property_that_is_named_for_it() {
    for mistake in Mistake::ALL {
        let steps = check::finds(mistake, FOR_MISTAKES);
        assert!(steps.is_some(), "{mistake:?}");
    }
}
