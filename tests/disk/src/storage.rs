//! What a disk holds, and what it refuses: the files by their names, the space, the faults, the power. It knows
//! nothing of SQLite.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use fastrand::Rng;

use crate::file::{File, SECTOR};

/// The memory that connections share, in pieces whose addresses stay; on a real disk it is a file.
pub(crate) type Region = Arc<[AtomicU64]>;

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no space.
    Full,
    /// The disk does not do its part.
    Fault,
    /// There is no such file.
    Missing,
    /// The process that opened this is dead.
    Dead,
}

/// Who opened a file: each connection is a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Storage {
    files: BTreeMap<String, File>,
    /// What was deleted, while its name may come back.
    deleted: BTreeMap<String, File>,
    shared: Vec<Region>,
    life: u64,
    rng: Rng,
    pub(crate) capacity: Option<u64>,
    pub(crate) failing: u32,
    pub(crate) power_fails_after: Option<u32>,
    pub(crate) failures: u64,
    pub(crate) lost_power: bool,
}

impl Storage {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            files: BTreeMap::new(),
            deleted: BTreeMap::new(),
            shared: Vec::new(),
            life: 0,
            rng: Rng::with_seed(seed),
            capacity: None,
            failing: 0,
            power_fails_after: None,
            failures: 0,
            lost_power: false,
        }
    }

    /// What was opened until now does nothing any more.
    pub(crate) fn kill(&mut self) {
        self.life += 1;
        self.shared.clear();
        self.lost_power = false;
    }

    pub(crate) fn life(&self) -> Life {
        Life(self.life)
    }

    pub(crate) fn lose_power(&mut self) {
        self.kill();
        self.power_fails_after = None;
        for (name, mut file) in std::mem::take(&mut self.deleted) {
            if self.rng.bool() {
                file.is_named = true;
                self.files.entry(name).or_insert(file);
            }
        }
        let rng = &mut self.rng;
        // A new file of which nothing was ever synced may be there all the same.
        self.files.retain(|_, file| file.is_named || rng.bool());
        for file in self.files.values_mut() {
            file.lose_power(rng);
        }
    }

    pub(crate) fn open(&mut self, life: Life, name: &str, create: bool) -> Result<(), Refused> {
        self.check(life)?;
        if !self.files.contains_key(name) {
            if !create {
                return Err(Refused::Missing);
            }
            self.may_write()?;
            self.files.insert(name.to_owned(), File::default());
        }
        Ok(())
    }

    /// Deletes a file; `lasting`: its name is gone for good before this returns.
    pub(crate) fn delete(&mut self, life: Life, name: &str, lasting: bool) -> Result<(), Refused> {
        self.size(life, name)?;
        self.may_write()?;
        if let Some(file) = self.files.remove(name)
            && file.is_named
        {
            self.deleted.insert(name.to_owned(), file);
        }
        if lasting {
            self.deleted.clear();
        }
        Ok(())
    }

    pub(crate) fn exists(&self, life: Life, name: &str) -> Result<bool, Refused> {
        self.check(life)?;
        Ok(self.files.contains_key(name))
    }

    pub(crate) fn size(&self, life: Life, name: &str) -> Result<usize, Refused> {
        Ok(self.file(life, name)?.len())
    }

    pub(crate) fn read(
        &self,
        life: Life,
        name: &str,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<usize, Refused> {
        Ok(self.file(life, name)?.read(offset, buffer))
    }

    /// Writes all of it. Where it fails, as much as there was space for is written, or any part.
    pub(crate) fn write(
        &mut self,
        life: Life,
        name: &str,
        offset: usize,
        data: &[u8],
    ) -> Result<(), Refused> {
        let len = self.size(life, name)?;
        let fault = self.may_write();
        let grows = (offset + data.len()).saturating_sub(len);
        let (written, result) = match (fault, self.space()) {
            (Err(fault), _) => (self.rng.usize(0..=data.len()), Err(fault)),
            (Ok(()), Some(space)) if grows > space => {
                self.failures += 1;
                let fits = data.len() - grows + space / SECTOR * SECTOR;
                (fits, Err(Refused::Full))
            }
            (Ok(()), _) => (data.len(), Ok(())),
        };
        self.file_mut(life, name)?.write(offset, &data[..written]);
        self.use_power()?;
        result
    }

    pub(crate) fn truncate(&mut self, life: Life, name: &str, len: usize) -> Result<(), Refused> {
        self.size(life, name)?;
        self.may_write()?;
        self.file_mut(life, name)?.truncate(len);
        self.use_power()
    }

    /// What was written until now survives. The name of the file does, too, and what was deleted stays deleted: as
    /// in file systems with a journal. Where it fails, nothing more survives than before.
    pub(crate) fn sync(&mut self, life: Life, name: &str) -> Result<(), Refused> {
        self.size(life, name)?;
        // The power may fail before it is done.
        self.use_power()?;
        self.may_write()?;
        self.file_mut(life, name)?.sync();
        self.deleted.clear();
        Ok(())
    }

    /// A piece of the shared memory. `None`: it is not there, and was not to be made.
    pub(crate) fn shared(
        &mut self,
        life: Life,
        number: usize,
        bytes: usize,
        create: bool,
    ) -> Result<Option<Region>, Refused> {
        self.check(life)?;
        while self.shared.len() <= number {
            if !create {
                return Ok(None);
            }
            if self.space().is_some_and(|space| space < bytes) {
                self.failures += 1;
                return Err(Refused::Full);
            }
            let words = bytes.div_ceil(size_of::<AtomicU64>());
            let region = std::iter::repeat_with(AtomicU64::default).take(words);
            self.shared.push(region.collect());
        }
        Ok(self.shared.get(number).cloned())
    }

    pub(crate) fn forget_shared(&mut self, life: Life) {
        if self.check(life).is_ok() {
            self.shared.clear();
        }
    }

    pub(crate) fn used(&self) -> u64 {
        let files = self.files.values().map(File::len);
        let shared = self.shared.iter().map(|region| size_of_val(&**region));
        files.chain(shared).map(|bytes| bytes as u64).sum()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = self.files.values().map(File::bytes);
        files.collect::<Vec<_>>().concat()
    }

    /// How many bytes more there is space for; `None`: any number.
    fn space(&self) -> Option<usize> {
        let space = self.capacity?.saturating_sub(self.used());
        Some(usize::try_from(space).unwrap_or(usize::MAX))
    }

    fn may_write(&mut self) -> Result<(), Refused> {
        if self.failing > 0 && self.rng.u32(0..1000) < self.failing {
            self.failures += 1;
            return Err(Refused::Fault);
        }
        Ok(())
    }

    fn use_power(&mut self) -> Result<(), Refused> {
        match &mut self.power_fails_after {
            None => Ok(()),
            Some(0) => {
                self.lose_power();
                self.failures += 1;
                self.lost_power = true;
                Err(Refused::Dead)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    pub(crate) fn check(&self, life: Life) -> Result<(), Refused> {
        match life == self.life() {
            true => Ok(()),
            false => Err(Refused::Dead),
        }
    }

    fn file(&self, life: Life, name: &str) -> Result<&File, Refused> {
        self.check(life)?;
        self.files.get(name).ok_or(Refused::Missing)
    }

    fn file_mut(&mut self, life: Life, name: &str) -> Result<&mut File, Refused> {
        self.check(life)?;
        self.files.get_mut(name).ok_or(Refused::Missing)
    }
}
