//! What people and conversations may be called, and in which form (PROTOCOL.md §4.8). What is forbidden is refused,
//! never taken out: a name is what its owner chose.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::blank::{hides, misleads};
use super::bounds::within;
use super::{NAME_BYTES, TITLE_BYTES, TextFault, is_blank};

/// The name of a person, in its normal form: composed (NFC), without white space at its ends, and with one space
/// where there was any within.
///
/// # Errors
/// [`TextFault::Blank`], [`TextFault::TooLong`], [`TextFault::Misleading`].
pub fn name(text: &str) -> Result<String, TextFault> {
    line(text, NAME_BYTES)
}

/// The title of a group or of a context, in its normal form, which is that of a [`name`].
///
/// # Errors
/// [`TextFault::Blank`], [`TextFault::TooLong`], [`TextFault::Misleading`].
pub fn title(text: &str) -> Result<String, TextFault> {
    line(text, TITLE_BYTES)
}

/// A text whatever its case, width and composition: for finding names, never for showing them.
#[must_use]
pub fn folded(text: &str) -> String {
    let plain: String = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize(text)
        .into_owned();
    composed(&CaseMapper::new().fold_string(&plain))
}

/// A text in which each letter with its accents is as few characters as there can be (NFC).
pub(super) fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

fn line(text: &str, most: usize) -> Result<String, TextFault> {
    within(text.len(), most)?;
    if is_blank(text) {
        return Err(TextFault::Blank);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let normal = composed(&words.join(" "));
    if normal
        .chars()
        .any(|letter| misleads(letter) || hides(letter))
    {
        return Err(TextFault::Misleading);
    }
    within(normal.len(), most)?;
    Ok(normal)
}
