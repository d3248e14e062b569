//! What a world is left without: a shorter one of the same seed, in which the same goes wrong.

use std::collections::BTreeSet;

use crate::storm::Fault;

/// What is left out of a world. By default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reduction {
    /// The numbers of the acts that are done; `None`: all.
    pub acts: Option<BTreeSet<u32>>,
    /// Kinds of faults that do not happen.
    pub calm: BTreeSet<Fault>,
    /// Server and clients are set up as usual, whatever the seed says.
    pub usual: bool,
    /// Another network of the same seed.
    pub luck: u32,
}

impl Reduction {
    /// Whether an act is done.
    pub(crate) fn keeps(&self, act: u32) -> bool {
        self.acts.as_ref().is_none_or(|acts| acts.contains(&act))
    }

    /// An act that is to be done and that a world of so many acts does not have.
    #[must_use]
    pub fn beyond(&self, acts: usize) -> Option<u32> {
        let last = self.acts.as_ref()?.last()?;
        (*last as usize >= acts).then_some(*last)
    }

    /// What a command line says to get the same world.
    #[must_use]
    pub fn flags(&self) -> String {
        let mut flags = String::new();
        let list = |names: Vec<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(","),
        };
        if let Some(acts) = &self.acts {
            let acts = acts.iter().map(ToString::to_string).collect();
            flags += &format!(" --acts {}", list(acts));
        }
        if !self.calm.is_empty() {
            let names = self.calm.iter().map(|fault| fault.name().to_owned());
            flags += &format!(" --calm {}", list(names.collect()));
        }
        if self.usual {
            flags += " --usual";
        }
        if self.luck > 0 {
            flags += &format!(" --luck {}", self.luck);
        }
        flags
    }
}
