//! What shows nothing, and what shows something else than is there.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
    VariationSelector, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The empty pattern of Braille: a letter by Unicode, and nothing on the screen.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether a text has nothing in it that can be seen (PROTOCOL.md §4.8). The empty text is blank.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// White space, controls, what Unicode says is not shown (soft hyphens, zero widths, fillers, variation
/// selectors, tags), and format characters but for those that are shown before numbers.
fn is_invisible(letter: char) -> bool {
    if letter.is_ascii_graphic() {
        return false;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    letter.is_control()
        || letter == BRAILLE_BLANK
        || CodePointSetData::new::<WhiteSpace>().contains(letter)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
        || category == GeneralCategory::Format
            && !CodePointSetData::new::<PrependedConcatenationMark>().contains(letter)
}

/// Controls, breaks of lines and paragraphs, and what turns the direction of reading, as in `exe.gnp`.
pub(super) fn misleads(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
        || CodePointSetData::new::<BidiControl>().contains(letter)
}

/// What is not seen, and does not shape what is seen beside it either: all that Unicode calls ignorable, but for
/// joiners, variation selectors and the tags of flags.
pub(super) fn hides(letter: char) -> bool {
    let shapes = matches!(letter, '\u{200C}' | '\u{200D}' | '\u{E0020}'..='\u{E007F}')
        || CodePointSetData::new::<VariationSelector>().contains(letter);
    !letter.is_ascii()
        && !shapes
        && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}
