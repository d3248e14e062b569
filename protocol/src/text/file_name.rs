//! What files may be called, and how a name that came from elsewhere is made harmless.

use super::blank::misleads;
use super::is_blank;
use super::name::composed;
use crate::Attachment;

/// The name of a file of which no other can be told.
const NAMELESS: &str = "file";
/// The longest ending that is kept when a name is cut, with its dot, in bytes.
const ENDING_BYTES: usize = 32;
/// What Windows opens devices by, whatever the ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Whether a file may be called this (PROTOCOL.md §4.8): 1 to 255 bytes, something to see, no path, no
/// control or line break, and nothing that turns the direction of reading.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    name.len() <= Attachment::NAME_BYTES
        && !is_blank(name)
        && !matches!(name, "." | "..")
        && !name
            .chars()
            .any(|letter| is_separator(letter) || misleads(letter))
}

/// A name under which a file can be kept on any platform, as near as possible to what was given: the last
/// part of a path, without what [`is_file_name`] forbids, without what some file systems forbid, composed (NFC),
/// and cut to 255 bytes with its ending kept.
#[must_use]
pub fn clean_file_name(name: &str) -> String {
    let last = name
        .rsplit(is_separator)
        .find(|part| !is_blank(part) && !matches!(*part, "." | ".."))
        .unwrap_or_default();
    // More than this is never kept, so that a name of many megabytes costs nothing.
    let (begin, ending) = split(last);
    let begin = composed(&clean(begin, Attachment::NAME_BYTES));
    let ending = composed(&clean(ending, ENDING_BYTES));
    let ending = cut(&ending, ENDING_BYTES);
    let mut cleaned = cut(&begin, Attachment::NAME_BYTES - ending.len()).to_owned();
    cleaned.push_str(ending);
    let trimmed = cleaned.trim_end_matches([' ', '.']).trim_start();
    if is_blank(trimmed) || matches!(trimmed, "." | "..") {
        return NAMELESS.to_owned();
    }
    if is_device(trimmed) {
        return cut(&format!("_{trimmed}"), Attachment::NAME_BYTES).to_owned();
    }
    trimmed.to_owned()
}

/// Makes an attachment that came from elsewhere harmless: its name is one, and what is longer than
/// PROTOCOL.md §9 allows and not needed is gone.
pub fn clean_attachment(attachment: &mut Attachment) {
    attachment.name = clean_file_name(&attachment.name);
    attachment
        .thumbnail
        .take_if(|thumbnail| thumbnail.0.len() > Attachment::THUMBNAIL_BYTES);
    attachment
        .blurhash
        .take_if(|hash| hash.len() > Attachment::BLURHASH_BYTES);
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '/' | '\\')
}

/// The name and its ending, with the dot.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= ENDING_BYTES => name.split_at(dot),
        _ => (name, ""),
    }
}

fn clean(part: &str, most: usize) -> String {
    let mut cleaned = String::new();
    for letter in part.chars() {
        if cleaned.len() >= most {
            break;
        }
        match letter {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            _ if misleads(letter) => {}
            ':' | '*' | '?' | '"' | '<' | '>' | '|' => cleaned.push('_'),
            _ => cleaned.push(letter),
        }
    }
    cut(&cleaned, most).to_owned()
}

/// At most so many bytes, and no half letter.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_device(name: &str) -> bool {
    let begin = name.split('.').next().unwrap_or_default().trim_end();
    let begin = begin.to_ascii_lowercase();
    let numbered = |port: &str| {
        begin
            .strip_prefix(port)
            .is_some_and(|number| number.len() == 1 && number.chars().all(|c| c.is_ascii_digit()))
    };
    DEVICES.contains(&begin.as_str()) || numbered("com") || numbered("lpt")
}
