//! Mistakes that can be planted: each switches one rule of the model off. Which property has to find it is said
//! here; nothing here decides what a rule is.

use crate::properties;

/// A rule that is switched off. Sections are those of PROTOCOL.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// An operation is submitted again under another key, not the same (§5.1).
    EachTryHasAFreshKey,
    /// What has no outcome yet does not hold up what stands behind it.
    ALaterMessageOvertakes,
    /// The server tries what stands behind an operation that failed (§5.2).
    NothingIsSkipped,
    /// The device deletes a row with the submit, not with the outcome.
    AMessageIsDroppedWhenSent,
    /// After a restart what was in flight counts as never submitted.
    ARestartForgetsWhatWasInFlight,
    /// The device does not wait for the outcome of a submit (§5.2, M16).
    TwoSubmitsAreUnderWay,
    /// The server forgets the keys of messages with the others (§5.1, M12).
    KeysOfMessagesAreForgotten,
    /// An outcome is taken for the submit under way, whatever its `submitId`.
    AFormerOutcomeIsTaken,
    /// What may be at the server is discarded like what is not.
    ADiscardForgetsAtOnce,
    /// A snapshot replaces also what is unsent (§6.3).
    ASnapshotForgetsWhatIsUnsent,
    /// The second of outcome and event changes something (§5.3).
    EventAndOutcomeBothAdd,
    /// What was not done this time counts as not applied, though an earlier submit had no outcome.
    ATransientRefusalEndsTheDoubt,
    /// A submit that is refused as a whole counts as not applied, though an earlier submit had no outcome (§3.7).
    AWholeRefusalEndsTheDoubt,
    /// What stands behind a refused message goes out.
    ARefusedMessageHoldsNobody,
    /// An event is committed though some before it are missing (§6.1).
    AnEventBehindAGapIsTaken,
    /// The device waits for ever for an outcome that does not come.
    ABrokenConnectionIsNotNoticed,
    /// The server applies a submit after one that left the device later (§5.2, M15).
    AFormerSubmitIsApplied,
    /// The server applies a further copy of a submit of which it has refused or skipped something (§5.2, M15).
    ACopyOfASubmitIsApplied,
}

impl Mistake {
    pub(crate) const ALL: [Self; 18] = [
        Self::EachTryHasAFreshKey,
        Self::ALaterMessageOvertakes,
        Self::NothingIsSkipped,
        Self::AMessageIsDroppedWhenSent,
        Self::ARestartForgetsWhatWasInFlight,
        Self::TwoSubmitsAreUnderWay,
        Self::KeysOfMessagesAreForgotten,
        Self::AFormerOutcomeIsTaken,
        Self::ADiscardForgetsAtOnce,
        Self::ASnapshotForgetsWhatIsUnsent,
        Self::EventAndOutcomeBothAdd,
        Self::ATransientRefusalEndsTheDoubt,
        Self::AWholeRefusalEndsTheDoubt,
        Self::ARefusedMessageHoldsNobody,
        Self::AnEventBehindAGapIsTaken,
        Self::ABrokenConnectionIsNotNoticed,
        Self::AFormerSubmitIsApplied,
        Self::ACopyOfASubmitIsApplied,
    ];

    /// The property that has to find it.
    pub(crate) fn found_by(self) -> &'static str {
        match self {
            Self::EachTryHasAFreshKey | Self::KeysOfMessagesAreForgotten => properties::ONCE,
            Self::ALaterMessageOvertakes
            | Self::NothingIsSkipped
            | Self::TwoSubmitsAreUnderWay
            | Self::ARefusedMessageHoldsNobody => properties::ORDER,
            Self::AMessageIsDroppedWhenSent | Self::ASnapshotForgetsWhatIsUnsent => {
                properties::NOTHING_LOST
            }
            Self::ARestartForgetsWhatWasInFlight
            | Self::AFormerOutcomeIsTaken
            | Self::ADiscardForgetsAtOnce
            | Self::ATransientRefusalEndsTheDoubt
            | Self::AWholeRefusalEndsTheDoubt
            | Self::AFormerSubmitIsApplied
            | Self::ACopyOfASubmitIsApplied => properties::GONE_IS_GONE,
            Self::EventAndOutcomeBothAdd => properties::SCREEN,
            Self::AnEventBehindAGapIsTaken => properties::CURSOR,
            Self::ABrokenConnectionIsNotNoticed => properties::DRAINS,
        }
    }

    /// Whether what belongs to a former submit, or is a copy, changes something when it arrives.
    pub(crate) fn is_of_what_is_former(self) -> bool {
        let former = [
            Self::AFormerOutcomeIsTaken,
            Self::AFormerSubmitIsApplied,
            Self::ACopyOfASubmitIsApplied,
        ];
        former.contains(&self)
    }
}
