//! How each figure grows: measured among a tenth, once and ten times of what piles up, and with which exponent. What a
//! person feels does not grow; what does much at once grows as the amount. It decides nothing else: what is counted
//! instead of timed is in `tests/growth`.

mod device;
mod server;

use std::time::Duration;

use crate::stage::micros;

/// So much is left of a time that the raw limit explains: below it, noise would be an exponent.
const LEAST: f64 = 0.1;

/// What was measured among some amount.
#[derive(Debug, Clone, Copy)]
struct Figure {
    ours: Duration,
    raw: Duration,
}

impl Figure {
    /// What is not the raw limit's.
    fn excess(self) -> f64 {
        let (ours, raw) = (self.ours.as_secs_f64(), self.raw.as_secs_f64());
        (ours - raw).max(ours * LEAST)
    }
}

/// How far a figure may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// A person waits for it.
    Felt,
    /// It does as much as there is.
    Bulk,
}

impl Goal {
    fn most(self) -> f64 {
        match self {
            Self::Felt => 0.2,
            Self::Bulk => 1.05,
        }
    }
}

/// What is measured.
struct Row {
    name: &'static str,
    goal: Goal,
    /// Once of what piles up.
    usual: u64,
    /// What bounds it where it misses its goal.
    bound: Option<&'static str>,
}

impl Row {
    const fn felt(name: &'static str, usual: u64) -> Self {
        Self {
            name,
            goal: Goal::Felt,
            usual,
            bound: None,
        }
    }

    const fn bulk(name: &'static str, usual: u64) -> Self {
        Self {
            goal: Goal::Bulk,
            ..Self::felt(name, usual)
        }
    }

    const fn bounded_by(self, bound: &'static str) -> Self {
        Self {
            bound: Some(bound),
            ..self
        }
    }

    /// Measures three times, prints, and says whether the row keeps its goal, or is known to miss it.
    async fn is_kept(&self, size: Size, measure: impl AsyncFn(u64) -> Figure) -> bool {
        let amounts = [self.usual / 10, self.usual, self.usual * 10].map(|n| size.of(n));
        let mut figures = Vec::new();
        for amount in amounts {
            figures.push((amount, measure(amount).await));
        }
        let exponent = exponent(&figures);
        let [few, usual, many] = figures[..] else {
            unreachable!("it was measured three times");
        };
        let most = self.goal.most();
        let missed = match (exponent <= most, self.bound) {
            (true, None) => String::new(),
            (true, Some(_)) => "  keeps its goal now".to_owned(),
            (false, Some(bound)) => format!("  missed: {bound}"),
            (false, None) => "  MISSED".to_owned(),
        };
        println!(
            "{:<44} {:>6} {:>10} {:>10} {:>10} {:>10}  {exponent:>5.2} ≤ {most}{missed}",
            self.name,
            usual.0,
            micros(few.1.ours),
            micros(usual.1.ours),
            micros(many.1.ours),
            micros(many.1.raw),
        );
        exponent <= most || self.bound.is_some()
    }
}

/// Whether the figures are worth reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// They are.
    Full,
    /// A tenth of everything: shows that everything runs.
    Quick,
}

impl Size {
    fn of(self, amount: u64) -> u64 {
        match self {
            Self::Full => amount,
            Self::Quick => (amount / 10).max(2),
        }
    }

    /// How often something is measured.
    fn rounds(self) -> usize {
        match self {
            Self::Full => 200,
            Self::Quick => 20,
        }
    }
}

/// The slope of the line through the logarithms.
fn exponent(figures: &[(u64, Figure)]) -> f64 {
    let points = figures
        .iter()
        .map(|(amount, figure)| ((*amount as f64).ln(), figure.excess().ln()));
    let points: Vec<(f64, f64)> = points.collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let rise: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let run: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    rise / run
}

/// All of them. Whether each keeps its goal, which counts only where the figures are worth reading.
pub(crate) async fn all(size: Size) -> bool {
    println!(
        "\n{:<44} {:>6} {:>10} {:>10} {:>10} {:>10}  exponent",
        "growth", "n", "n / 10", "n", "10 n", "raw, 10 n"
    );
    let device = device::all(size).await;
    let server = server::all(size).await;
    device && server || size == Size::Quick
}
