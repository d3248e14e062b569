//! Worlds: each has its own users, clock, faults and journal, and a base URL of its own, so that tests which run
//! side by side in one process never meet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fulmar_backend::{Backend, BackendError, Config};

use crate::core::Core;
use crate::scenario::Scenario;
use crate::world::{World, refused};

/// The world at the root of the server.
pub(crate) const MAIN: &str = "main";
/// How the base of every other world begins.
const BASE: &str = "/worlds/";
/// Tests that forget to end their worlds are not to fill the machine.
const MOST: usize = 2_000;

#[derive(Debug)]
pub(crate) struct Worlds {
    main: Arc<Core>,
    config: Config,
    /// The base URL of the server.
    url: String,
    others: Mutex<Others>,
}

#[derive(Debug, Default)]
struct Others {
    worlds: BTreeMap<String, Arc<Core>>,
    last: u64,
}

impl Worlds {
    pub(crate) fn new(main: Backend, url: String) -> Self {
        let config = main.config().clone();
        Self {
            url,
            main: Arc::new(Core::new(main)),
            config,
            others: Mutex::default(),
        }
    }

    pub(crate) fn main(&self) -> World {
        self.world(MAIN, Arc::clone(&self.main))
    }

    fn world(&self, id: &str, core: Arc<Core>) -> World {
        World {
            id: id.to_owned(),
            url: format!("{}{}", self.url, base(id)),
            core,
        }
    }

    /// The world of a path, and how much of the path says so.
    pub(crate) fn of_path(&self, path: &str) -> Option<(Arc<Core>, String)> {
        let Some(rest) = path.strip_prefix(BASE) else {
            return Some((Arc::clone(&self.main), String::new()));
        };
        let id = rest.split('/').next().unwrap_or_default();
        let core = self.others().worlds.get(id).cloned()?;
        Some((core, base(id)))
    }

    pub(crate) fn find(&self, id: &str) -> Option<World> {
        match id {
            MAIN => Some(self.main()),
            id => {
                let core = self.others().worlds.get(id).cloned()?;
                Some(self.world(id, core))
            }
        }
    }

    /// A new world, in memory, with the settings of the main one, as the scenario describes it. It is there once
    /// all of that is true.
    pub(crate) fn begin(&self, scenario: &Scenario) -> Result<World, BackendError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| refused(&error.to_string()))?;
        let config = scenario.settings.over(&self.config);
        let core = Arc::new(Core::new(Backend::in_memory(config, seed)?));
        if self.others().worlds.len() >= MOST {
            let why = format!("there are {MOST} worlds; end those that are done");
            return Err(refused(&why));
        }
        if let Err(error) = scenario.begin(&core) {
            // Robots that run already have nowhere to be.
            core.end();
            return Err(error);
        }
        let mut others = self.others();
        others.last += 1;
        let id = format!("w{}", others.last);
        others.worlds.insert(id.clone(), Arc::clone(&core));
        Ok(self.world(&id, core))
    }

    /// Ends a world, with its connections and whatever runs in it. The main one stays.
    pub(crate) fn end(&self, id: &str) -> bool {
        let ended = self.others().worlds.remove(id);
        if let Some(core) = &ended {
            core.end();
        }
        ended.is_some()
    }

    /// Ends all of them, the main one as well.
    pub(crate) fn end_all(&self) {
        for world in self.all() {
            world.core.end();
        }
    }

    /// Every world, the main one first.
    pub(crate) fn all(&self) -> Vec<World> {
        let mut all = vec![self.main()];
        let others = self.others();
        let others = others.worlds.iter();
        all.extend(others.map(|(id, core)| self.world(id, Arc::clone(core))));
        all
    }

    fn others(&self) -> MutexGuard<'_, Others> {
        // Plain data: a panic elsewhere leaves nothing half done in it.
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the paths of a world begin with.
pub(crate) fn base(id: &str) -> String {
    match id {
        MAIN => String::new(),
        id => format!("{BASE}{id}"),
    }
}
