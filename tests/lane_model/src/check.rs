//! Runs Stateright over a model, and says what came of it. Knows no rule and no property by name.

use std::time::Instant;

use stateright::{Checker as _, Expectation, HasDiscoveries, Model as _};

use crate::bounds::Bounds;
use crate::mistake::Mistake;
use crate::model::LaneModel;

/// What came of visiting every state.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) states: usize,
    /// The most actions that it takes to come to a state, by the shortest way.
    pub(crate) depth: usize,
    pub(crate) seconds: f64,
    /// The properties that hold in every state.
    pub(crate) held: Vec<&'static str>,
    /// What holds in some state, as it should.
    pub(crate) reached: Vec<&'static str>,
    pub(crate) complaints: Vec<String>,
}

/// Visits every state within the bounds.
pub(crate) fn every_state(bounds: Bounds) -> Report {
    let began = Instant::now();
    let model = LaneModel {
        bounds,
        mistake: None,
    };
    let checker = model.checker().threads(1).spawn_bfs().join();
    let mut report = Report {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        seconds: began.elapsed().as_secs_f64(),
        held: Vec::new(),
        reached: Vec::new(),
        complaints: Vec::new(),
    };
    let discoveries = checker.discoveries();
    for property in checker.model().properties() {
        let name = property.name;
        match (property.expectation, discoveries.get(name)) {
            (Expectation::Always | Expectation::Eventually, None) => report.held.push(name),
            (Expectation::Sometimes, Some(_)) => report.reached.push(name),
            (Expectation::Sometimes, None) => {
                report.complaints.push(format!("{name}: in no state"));
            }
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                let actions = path.clone().into_actions();
                report
                    .complaints
                    .push(format!("{name}: not after {actions:?}"));
            }
        }
    }
    report
}

/// Plants a mistake, and looks until the property that is named for it does not hold. Returns after how many
/// actions that is.
pub(crate) fn finds(mistake: Mistake, bounds: Bounds) -> Option<usize> {
    let model = LaneModel {
        bounds,
        mistake: Some(mistake),
    };
    let property = mistake.found_by();
    let wanted = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().threads(1).finish_when(wanted);
    let path = checker.spawn_bfs().join().discovery(property)?;
    Some(path.into_actions().len())
}
