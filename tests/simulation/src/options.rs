//! What the command line says.

use std::collections::BTreeSet;
use std::ops::Range;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, value_parser};
use fulmar_engine::defects::Defect;
use fulmar_simulation::{Fault, Reduction};

/// The largest seed, and the most worlds: so that a range has an end.
const LAST: u64 = u64::MAX / 2;

/// Simulates worlds.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo xtask simulate")]
pub(crate) struct Options {
    /// How many worlds.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u64).range(1..=LAST))]
    pub(crate) seeds: u64,
    /// The seed of the first.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(..=LAST))]
    pub(crate) from: u64,
    /// Goes on after a world that failed, and tells of each.
    #[arg(long, conflicts_with_all = ["verbose", "shrink", "defects", "defect", "acts", "calm", "usual", "luck"])]
    pub(crate) keep_going: bool,
    /// Runs each once, one after another, and prints every step.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Plants each defect, one after another, and fails unless some world finds it.
    #[arg(long, conflicts_with_all = ["verbose", "defect", "acts", "calm", "usual", "luck"])]
    pub(crate) defects: bool,
    /// Plants one defect.
    #[arg(long, value_name = "NAME", value_parser = named(Defect::ALL, Defect::name), hide_possible_values = true, ignore_case = true)]
    pub(crate) defect: Option<Defect>,
    /// Of a world that fails, finds a shorter one that fails.
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Only these acts of the people, by their numbers from 0 on, as `--verbose` prints them; `none` for no act.
    #[arg(long, value_name = "NUMBERS", value_parser = numbers)]
    acts: Option<Numbers>,
    /// Without these kinds of faults: names as the last line of a run has them, with commas between them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = named(Fault::ALL, Fault::name), hide_possible_values = true, ignore_case = true)]
    calm: Vec<Fault>,
    /// Server and clients as they are set up by default.
    #[arg(long)]
    usual: bool,
    /// Another network of the same seed: the same people do the same, and each message takes another time.
    #[arg(long, default_value_t = 0)]
    luck: u32,
}

type Numbers = BTreeSet<u32>;

fn numbers(text: &str) -> Result<Numbers, String> {
    if text == "none" {
        return Ok(Numbers::new());
    }
    let number = |it: &str| {
        it.parse().map_err(|_| {
            format!("{it:?} is no number: numbers with commas between them, or `none`")
        })
    };
    text.split(',').map(number).collect()
}

/// One of these by its name; another name is answered with those that there are.
fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(all.iter().map(|it| name(*it)));
    names.try_map(move |said| {
        let found = all.iter().find(|it| name(**it).eq_ignore_ascii_case(&said));
        found.copied().ok_or("no such name")
    })
}

impl Options {
    pub(crate) fn seeds(&self) -> Range<u64> {
        self.from..self.from + self.seeds
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
            Some(defect) => format!(" --defect {}", defect.name()),
            None => String::new(),
        };
        format!("cargo xtask simulate --seeds 1 --from {seed}{defect}{flags}")
    }
}
