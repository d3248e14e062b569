//! Counts the steps of all statements of the databases that are watched in this thread.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use crate::stage::Side;

/// What something took, by side and statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    steps: BTreeMap<(Side, String), u64>,
}

impl Cost {
    /// The steps of all statements of one side.
    #[must_use]
    pub fn of(&self, side: Side) -> u64 {
        let of_side = self.steps.iter().filter(|((of, _), _)| *of == side);
        of_side.map(|(_, steps)| steps).sum()
    }

    /// The statements of a side that take more steps than in another cost, the worst first, each with both.
    #[must_use]
    pub fn grown(&self, side: Side, since: &Self) -> Vec<(&str, u64, u64)> {
        let of_side = self.steps.iter().filter(|((of, _), _)| *of == side);
        let mut grown: Vec<_> = of_side
            .map(|(statement, steps)| {
                let before = since.steps.get(statement).copied().unwrap_or_default();
                (statement.1.as_str(), before, *steps)
            })
            .filter(|(_, before, now)| now > before)
            .collect();
        grown.sort_by_key(|(_, before, now)| std::cmp::Reverse(now - before));
        grown
    }
}

#[derive(Default)]
struct Meter {
    /// What a statement had taken when it began, or when it ended the last time: one that is used again goes on counting,
    /// and the beginning of those within SQLite is not told.
    taken: BTreeMap<(Side, String), u64>,
    cost: Cost,
}

thread_local! {
    static METER: RefCell<Meter> = RefCell::default();
}

/// What the databases of this thread take for it.
pub fn measure(act: impl FnOnce()) -> Cost {
    METER.with_borrow_mut(|meter| meter.cost = Cost::default());
    act();
    METER.with_borrow_mut(|meter| std::mem::take(&mut meter.cost))
}

/// Watches a database from now on.
pub(crate) fn watch(connection: &mut Connection, side: Side) {
    let codes = TraceEventCodes::SQLITE_TRACE_STMT | TraceEventCodes::SQLITE_TRACE_PROFILE;
    let told = move |event: TraceEvent<'_>| {
        METER.with_borrow_mut(|meter| meter.told(side, &event));
    };
    connection.trace_v2(codes, Some(told)).unwrap();
}

impl Meter {
    fn told(&mut self, side: Side, event: &TraceEvent<'_>) {
        match event {
            // A trigger begins inside of a statement, and is a comment.
            TraceEvent::Stmt(_, text) if text.starts_with("--") => {}
            TraceEvent::Stmt(statement, _) => {
                let taken = taken(statement.get_status(StatementStatus::VmStep));
                self.taken
                    .insert((side, statement.sql().into_owned()), taken);
            }
            TraceEvent::Profile(statement, _) => {
                let name = (side, statement.sql().into_owned());
                let taken = taken(statement.get_status(StatementStatus::VmStep));
                let before = self.taken.insert(name.clone(), taken);
                // A statement that was prepared anew begins from nothing.
                let before = before.filter(|before| *before <= taken);
                *self.cost.steps.entry(name).or_default() += taken - before.unwrap_or_default();
            }
            _ => {}
        }
    }
}

fn taken(status: i32) -> u64 {
    u64::try_from(status).unwrap_or_default()
}
