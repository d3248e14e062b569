//! Mistakes that can be planted: each switches one rule of the model off. Which property has to find it is said here;
//! nothing here decides what a rule is.

use crate::properties;

/// A rule that is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    EachTryHasAFreshKey,
    ALaterMessageOvertakes,
    NothingIsSkipped,
    AMessageIsDroppedWhenSent,
    ARestartForgetsWhatWasInFlight,
    TwoSubmitsAreUnderWay,
    KeysOfMessagesAreForgotten,
    AFormerOutcomeIsTaken,
    ADiscardForgetsAtOnce,
    ASnapshotForgetsWhatIsUnsent,
    EventAndOutcomeBothAdd,
    ATransientRefusalEndsTheDoubt,
    ARefusedMessageHoldsNobody,
    AnEventBehindAGapIsTaken,
    ABrokenConnectionIsNotNoticed,
    AFormerSubmitIsApplied,
    ACopyOfASubmitIsApplied,
}

impl Mistake {
    pub(crate) const ALL: [Self; 17] = [
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
