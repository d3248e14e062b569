//! The pages of a database file as they are on the disk, with what its write-ahead log has committed over
//! them. Nothing of the file is trusted, and nothing is written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::suffixed;

/// What SQLite makes stores with. The header of a damaged file is not believed.
const USUAL_PAGE: usize = 4_096;
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A page by its number, from 1.
pub(super) type PageNumber = u32;

/// The pages of a file.
#[derive(Debug)]
pub(super) struct Image {
    /// `None` when only the log is left.
    file: Option<File>,
    /// The log, and where in it the newest committed version of each page is.
    log: Option<(File, BTreeMap<PageNumber, u64>)>,
    page_bytes: usize,
    pages: PageNumber,
}

impl Image {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let log = File::open(suffixed(path, "-wal")).and_then(Log::read).ok();
        let page_bytes = log.as_ref().map_or(USUAL_PAGE, |log| log.page_bytes);
        let length = match &file {
            Some(file) => file.metadata()?.len(),
            None => 0,
        };
        let in_file = length.div_ceil(page_bytes as u64);
        let in_log = log
            .as_ref()
            .and_then(|log| log.pages.keys().next_back().copied())
            .unwrap_or_default();
        Ok(Self {
            file,
            page_bytes,
            pages: PageNumber::try_from(in_file)
                .unwrap_or(PageNumber::MAX)
                .max(in_log),
            log: log.map(|log| (log.file, log.pages)),
        })
    }

    pub(super) fn page_numbers(&self) -> std::ops::RangeInclusive<PageNumber> {
        1..=self.pages
    }

    /// How many bytes all pages have.
    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.pages)
            .unwrap_or(usize::MAX)
            .saturating_mul(self.page_bytes)
    }

    /// How many bytes of each page SQLite uses: stores keep none for others.
    pub(super) fn usable(&self) -> usize {
        self.page_bytes
    }

    /// A page, filled up with zeros where the file ends in it; `None` when it is not there.
    pub(super) fn page(&mut self, number: PageNumber) -> Option<Vec<u8>> {
        if number == 0 || number > self.pages {
            return None;
        }
        let mut page = vec![0; self.page_bytes];
        let in_log = self
            .log
            .as_mut()
            .and_then(|(file, pages)| Some((file, *pages.get(&number)?)));
        let (file, at) = match in_log {
            Some(in_log) => in_log,
            None => {
                let at = u64::from(number - 1) * self.page_bytes as u64;
                (self.file.as_mut()?, at)
            }
        };
        file.seek(SeekFrom::Start(at)).ok()?;
        let read = read_up_to(file, &mut page).ok()?;
        (read > 0).then_some(page)
    }
}

/// A write-ahead log, as far as it is whole (see "WAL File Format" in SQLite's documentation).
#[derive(Debug)]
struct Log {
    file: File,
    page_bytes: usize,
    pages: BTreeMap<PageNumber, u64>,
}

impl Log {
    fn read(mut file: File) -> io::Result<Self> {
        let odd = || io::Error::from(io::ErrorKind::InvalidData);
        let mut header = [0; WAL_HEADER];
        file.read_exact(&mut header)?;
        let page_bytes = word(&header, 8) as usize;
        let big_endian = match word(&header, 0) {
            0x377f_0683 => true,
            0x377f_0682 => false,
            _ => return Err(odd()),
        };
        let mut sum = checksum((0, 0), &header[..24], big_endian);
        if !is_page_size(page_bytes) || sum != (word(&header, 24), word(&header, 28)) {
            return Err(odd());
        }
        let mut log = Self {
            file,
            page_bytes,
            pages: BTreeMap::new(),
        };
        let mut waiting = Vec::new();
        let mut frame = vec![0; FRAME_HEADER + page_bytes];
        let mut at = WAL_HEADER as u64;
        // Frames of another round of the log, and torn ones, have another salt or sum.
        while log.file.read_exact(&mut frame).is_ok() {
            sum = checksum(sum, &frame[..8], big_endian);
            sum = checksum(sum, &frame[FRAME_HEADER..], big_endian);
            let whole =
                frame[8..16] == header[16..24] && sum == (word(&frame, 16), word(&frame, 20));
            if !whole {
                break;
            }
            waiting.push((word(&frame, 0), at + FRAME_HEADER as u64));
            at += frame.len() as u64;
            let commits = word(&frame, 4) != 0;
            if commits {
                log.pages.extend(waiting.drain(..));
            }
        }
        Ok(log)
    }
}

fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=65_536).contains(&size)
}

/// Four bytes as a number.
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    u32::from_be_bytes(word.unwrap_or_default())
}

fn checksum(sum: (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let number = |at: usize| {
        let number = word(bytes, at);
        if big_endian {
            number
        } else {
            number.swap_bytes()
        }
    };
    (0..bytes.len())
        .step_by(8)
        .fold(sum, |(first, second), at| {
            let first = first.wrapping_add(number(at)).wrapping_add(second);
            let second = second.wrapping_add(number(at + 4)).wrapping_add(first);
            (first, second)
        })
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
