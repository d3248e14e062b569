//! Words, as a search compares them (PROTOCOL.md §7.6): without case, accents, width and composition, with
//! digits of any script as 0 to 9, and emoji as words of their own.
//!
//! Each word remembers where it stands in the original text, so that what was found can be shown there.

use std::ops::Range;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::emoji::{is_emoji, is_flag_letter, is_skin_tone};

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In the form in which words are compared.
    pub text: String,
    /// Where it stands in the original text, in bytes.
    pub at: Range<usize>,
}

/// The words of a text, in their order. A word with an apostrophe comes as one, and after it in parts:
/// `dont`, `don`, `t`. Scripts that put no spaces between words give a word for each letter.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut reader = WordReader::default();
    for (start, letter) in text.char_indices() {
        reader.take(letter, start..start + letter.len_utf8());
    }
    reader.end_word();
    reader.words
}

/// What is searched for: one entry for each word between spaces, which is a row of words that have to
/// stand side by side, the last of them perhaps only begun.
#[must_use]
pub fn query_words(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for part in text.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        let mut row = Vec::new();
        let mut whole = 0..0;
        for word in words(part) {
            if word.at.end <= whole.end {
                // A part of a word with an apostrophe: that is looked for as one.
                continue;
            }
            if !row.is_empty() && has_apostrophe(&part[word.at.clone()]) {
                rows.push(std::mem::take(&mut row));
            }
            whole = word.at.clone();
            row.push(word.text);
            if has_apostrophe(&part[whole.clone()]) {
                rows.push(std::mem::take(&mut row));
            }
        }
        if !row.is_empty() {
            rows.push(row);
        }
    }
    rows
}

fn has_apostrophe(text: &str) -> bool {
    text.contains(is_apostrophe)
}

fn is_apostrophe(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{FF07}'
    )
}

#[derive(Debug, Default)]
struct WordReader {
    words: Vec<Word>,
    /// The parts of the word that is being read, between its apostrophes.
    parts: Vec<Word>,
    /// An apostrophe was read, and no letter after it.
    apostrophe: bool,
    /// Half of a flag was read.
    half_flag: bool,
}

impl WordReader {
    fn take(&mut self, letter: char, at: Range<usize>) {
        if letter.is_ascii_alphanumeric() {
            return self.add(letter.to_ascii_lowercase(), at);
        }
        if is_apostrophe(letter) {
            self.apostrophe = !self.parts.is_empty();
            return;
        }
        if letter.is_ascii() {
            return self.end_word();
        }
        if belongs_to_what_was_before(letter) {
            return self.extend(at);
        }
        let plain: Vec<char> = DecomposingNormalizerBorrowed::new_nfkd()
            .normalize_iter(std::iter::once(letter))
            .collect();
        if is_emoji(letter) && !plain.iter().any(|letter| letter.is_alphanumeric()) {
            return self.add_emoji(letter, at);
        }
        for letter in plain {
            self.add_plain(letter, at.clone());
        }
    }

    /// A letter without its accents; what is no letter ends a word.
    fn add_plain(&mut self, letter: char, at: Range<usize>) {
        let category = CodePointMapData::<GeneralCategory>::new().get(letter);
        if GeneralCategoryGroup::Mark.contains(category) {
            match is_accent(letter) {
                true => self.extend(at),
                false => self.add_mark(letter, at),
            }
        } else if needs_no_spaces(letter) {
            self.add_alone(letter, at);
        } else if category == GeneralCategory::DecimalNumber {
            self.add(digit(letter), at);
        } else if letter.is_alphanumeric() || category == GeneralCategory::PrivateUse {
            let mut buffer = [0; 4];
            let folded = CaseMapper::new().fold_string(letter.encode_utf8(&mut buffer));
            for letter in folded.chars() {
                self.add(letter, at.clone());
            }
        } else {
            self.end_word();
        }
    }

