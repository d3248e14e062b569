//! What a link does to what passes through it, drawn from a seed. It never looks at what the bytes mean.

use std::time::Duration;

use fastrand::Rng;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Fair,
    /// What connects is closed at once, and the connections that are there break.
    Refusing,
    /// What connects gets a page of somebody else, and the connections that are there break.
    Portal,
    /// What goes this way is lost. A connection that lost something stays half-open for good: a stream with a hole in it
    /// is nothing that TCP would ever give.
    HalfOpen(Direction),
    /// The same, both ways.
    Silent,
    /// Each piece waits so long.
    Slow(Duration),
    /// So many bytes at a time, with a pause after each.
    Dripping {
        bytes: usize,
        pause: Duration,
    },
    /// A connection breaks after so many bytes this way, in the middle of whatever they are.
    Tearing {
        direction: Direction,
        after: usize,
    },
}

impl Weather {
    /// Anything but fair.
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let direction = if rng.bool() {
            Direction::Up
        } else {
            Direction::Down
        };
        match rng.u8(..9) {
            0 => Self::Refusing,
            1 => Self::Portal,
            2 => Self::HalfOpen(direction),
            3 => Self::Silent,
            4 | 5 => Self::Slow(Duration::from_millis(magnitude(rng, 12))),
            6 => Self::Dripping {
                bytes: rng.usize(1..200),
                pause: Duration::from_millis(magnitude(rng, 8)),
            },
            _ => Self::Tearing {
                direction,
                after: magnitude(rng, 13) as usize,
            },
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Fair => "none",
            Self::Refusing => "connections refused",
            Self::Portal => "pages of a captive portal",
            Self::HalfOpen(_) => "connections half-open",
            Self::Silent => "connections silent",
            Self::Slow(_) => "pieces delayed",
            Self::Dripping { .. } => "pieces in drips",
            Self::Tearing { .. } => "streams torn",
        }
    }

    /// Whether connections that are there break when this begins.
    pub(super) fn breaks(self) -> bool {
        match self {
            Self::Refusing | Self::Portal => true,
            Self::Fair
            | Self::HalfOpen(_)
            | Self::Silent
            | Self::Slow(_)
            | Self::Dripping { .. }
            | Self::Tearing { .. } => false,
        }
    }

    /// Whether what goes this way is lost.
    pub(super) fn loses(self, direction: Direction) -> bool {
        match self {
            Self::Silent => true,
            Self::HalfOpen(lost) => lost == direction,
            Self::Fair
            | Self::Refusing
            | Self::Portal
            | Self::Slow(_)
            | Self::Dripping { .. }
            | Self::Tearing { .. } => false,
        }
    }
}

/// A number of which each size is as likely as another: from 1 to 2 to this power.
fn magnitude(rng: &mut Rng, bits: u32) -> u64 {
    let top = 1_u64 << rng.u32(..=bits);
    rng.u64(top.div_ceil(2)..=top)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_draws_the_same_weather_again_and_every_kind_comes() {
        let draw = |seed| {
            let mut rng = Rng::with_seed(seed);
            (0..300)
                .map(|_| Weather::draw(&mut rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let kinds: BTreeSet<&str> = draw(7).into_iter().map(Weather::kind).collect();
        assert_eq!(kinds.len(), 7);
    }

    #[test]
    fn delays_go_from_a_millisecond_to_seconds() {
        let mut rng = Rng::with_seed(1);
        let drawn: Vec<u64> = (0..1000).map(|_| magnitude(&mut rng, 12)).collect();
        assert!(drawn.iter().all(|value| (1..=4096).contains(value)));
        assert!(drawn.iter().any(|value| *value <= 2));
        assert!(drawn.iter().any(|value| *value > 2048));
    }
}
