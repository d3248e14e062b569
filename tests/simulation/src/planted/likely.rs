//! Where to look first. Some defects are seen in one world of many, and the search for one of them would run them all in
//! each run of CI. What a seed means changes with the simulation: then the world of the table says nothing, and all are
//! run as for any other defect. It knows no judge, and leaves no seed out.

use fulmar_engine::defects::Defect;

/// A world that saw the defect when this was written.
const LIKELY: &[(Defect, u64)] = &[
    (Defect::PutsPongOff, 29),
    (Defect::BlocksUnheard, 17),
    (Defect::NeverSyncs, 19),
    (Defect::KeepsPages, 75),
    (Defect::BetweenLogs, 27),
    (Defect::ApplyTwice, 29),
    (Defect::NoticesUnread, 10),
    (Defect::DropsLate, 31),
    (Defect::LazyDisk, 40),
    (Defect::SnapshotWins, 85),
    (Defect::DiscardForgets, 138),
];

/// The seed to begin with, if there is one.
pub(super) fn seed(defect: Defect) -> Option<u64> {
    let named = LIKELY.iter().find(|(named, _)| *named == defect);
    named.map(|(_, seed)| *seed)
}
