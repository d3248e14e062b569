//! The form of identifiers that people choose: the profile UsernameCaseMapped of RFC 8265, over the IdentifierClass of
//! RFC 8264. What is allowed is derived from the properties of Unicode, as RFC 8264 §8 says, never from a table of one
//! version of it.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, EastAsianWidth, GeneralCategory,
    Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::name::composed;

/// The normal form: letters of usual width, in lower case, composed. `None` for what is not allowed.
pub(super) fn normal(text: &str) -> Option<String> {
    let narrow: String = text.chars().map(of_usual_width).collect();
    let normal = composed(&narrow.to_lowercase());
    let letters: Vec<char> = normal.chars().collect();
    let allowed = !letters.is_empty()
        && narrow.chars().all(is_of_a_kind_that_is_allowed)
        && (0..letters.len()).all(|at| stands_where_it_may(&letters, at))
        && reads_in_one_direction(&letters);
    allowed.then_some(normal)
}

/// Letters of full and half width are other ways to write the usual ones.
fn of_usual_width(letter: char) -> char {
    let width = CodePointMapData::<EastAsianWidth>::new().get(letter);
    if !matches!(width, EastAsianWidth::Fullwidth | EastAsianWidth::Halfwidth) {
        return letter;
    }
    let mut usual =
        DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(std::iter::once(letter));
    match (usual.next(), usual.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

/// RFC 8264 §8, but for what depends on its neighbours.
fn is_of_a_kind_that_is_allowed(letter: char) -> bool {
    match letter {
        '!'..='~' | 'ß' | 'ς' | '\u{6FD}' | '\u{6FE}' | '\u{F0B}' | '\u{3007}' => return true,
        '\u{640}' | '\u{7FA}' | '\u{302E}' | '\u{302F}' | '\u{3031}'..='\u{3035}' | '\u{303B}' => {
            return false;
        }
        _ => {}
    }
    if depends_on_neighbours(letter) {
        return true;
    }
    let conjoining = matches!(letter, '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{D7B0}'..='\u{D7FF}');
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter);
    let has_another_form = !ComposingNormalizerBorrowed::new_nfkc()
        .normalize_iter(std::iter::once(letter))
        .eq(std::iter::once(letter))
        && ComposingNormalizerBorrowed::new_nfc()
            .normalize_iter(std::iter::once(letter))
            .eq(std::iter::once(letter));
    let is_letter = matches!(
        CodePointMapData::<GeneralCategory>::new().get(letter),
        GeneralCategory::LowercaseLetter
            | GeneralCategory::UppercaseLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::DecimalNumber
            | GeneralCategory::ModifierLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
    );
    is_letter && !conjoining && !ignorable && !has_another_form
}

fn depends_on_neighbours(letter: char) -> bool {
    matches!(
        letter,
        '\u{200C}' | '\u{200D}' | '·' | '\u{375}' | '\u{5F3}' | '\u{5F4}' | '\u{30FB}'
    ) || is_arabic_digit(letter)
        || is_persian_digit(letter)
}

fn is_arabic_digit(letter: char) -> bool {
    matches!(letter, '\u{660}'..='\u{669}')
}

fn is_persian_digit(letter: char) -> bool {
    matches!(letter, '\u{6F0}'..='\u{6F9}')
}

/// The rules for what depends on its neighbours (RFC 5892, appendix A). Joiners are taken after a virama only.
fn stands_where_it_may(letters: &[char], at: usize) -> bool {
    let letter = letters[at];
    let before = at.checked_sub(1).map(|before| letters[before]);
    let after = letters.get(at + 1).copied();
    let script = |letter: char| CodePointMapData::<Script>::new().get(letter);
    match letter {
        '\u{200C}' | '\u{200D}' => before.is_some_and(|before| {
            CodePointMapData::<CanonicalCombiningClass>::new().get(before)
                == CanonicalCombiningClass::Virama
        }),
        '·' => before == Some('l') && after == Some('l'),
        '\u{375}' => after.is_some_and(|after| script(after) == Script::Greek),
        '\u{5F3}' | '\u{5F4}' => before.is_some_and(|before| script(before) == Script::Hebrew),
        '\u{30FB}' => letters.iter().any(|one| {
            matches!(
                script(*one),
                Script::Hiragana | Script::Katakana | Script::Han
            )
        }),
        _ if is_arabic_digit(letter) => !letters.iter().copied().any(is_persian_digit),
        _ => true,
    }
}

/// The Bidi Rule (RFC 5893 §2), where there is a letter that is read from right to left.
fn reads_in_one_direction(letters: &[char]) -> bool {
    let class = |letter: &char| CodePointMapData::<BidiClass>::new().get(*letter);
    let classes: Vec<BidiClass> = letters.iter().map(class).collect();
    let from_the_right =
        |class: &BidiClass| matches!(*class, BidiClass::RightToLeft | BidiClass::ArabicLetter);
    let turns = |class: &BidiClass| from_the_right(class) || *class == BidiClass::ArabicNumber;
    if !classes.iter().any(turns) {
        return true;
    }
    let anywhere = |class: &BidiClass| {
        matches!(
            *class,
            BidiClass::EuropeanNumber
                | BidiClass::EuropeanSeparator
                | BidiClass::CommonSeparator
                | BidiClass::EuropeanTerminator
                | BidiClass::OtherNeutral
                | BidiClass::BoundaryNeutral
                | BidiClass::NonspacingMark
        )
    };
    let last = classes
        .iter()
        .rfind(|class| **class != BidiClass::NonspacingMark);
    let (Some(first), Some(last)) = (classes.first(), last) else {
        return false;
    };
    let has = |wanted: BidiClass| classes.contains(&wanted);
    // One that begins from the left has nothing in it that turns.
    from_the_right(first)
        && classes.iter().all(|class| turns(class) || anywhere(class))
        && (turns(last) || *last == BidiClass::EuropeanNumber)
        && !(has(BidiClass::EuropeanNumber) && has(BidiClass::ArabicNumber))
}
