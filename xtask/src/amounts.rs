//! How much of everything a task does: little for each change, much in the night. Knows no steps.

use crate::products::{self, DEBUG, RELEASE};

/// How much of everything whose amount is a matter of choice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts {
    /// Worlds that are simulated.
    pub(crate) worlds: &'static str,
    /// Whether a short world is looked for in which a planted defect shows.
    pub(crate) shorten: bool,
    /// Workloads for clients of all languages.
    pub(crate) workloads: &'static str,
    /// Processes that end, in each way and each language.
    pub(crate) endings: &'static str,
    /// Minutes in which everything around processes misbehaves.
    pub(crate) chaos: &'static str,
    /// Seconds for each target of the fuzzer; without, a smoke test.
    pub(crate) fuzz: Option<u32>,
    /// Figures: whether they are worth reading, or only show that everything runs.
    pub(crate) figures: Figures,
    /// Words for the load generator.
    pub(crate) load: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figures {
    Full,
    Quick,
}

impl Figures {
    pub(crate) fn new(quick: bool) -> Self {
        if quick { Self::Quick } else { Self::Full }
    }

    /// Quick ones come from the build that is there for the tests anyway.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Full => RELEASE,
            Self::Quick => DEBUG,
        }
    }

    pub(crate) fn build(self, wanted: &[&[&str]]) -> Result<(), String> {
        match self {
            Self::Full => products::build_release(wanted),
            Self::Quick => products::build(wanted),
        }
    }
}

pub(crate) const CI: Amounts = Amounts {
    worlds: "600",
    shorten: false,
    workloads: "5",
    endings: "10",
    chaos: "2",
    fuzz: None,
    figures: Figures::Quick,
    load: &[
        "--sockets",
        "500",
        "--participants",
        "250",
        "--messages",
        "20",
    ],
};
pub(crate) const NIGHTLY: Amounts = Amounts {
    worlds: "12000",
    shorten: true,
    workloads: "50",
    endings: "100",
    chaos: "60",
    fuzz: Some(600),
    figures: Figures::Full,
    load: &["--sockets", "5000", "--soak", "900"],
};
