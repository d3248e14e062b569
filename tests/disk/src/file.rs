//! One file: what it holds, and what it held when it was last synced. It knows nothing of names.

use std::collections::BTreeMap;
use std::ops::Range;

use fastrand::Rng;

/// What reaches the disk in one piece, unless it is torn.
pub(crate) const SECTOR: usize = 512;
/// One in so many sectors is torn when the power fails.
const TORN: u32 = 12;

type Sector = [u8; SECTOR];

/// A file.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    bytes: Vec<u8>,
    /// How long it was when it was last synced.
    synced_len: usize,
    /// How long it was at the shortest since.
    shortest: usize,
    /// What was synced of the sectors that were changed since, by number; none lies wholly behind `synced_len`.
    before: BTreeMap<usize, Sector>,
    /// Whether its name survives.
    pub(crate) is_named: bool,
}

/// How much of what was not synced survives a power cut.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Nothing,
    Everything,
    /// What was written first, as when a disk does all in order.
    Beginning,
    Some,
}

impl File {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Fills as much of the buffer as there is, and says how much that is.
    pub(crate) fn read(&self, offset: usize, buffer: &mut [u8]) -> usize {
        let from = self.bytes.get(offset..).unwrap_or_default();
        let there = from.len().min(buffer.len());
        buffer[..there].copy_from_slice(&from[..there]);
        there
    }

    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        self.keep_before(offset..end);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[offset..end].copy_from_slice(data);
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.keep_before(len..self.bytes.len());
        self.bytes.resize(len, 0);
        self.shortest = self.shortest.min(len);
    }

    pub(crate) fn sync(&mut self) {
        self.before.clear();
        self.synced_len = self.bytes.len();
        self.shortest = self.synced_len;
        self.is_named = true;
    }

    /// Leaves what was synced, and of the rest any part.
    pub(crate) fn lose_power(&mut self, rng: &mut Rng) {
        let luck = [Luck::Nothing, Luck::Everything, Luck::Beginning, Luck::Some];
        let luck = luck[rng.usize(0..luck.len())];
        let new_len = self.len_after(luck, rng);
        let sectors: Vec<usize> = self.unsynced().collect();
        let beginning = rng.usize(0..=sectors.len());
        self.bytes.resize(self.bytes.len().max(self.synced_len), 0);
        for (number, sector) in sectors.into_iter().enumerate() {
            let survives = match luck {
                Luck::Nothing => false,
                Luck::Everything => true,
                Luck::Beginning => number < beginning,
                Luck::Some => rng.bool(),
            };
            let torn = rng.u32(0..TORN) == 0;
            let new = match (survives, luck) {
                (_, Luck::Some | Luck::Beginning) if torn => rng.usize(0..=SECTOR),
                (true, _) => SECTOR,
                (false, _) => 0,
            };
            self.restore(sector, new);
        }
        self.bytes.resize(new_len, 0);
        self.sync();
    }

    /// A file grows in parts. Its end is cut off as a whole or not at all: file systems note that in one piece, and SQLite
    /// rests on it (half of a log would bring back what was newer and older than a part of the database).
    fn len_after(&self, luck: Luck, rng: &mut Rng) -> usize {
        let (now, before) = (self.bytes.len(), self.synced_len);
        let between = self.shortest..=now;
        match luck {
            Luck::Nothing => before,
            Luck::Everything => now,
            Luck::Beginning | Luck::Some => match rng.u32(0..3) {
                0 => now,
                1 => before,
                _ => rng.usize(between),
            },
        }
    }

    /// The numbers of the sectors that are not as they were synced.
    fn unsynced(&self) -> impl Iterator<Item = usize> {
        let behind = self.synced_len.div_ceil(SECTOR)..self.bytes.len().div_ceil(SECTOR);
        self.before.keys().copied().chain(behind)
    }

    /// Of one sector the first bytes stay as they were written, the others become what was synced.
    fn restore(&mut self, sector: usize, new: usize) {
        let before = self.before.get(&sector).copied().unwrap_or([0; SECTOR]);
        let end = ((sector + 1) * SECTOR).min(self.bytes.len());
        let from = (sector * SECTOR + new).min(end);
        let len = end - from;
        self.bytes[from..end].copy_from_slice(&before[new..new + len]);
    }

    /// Before these bytes change: keeps what was synced of their sectors.
    fn keep_before(&mut self, bytes: Range<usize>) {
        // An end in the middle of a sector: all of that sector was synced, as nothing behind it.
        let end = bytes.end.min(self.synced_len.next_multiple_of(SECTOR));
        if bytes.start >= end {
            return;
        }
        for sector in bytes.start / SECTOR..end.div_ceil(SECTOR) {
            if self.before.contains_key(&sector) {
                continue;
            }
            let mut kept = [0; SECTOR];
            let there = self.synced_len.min((sector + 1) * SECTOR) - sector * SECTOR;
            self.read(sector * SECTOR, &mut kept[..there]);
            self.before.insert(sector, kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `old`, over which `new` is written, in many power cuts.
    fn outcomes(old: &[u8], new: &[u8]) -> Vec<Vec<u8>> {
        let cut = |seed| {
            let mut file = File::default();
            file.write(0, old);
            file.sync();
            file.write(0, new);
            file.truncate(new.len());
            file.lose_power(&mut Rng::with_seed(seed));
            file.bytes
        };
        (0..400).map(cut).collect()
    }

    #[test]
    fn a_sector_is_old_or_new_or_torn_in_the_middle() {
        let outcomes = outcomes(&[1; SECTOR], &[2; SECTOR]);
        for outcome in &outcomes {
            assert!(outcome.is_sorted_by(|one, next| one >= next), "{outcome:?}");
        }
        let new = |outcome: &Vec<u8>| outcome.iter().filter(|byte| **byte == 2).count();
        assert!(outcomes.iter().any(|outcome| new(outcome) == 0));
        assert!(outcomes.iter().any(|outcome| new(outcome) == SECTOR));
        let torn = |outcome| (1..SECTOR).contains(&new(outcome));
        assert!(outcomes.iter().any(torn));
    }

    #[test]
    fn sectors_survive_without_those_before_them() {
        let outcomes = outcomes(&[1; 4 * SECTOR], &[2; 4 * SECTOR]);
        let skips = |outcome: &Vec<u8>| outcome[0] == 1 && outcome[4 * SECTOR - 1] == 2;
        assert!(outcomes.iter().any(skips));
    }

    #[test]
    fn what_was_synced_of_a_sector_stays_when_more_is_written_behind_it() {
        for outcome in outcomes(&[1; 700], &[[1; 700].as_slice(), &[2; 900]].concat()) {
            assert!(outcome.len() >= 700 && outcome[..700] == [1; 700]);
            assert!(outcome[700..].iter().all(|byte| [0, 2].contains(byte)));
        }
    }

    #[test]
    fn growth_is_lost_in_part_or_whole() {
        let outcomes = outcomes(&[1; 700], &[1; 5_000]);
        for len in [700, 5_000] {
            assert!(outcomes.iter().any(|outcome| outcome.len() == len));
        }
        let in_part = |outcome: &Vec<u8>| (701..5_000).contains(&outcome.len());
        assert!(outcomes.iter().any(in_part));
    }

    #[test]
    fn what_was_cut_off_may_come_back() {
        let outcomes = outcomes(&[1; 3_000], &[1; 1_000]);
        assert!(outcomes.contains(&vec![1; 3_000]));
        assert!(outcomes.contains(&vec![1; 1_000]));
    }

    #[test]
    fn an_end_is_cut_off_as_a_whole_or_not_at_all() {
        for outcome in outcomes(&[1; 3_000], &[1; 1_000]) {
            assert!([1_000, 3_000].contains(&outcome.len()), "{}", outcome.len());
        }
        let cut = |seed| {
            let mut file = File::default();
            file.write(0, &[1; 3_000]);
            file.sync();
            file.truncate(0);
            file.write(0, &[2; 1_000]);
            file.lose_power(&mut Rng::with_seed(seed));
            file.len()
        };
        let lens: Vec<usize> = (0..400).map(cut).collect();
        assert!(lens.iter().all(|len| *len <= 1_000 || *len == 3_000));
        for len in [0..1_000, 1_000..1_001, 3_000..3_001] {
            assert!(lens.iter().any(|it| len.contains(it)), "{len:?}");
        }
    }

    #[test]
    fn what_was_synced_is_not_touched() {
        let mut file = File::default();
        file.write(100, &[3; 2_000]);
        file.sync();
        let synced = file.bytes.clone();
        file.lose_power(&mut Rng::with_seed(1));
        assert_eq!(file.bytes, synced);
    }
}
