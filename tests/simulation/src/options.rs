//! What the command line says.

use std::collections::BTreeSet;
use std::ops::Range;

use clap::Parser;
use fulmar_engine::defects::Defect;
use fulmar_simulation::{Fault, Reduction};

/// Simulates worlds.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo xtask simulate")]
pub(crate) struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 200)]
    pub(crate) seeds: u64,
    /// The seed of the first.
    #[arg(long, default_value_t = 1)]
    pub(crate) from: u64,
    /// Goes on after a world that failed, and tells of each.
    #[arg(long, conflicts_with_all = ["verbose", "defects", "defect", "shrink", "acts", "calm", "usual", "luck"])]
    pub(crate) keep_going: bool,
    /// Runs each once, one after another, and prints every step.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Plants each defect, one after another, and fails unless some world finds it.
    #[arg(long)]
    pub(crate) defects: bool,
    /// Plants one defect.
    #[arg(long, value_name = "NAME", value_parser = defect)]
    pub(crate) defect: Option<Defect>,
    /// Of a world that fails, finds a shorter one that fails.
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Only these acts, by their numbers; `none` for no act.
    #[arg(long, value_name = "NUMBERS", value_parser = numbers)]
    acts: Option<Numbers>,
    /// Without these kinds of faults.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = fault)]
    calm: Vec<Fault>,
    /// Server and clients as they are set up by default.
    #[arg(long)]
    usual: bool,
    /// Another network of the same seed.
    #[arg(long, default_value_t = 0)]
    luck: u32,
}

type Numbers = BTreeSet<u32>;

fn numbers(text: &str) -> Result<Numbers, String> {
    if text == "none" {
        return Ok(Numbers::new());
    }
    let numbers = text.split(',').map(str::parse);
    numbers
        .collect::<Result<_, _>>()
        .map_err(|error: std::num::ParseIntError| error.to_string())
}

fn fault(name: &str) -> Result<Fault, String> {
    let mut all = Fault::ALL.iter();
    let found = all.find(|fault| fault.name() == name);
    found
        .copied()
        .ok_or_else(|| format!("no kind of fault is called {name:?}"))
}

fn defect(name: &str) -> Result<Defect, String> {
    let mut all = Defect::ALL.iter();
    let found = all.find(|defect| format!("{defect:?}") == name);
    found
        .copied()
        .ok_or_else(|| format!("no defect is called {name:?}"))
}

impl Options {
    pub(crate) fn seeds(&self) -> Range<u64> {
        self.from..self.from.saturating_add(self.seeds)
    }

    pub(crate) fn reduction(&self) -> Reduction {
        Reduction {
            acts: self.acts.clone(),
            calm: self.calm.iter().copied().collect(),
            usual: self.usual,
            luck: self.luck,
        }
    }

    /// Whether the worlds are run here, one after another, once each.
    pub(crate) fn step_by_step(&self) -> bool {
        self.verbose || self.reduction() != Reduction::default()
    }

    /// The same with one defect planted.
    pub(crate) fn with(&self, defect: Defect) -> Self {
        Self {
            defect: Some(defect),
            ..self.clone()
        }
    }

    /// The command that runs the world of a seed once more.
    pub(crate) fn replay(&self, seed: u64, flags: &str) -> String {
        let flags = match flags {
            "" => self.reduction().flags(),
            flags => flags.to_owned(),
        };
        let defect = match self.defect {
            Some(defect) => format!(" --defect {defect:?}"),
            None => String::new(),
        };
        format!("cargo xtask simulate --seeds 1 --from {seed}{defect}{flags}")
    }
}