    fn add(&mut self, letter: char, at: Range<usize>) {
        self.half_flag = false;
        let new_part = std::mem::take(&mut self.apostrophe) || self.parts.is_empty();
        match self.parts.last_mut() {
            Some(part) if !new_part => {
                part.text.push(letter);
                part.at.end = at.end;
            }
            _ => self.parts.push(Word {
                text: letter.into(),
                at,
            }),
        }
    }

    /// A letter that is a word by itself; the parts of a Korean syllable make one.
    fn add_alone(&mut self, letter: char, at: Range<usize>) {
        if self.parts.is_empty()
            && is_inside_syllable(letter)
            && let Some(before) = self.words.last_mut()
            && before.at.end >= at.start
            && before.text.chars().all(needs_no_spaces)
            && compose(&before.text, letter).chars().count() == 1
        {
            before.text = compose(&before.text, letter);
            before.at.end = at.end;
            return;
        }
        self.end_word();
        self.words.push(Word {
            text: letter.into(),
            at,
        });
    }

    /// A mark that makes another letter of the one before.
    fn add_mark(&mut self, mark: char, at: Range<usize>) {
        let alone = self.parts.is_empty();
        let word = match alone {
            false => self.parts.last_mut(),
            true => self.words.last_mut(),
        };
        if let Some(word) = word.filter(|word| word.at.end >= at.start) {
            word.text = compose(&word.text, mark);
            word.at.end = at.end;
        }
    }

    fn add_emoji(&mut self, letter: char, at: Range<usize>) {
        if std::mem::take(&mut self.half_flag)
            && is_flag_letter(letter)
            && let Some(flag) = self.words.last_mut()
        {
            flag.text.push(letter);
            flag.at.end = at.end;
            return;
        }
        self.end_word();
        self.half_flag = is_flag_letter(letter);
        self.words.push(Word {
            text: letter.into(),
            at,
        });
    }

    /// What is not compared is shown with the word that it follows.
    fn extend(&mut self, at: Range<usize>) {
        let word = match self.parts.last_mut() {
            Some(part) => Some(part),
            None => self.words.last_mut(),
        };
        if let Some(word) = word.filter(|word| word.at.end == at.start) {
            word.at.end = at.end;
        }
    }

    fn end_word(&mut self) {
        self.apostrophe = false;
        self.half_flag = false;
        let parts = std::mem::take(&mut self.parts);
        if let [first, .., last] = parts.as_slice() {
            self.words.push(Word {
                text: parts.iter().map(|part| part.text.as_str()).collect(),
                at: first.at.start..last.at.end,
            });
        }
        self.words.extend(parts);
    }
}

fn compose(text: &str, mark: char) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize_iter(text.chars().chain([mark]))
        .collect()
}

/// What is not shown, and skin tones.
fn belongs_to_what_was_before(letter: char) -> bool {
    is_skin_tone(letter) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Accents, the vowels of Hebrew and Arabic, and what lies across letters. Marks by which scripts write
/// their vowels, tones and other letters stay.
fn is_accent(mark: char) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new().get(mark);
    matches!(class.0, 1 | 10..=36 | 200..=255)
}

/// A digit of any script: those of a script follow each other from 0 to 9.
fn digit(letter: char) -> char {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let mut zero = u32::from(letter);
    while categories.get32(zero - 1) == GeneralCategory::DecimalNumber {
        zero -= 1;
    }
    let value = (u32::from(letter) - zero) % 10;
    char::from_digit(value, 10).unwrap_or(letter)
}

/// Vowels and endings of Korean syllables that are written apart, also those of half width.
fn is_inside_syllable(letter: char) -> bool {
    matches!(letter, '\u{1160}'..='\u{11FF}')
}

/// Whether a letter is of a script that writes words without spaces between them, or in which people
/// search for parts of words.
fn needs_no_spaces(letter: char) -> bool {
    matches!(letter,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Burmese
        | '\u{1100}'..='\u{11FF}' // parts of Hangul
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3040}'..='\u{30FF}' // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{AC00}'..='\u{D7AF}' // Hangul
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}') // Han
}
