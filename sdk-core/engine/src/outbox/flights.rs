//! Submits that nobody has answered yet.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{OperationKey, SubmitId};

use crate::io::RequestId;
use crate::store::LaneId;

/// A submit that nobody has answered yet.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) route: Route,
    pub(super) operations: Vec<(OperationKey, LaneId)>,
    /// Where it tells of deliveries, which are not in the outbox.
    pub(super) deliveries: Vec<(OperationKey, LaneId)>,
}

/// How a submit went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Socket,
    Http(RequestId),
}

#[derive(Debug, Default)]
pub(super) struct Flights {
    open: BTreeMap<SubmitId, Flight>,
}

impl Flights {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(super) fn kept(&self) -> usize {
        let of = |flight: &Flight| 1 + flight.operations.len() + flight.deliveries.len();
        self.open.values().map(of).sum()
    }

    pub(super) fn begin(&mut self, submit: SubmitId, flight: Flight) {
        self.open.insert(submit, flight);
    }

    pub(super) fn end(&mut self, submit: SubmitId) -> Option<Flight> {
        self.open.remove(&submit)
    }

    pub(super) fn get(&self, submit: SubmitId) -> Option<&Flight> {
        self.open.get(&submit)
    }

    /// The submit that a request carries.
    pub(super) fn of_request(&self, request: RequestId) -> Option<SubmitId> {
        self.open
            .iter()
            .find(|(_, flight)| flight.route == Route::Http(request))
            .map(|(submit, _)| *submit)
    }

    pub(super) fn any_over_http(&self) -> bool {
        self.open
            .values()
            .any(|flight| flight.route != Route::Socket)
    }

    pub(super) fn over_socket(&self) -> Vec<SubmitId> {
        self.open
            .iter()
            .filter(|(_, flight)| flight.route == Route::Socket)
            .map(|(submit, _)| *submit)
            .collect()
    }

    pub(super) fn all(&self) -> Vec<SubmitId> {
        self.open.keys().copied().collect()
    }

    /// Lanes of which something is under way.
    pub(super) fn lanes(&self) -> BTreeSet<LaneId> {
        let flights = self.open.values();
        flights
            .flat_map(|flight| {
                let operations = flight.operations.iter().map(|(_, lane)| *lane);
                operations.chain(flight.deliveries.iter().map(|(_, lane)| *lane))
            })
            .collect()
    }
}
