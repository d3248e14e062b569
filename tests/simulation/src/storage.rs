//! What a device keeps its store on, and what goes wrong with it: in half of the worlds a disk that knows what was
//! synced, and a database in memory in the others. It knows nothing of what is in a store.

use std::sync::OnceLock;

use fastrand::Rng;
use fulmar_disk::Disk;
use fulmar_engine::{Durability, Engine, Store};
use rusqlite::Connection;

use crate::streams::{Stream, rng};

/// In how many of a thousand writes and syncs a disk fails, while it does.
const FAILING: [u32; 3] = [20, 150, 600];
/// How much space is left at most when a disk is nearly full, in bytes.
const LITTLE_SPACE: u64 = 200_000;
/// After how many writes at most the power fails that fails in the midst of one.
const LAST_WRITES: u32 = 40;
/// Of so many seeds one has devices that make their stores themselves.
const FRESH: u64 = 8;

/// What a device keeps its store on.
pub(crate) struct Storage {
    medium: Medium,
    /// SQLite gives rows without ORDER BY in reverse: finds a missing ORDER BY.
    reverse_rows: bool,
    /// For what happens to the disk.
    rng: Rng,
    /// Until when the disk has too little space, or fails.
    trouble: Option<u64>,
    /// How much had been refused when somebody last asked.
    failures: u64,
}

enum Medium {
    /// The database, while no process has it, and what a power cut leaves: the newest durable commit.
    Memory(Option<Connection>, Option<Vec<u8>>),
    Disk(Disk),
}

impl Storage {
    /// An empty one, for a device of the world of a seed.
    pub(crate) fn of(seed: u64, device: usize, reverse_rows: bool) -> Self {
        let on_disk = rng(seed, Stream::Disk(u32::MAX)).bool();
        let mut rng = rng(
            seed,
            Stream::Disk(u32::try_from(device).unwrap_or(u32::MAX)),
        );
        let medium = match on_disk {
            true => Medium::Disk(Disk::new(rng.u64(..))),
            false => Medium::Memory(Some(empty(seed.is_multiple_of(FRESH))), None),
        };
        Self {
            medium,
            reverse_rows,
            rng,
            trouble: None,
            failures: 0,
        }
    }

    /// The database, for a process that begins. `None`: another has it.
    pub(crate) fn open(&mut self) -> rusqlite::Result<Option<Connection>> {
        let connection = match &mut self.medium {
            Medium::Memory(connection, _) => connection.take(),
            Medium::Disk(disk) => Some(disk.connect()?),
        };
        if let Some(connection) = &connection {
            connection.pragma_update(None, "reverse_unordered_selects", self.reverse_rows)?;
        }
        Ok(connection)
    }

    /// Who opened it has done something and goes.
    pub(crate) fn close(&mut self, store: Store) {
        if let Medium::Memory(connection, _) = &mut self.medium {
            *connection = Some(store.into_connection());
        }
    }

    /// A transaction was committed like this, in a world with power cuts.
    pub(crate) fn committed(
        &mut self,
        engine: &mut Engine,
        durability: Durability,
    ) -> Result<(), String> {
        if let Medium::Memory(_, image) = &mut self.medium
            && durability == Durability::Full
        {
            *image = Some(engine.image().map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// The process dies, and perhaps the power fails.
    pub(crate) fn crash(&mut self, engine: Engine, power: bool) -> rusqlite::Result<()> {
        match &mut self.medium {
            Medium::Disk(disk) => {
                match power {
                    true => disk.lose_power(),
                    false => disk.kill(),
                }
                disk.lose_power_after(None);
                drop(engine);
            }
            Medium::Memory(connection, image) => {
                let mut left = engine.into_store().into_connection();
                if let (Some(image), true) = (image, power) {
                    left = Connection::open_in_memory()?;
                    let len = image.len();
                    left.deserialize_read_exact("main", image.as_slice(), len, false)?;
                }
                *connection = Some(left);
            }
        }
        Ok(())
    }

    /// Whether it is one on which anything can go wrong.
    pub(crate) fn is_disk(&self) -> bool {
        match &self.medium {
            Medium::Memory(..) => false,
            Medium::Disk(_) => true,
        }
    }

    /// Every byte that it has of a store which an engine has open.
    pub(crate) fn bytes(&self, engine: &mut Engine) -> Result<Vec<u8>, String> {
        match &self.medium {
            Medium::Memory(..) => engine.image().map_err(|error| error.to_string()),
            Medium::Disk(disk) => Ok(disk.bytes()),
        }
    }

    /// Whether nothing is wrong at this moment.
    pub(crate) fn is_reliable(&self) -> bool {
        self.trouble.is_none()
    }

    /// From now on there is too little space, or the disk does not do its part.
    pub(crate) fn trouble(&mut self, now: u64) {
        let Medium::Disk(disk) = &self.medium else {
            return;
        };
        let full = self.rng.u32(0..4) > 0;
        match full {
            true => disk.limit(Some(disk.used() + self.rng.u64(0..LITTLE_SPACE))),
            false => disk.fail(FAILING[self.rng.usize(0..FAILING.len())]),
        }
        self.trouble = Some(now + self.rng.u64(1_000..60_000));
    }

    /// It is so late: what was wrong may be over.
    pub(crate) fn at(&mut self, now: u64) {
        if self.trouble.is_some_and(|until| until <= now) {
            self.relieve();
        }
    }

    /// There is space again, and the disk does its part.
    pub(crate) fn relieve(&mut self) {
        self.trouble = None;
        if let Medium::Disk(disk) = &self.medium {
            disk.limit(None);
            disk.fail(0);
            disk.lose_power_after(None);
        }
    }

    /// The power will fail in the midst of one of the next writes.
    pub(crate) fn fail_soon(&mut self) {
        if let Medium::Disk(disk) = &self.medium {
            disk.lose_power_after(Some(self.rng.u32(0..LAST_WRITES)));
        }
    }

    /// Whether the power failed in the midst of a write.
    pub(crate) fn lost_power(&self) -> bool {
        match &self.medium {
            Medium::Memory(..) => false,
            Medium::Disk(disk) => disk.lost_power(),
        }
    }

    /// Whether anything was refused since this was last asked.
    pub(crate) fn refused(&mut self) -> bool {
        let failures = match &self.medium {
            Medium::Memory(..) => 0,
            Medium::Disk(disk) => disk.failures(),
        };
        failures > std::mem::replace(&mut self.failures, failures)
    }
}

/// A database in memory: without any table, or with a store that holds nothing yet. To make the tables of one takes as
/// long as hundreds of transactions, so that is done once for all worlds that are not about it.
fn empty(is_fresh: bool) -> Connection {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    if is_fresh {
        return in_memory();
    }
    let image = IMAGE.get_or_init(|| match Store::adopt(in_memory()) {
        Ok(mut store) => store.image().unwrap_or_default(),
        Err(error) => unreachable!("a database in memory becomes a store: {error}"),
    });
    let mut connection = in_memory();
    match connection.deserialize_read_exact("main", image.as_slice(), image.len(), false) {
        Ok(()) => connection,
        Err(error) => unreachable!("the image is that of a store: {error}"),
    }
}

fn in_memory() -> Connection {
    match Connection::open_in_memory() {
        Ok(connection) => connection,
        Err(error) => unreachable!("a database in memory can be opened: {error}"),
    }
}
