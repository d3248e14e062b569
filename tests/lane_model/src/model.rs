//! The model as Stateright takes it. Decides nothing: what can happen is in `action`, what must be true in
//! `properties`.

use stateright::{Model, Property};

use crate::action::Action;
use crate::bounds::Bounds;
use crate::mistake::Mistake;
use crate::properties;
use crate::state::State;

/// More events than this only a mistake brings about.
const MOST_EVENTS: usize = 8;

/// Lanes within bounds, with all rules or with one that is switched off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneModel {
    pub(crate) bounds: Bounds,
    pub(crate) mistake: Option<Mistake>,
}

impl Model for LaneModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        Action::all(state, &self.bounds, self.mistake, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        action.apply(state, &self.bounds, self.mistake)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(&self.bounds)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.server().log().len() <= MOST_EVENTS
    }
}
