//! What a crate with rooms wants of itself: `xtask/tidy/<crate>.toml`.

use std::fs;

use serde::Deserialize;

use super::floors::Floor;
use super::tables::{Exception, Owners};
use super::transaction::Confined;
use super::writers::Writers;

/// The crates with rooms: the two pure ones, and the one around the engine.
pub(super) const CRATES: [&str; 3] = ["engine", "backend", "sdk-core"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// The crate's `src`.
    pub(super) root: String,
    /// From the ground.
    pub(super) floors: Vec<Floor>,
    /// Whether arms and `matches!` are counted that silently take a new variant.
    pub(super) every_variant: bool,
    #[serde(default)]
    pub(super) confined: Vec<Confined>,
    #[serde(default)]
    pub(super) tables: Owners,
    #[serde(default)]
    pub(super) exceptions: Vec<Exception>,
    #[serde(default)]
    pub(super) writers: Writers,
}

pub(super) fn read(name: &str) -> Result<Plan, String> {
    let file = format!("xtask/tidy/{name}.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{file}: {error}"))
}
