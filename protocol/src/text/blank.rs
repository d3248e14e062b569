//! What shows nothing.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark, WhiteSpace,
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
