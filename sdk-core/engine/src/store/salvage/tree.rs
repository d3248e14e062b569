//! Rows out of the pages of b-trees (see "Database File Format" in SQLite's documentation). A page or a row
//! that is damaged gives nothing; nothing panics, and nothing goes in circles.

use std::collections::BTreeSet;

use rusqlite::types::Value;

use super::image::{Image, PageNumber, word};

const TABLE_LEAF: u8 = 0x0d;
const TABLE_INTERIOR: u8 = 0x05;
const INDEX_LEAF: u8 = 0x0a;
/// The header of the file, before the first page's own.
const FILE_HEADER: usize = 100;
/// No row of a store is larger.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A row as it is stored. A column that is the row's number is `Null` in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// The row's number; `None` in a table without numbers.
    pub(super) row: Option<i64>,
    pub(super) values: Vec<Value>,
}

/// The rows of a page, when it is a leaf.
pub(super) fn records(image: &mut Image, number: PageNumber) -> Vec<Record> {
    let Some(page) = image.page(number) else {
        return Vec::new();
    };
    let start = header_start(number);
    let numbered = match page.get(start) {
        Some(&TABLE_LEAF) => true,
        Some(&INDEX_LEAF) => false,
        _ => return Vec::new(),
    };
    cells(&page, start, 8)
        .filter_map(|cell| record(image, &page, cell, numbered))
        .collect()
}

/// The pages of a table below a root. `None` when the root is no page of a table: it is damaged, or another.
pub(super) fn reachable(image: &mut Image, root: PageNumber) -> Option<BTreeSet<PageNumber>> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(number) = waiting.pop() {
        let page = image.page(number).unwrap_or_default();
        let start = header_start(number);
        match page.get(start) {
            Some(&TABLE_LEAF) => {
                reached.insert(number);
            }
            Some(&TABLE_INTERIOR) if reached.insert(number) => {
                waiting.push(word(&page, start + 8));
                waiting.extend(cells(&page, start, 12).map(|cell| word(&page, cell)));
            }
            _ if number == root => return None,
            _ => {}
        }
    }
    Some(reached)
}

fn header_start(number: PageNumber) -> usize {
    if number == 1 { FILE_HEADER } else { 0 }
}

/// Where the cells of a page begin.
fn cells(page: &[u8], start: usize, header: usize) -> impl Iterator<Item = usize> {
    let count = short(page, start + 3);
    (0..count)
        .map(move |cell| start + header + 2 * cell)
        .take_while(|at| at + 2 <= page.len())
        .map(|at| short(page, at))
}

fn short(page: &[u8], at: usize) -> usize {
    let bytes = page.get(at..at + 2).and_then(|short| short.try_into().ok());
    usize::from(u16::from_be_bytes(bytes.unwrap_or_default()))
}

fn record(image: &mut Image, page: &[u8], cell: usize, numbered: bool) -> Option<Record> {
    let mut at = cell;
    let bytes = usize::try_from(varint(page, &mut at)?).ok()?;
    let row = match numbered {
        true => Some(varint(page, &mut at)?),
        false => None,
    };
    let payload = payload(image, page, at, bytes, numbered)?;
    Some(Record {
        row,
        values: values(&payload)?,
    })
}

/// All of a row: what is on its page, and what did not fit there.
fn payload(
    image: &mut Image,
    page: &[u8],
    at: usize,
    bytes: usize,
    numbered: bool,
) -> Option<Vec<u8>> {
    let usable = image.usable();
    let most = match numbered {
        true => usable - 35,
        false => (usable - 12) * 64 / 255 - 23,
    };
    if bytes > MOST_BYTES.min(image.bytes()) {
        return None;
    }
    if bytes <= most {
        return Some(page.get(at..at + bytes)?.to_vec());
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fits = least + (bytes - least) % (usable - 4);
    let here = if fits <= most { fits } else { least };
    let mut payload = page.get(at..at + here)?.to_vec();
    let mut next = word(page.get(at + here..at + here + 4)?, 0);
    while payload.len() < bytes {
        let more = image.page(next)?;
        let wanted = (bytes - payload.len()).min(usable - 4);
        payload.extend_from_slice(more.get(4..4 + wanted)?);
        next = word(&more, 0);
    }
    Some(payload)
}

fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header = usize::try_from(varint(payload, &mut at)?).ok()?;
    let mut content = header;
    let mut values = Vec::new();
    while at < header {
        let kind = varint(payload, &mut at)?;
        values.push(value(payload, &mut content, kind)?);
    }
    (at == header && content == payload.len()).then_some(values)
}

fn value(payload: &[u8], at: &mut usize, kind: i64) -> Option<Value> {
    let bytes = match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        12.. => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    };
    let end = at.checked_add(bytes)?;
    let content = payload.get(*at..end)?;
    *at = end;
    Some(match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        7 => Value::Real(f64::from_be_bytes(content.try_into().ok()?)),
        1..=6 => {
            let negative = content.first().is_some_and(|first| first & 0x80 != 0);
            let begin = if negative { -1 } else { 0 };
            let number = content
                .iter()
                .fold(begin, |number: i64, byte| number << 8 | i64::from(*byte));
            Value::Integer(number)
        }
        _ if kind % 2 == 0 => Value::Blob(content.to_vec()),
        _ => Value::Text(String::from_utf8(content.to_vec()).ok()?),
    })
}

/// A number of one to nine bytes, seven bits in each but the ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut number: i64 = 0;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if place == 8 {
            return Some(number << 8 | i64::from(byte));
        }
        number = number << 7 | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}
