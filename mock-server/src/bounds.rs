//! Bounds of what rules and the admin API are given. What cannot be is refused where it is read: taken over, it would
//! mean something else later, or nothing.

use fulmar_protocol::Problem;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The longest step of a clock: a hundred years.
pub(crate) const LONGEST_STEP_MS: u64 = 100 * 366 * 24 * 60 * 60 * 1000;

pub(crate) fn probability<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<f64>, D::Error> {
    let said = Option::<f64>::deserialize(reader)?;
    match said {
        Some(said) if !(0.0..=1.0).contains(&said) => {
            Err(D::Error::custom("a probability is from 0 to 1"))
        }
        said => Ok(said),
    }
}

/// The status of an answer that ends a request: one below 200 would not.
pub(crate) fn status<'de, D: Deserializer<'de>>(reader: D) -> Result<u16, D::Error> {
    let said = u16::deserialize(reader)?;
    match said {
        200..=599 => Ok(said),
        _ => Err(D::Error::custom("a status is from 200 to 599")),
    }
}

/// A problem is an error.
pub(crate) fn problem<'de, D: Deserializer<'de>>(reader: D) -> Result<Problem, D::Error> {
    let said = Problem::deserialize(reader)?;
    match said.status {
        400..=599 => Ok(said),
        _ => Err(D::Error::custom(
            "the status of a problem is from 400 to 599",
        )),
    }
}

/// A code that a server may close a socket with.
pub(crate) fn close_code<'de, D: Deserializer<'de>>(reader: D) -> Result<u16, D::Error> {
    let said = u16::deserialize(reader)?;
    match said {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(said),
        _ => Err(D::Error::custom("a server does not close with this code")),
    }
}

/// A time or an amount without which nothing works.
pub(crate) fn at_least_one<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    let said = Option::<u64>::deserialize(reader)?;
    match said {
        Some(0) => Err(D::Error::custom("it is at least 1")),
        said => Ok(said),
    }
}

pub(crate) fn step<'de, D: Deserializer<'de>>(reader: D) -> Result<u64, D::Error> {
    let said = u64::deserialize(reader)?;
    if said <= LONGEST_STEP_MS {
        Ok(said)
    } else {
        Err(D::Error::custom(
            "a clock goes on by at most a hundred years",
        ))
    }
}
