//! What a reaction may be: one emoji, in one form.
//!
//! The grammar is that of UTS #51 (ED-17): an emoji with a skin tone or without, several of them joined,
//! a flag, or a key. So an emoji of a later version of Unicode is taken as well, when it is made of what
//! is known here or stands where Unicode keeps room for pictures.

use std::iter::Peekable;
use std::str::Chars;

use icu_properties::props::{
    Emoji, EmojiModifier, EmojiModifierBase, EmojiPresentation, ExtendedPictographic,
    GeneralCategory, RegionalIndicator,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::TextFault;
use super::bounds::{REACTION_BYTES, within};

/// Asks for the picture, where a character has two looks.
const AS_PICTURE: char = '\u{FE0F}';
const JOINER: char = '\u{200D}';
const KEY: char = '\u{20E3}';
const LAST_TAG: char = '\u{E007F}';

/// A reaction in its normal form (PROTOCOL.md §4.8): U+FE0F stands after each character that is no picture
/// by itself and has no skin tone, and nowhere else. Two reactions are the same when their normal forms are.
///
/// # Errors
/// [`TextFault::NotAnEmoji`] for what is not exactly one emoji, [`TextFault::TooLong`].
pub fn reaction(text: &str) -> Result<String, TextFault> {
    within(text.len(), REACTION_BYTES)?;
    let mut letters = text.chars().peekable();
    let normal = emoji(&mut letters).filter(|_| letters.peek().is_none());
    let normal = normal.ok_or(TextFault::NotAnEmoji)?;
    within(normal.len(), REACTION_BYTES)?;
    Ok(normal)
}

/// Whether a character is an emoji by itself. Digits are not, though keys are made of them.
pub(super) fn is_emoji(letter: char) -> bool {
    if letter.is_ascii() {
        return false;
    }
    CodePointSetData::new::<Emoji>().contains(letter)
        || CodePointSetData::new::<ExtendedPictographic>().contains(letter)
            && CodePointMapData::<GeneralCategory>::new().get(letter) == GeneralCategory::Unassigned
}

/// Half of a flag.
pub(super) fn is_flag_letter(letter: char) -> bool {
    CodePointSetData::new::<RegionalIndicator>().contains(letter)
}

/// A skin tone.
pub(super) fn is_skin_tone(letter: char) -> bool {
    !letter.is_ascii() && CodePointSetData::new::<EmojiModifier>().contains(letter)
}

fn emoji(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut normal = String::new();
    let first = *letters.peek()?;
    if is_flag_letter(first) {
        normal.extend(letters.next());
        normal.push(letters.next_if(|letter| is_flag_letter(*letter))?);
        return Some(normal);
    }
    if matches!(first, '0'..='9' | '#' | '*') {
        letters.next();
        letters.next_if_eq(&AS_PICTURE);
        letters.next_if_eq(&KEY)?;
        return Some(String::from_iter([first, AS_PICTURE, KEY]));
    }
    part(letters, &mut normal)?;
    if letters.peek().is_some_and(|letter| is_tag(*letter)) {
        while let Some(tag) = letters.next_if(|letter| is_tag(*letter)) {
            normal.push(tag);
        }
        normal.push(letters.next_if_eq(&LAST_TAG)?);
        return Some(normal);
    }
    while letters.next_if_eq(&JOINER).is_some() {
        normal.push(JOINER);
        part(letters, &mut normal)?;
    }
    Some(normal)
}

/// One picture, with a skin tone or the wish to be a picture.
fn part(letters: &mut Peekable<Chars<'_>>, normal: &mut String) -> Option<()> {
    let picture = letters.next_if(|letter| is_emoji(*letter) && !is_flag_letter(*letter))?;
    normal.push(picture);
    letters.next_if_eq(&AS_PICTURE);
    // Of one that is not known yet it is not known either.
    let takes_tone = CodePointSetData::new::<EmojiModifierBase>().contains(picture)
        || !CodePointSetData::new::<Emoji>().contains(picture);
    let tone = letters.next_if(|letter| takes_tone && is_skin_tone(*letter));
    match tone {
        Some(tone) => normal.push(tone),
        None if !CodePointSetData::new::<EmojiPresentation>().contains(picture)
            && CodePointSetData::new::<Emoji>().contains(picture) =>
        {
            normal.push(AS_PICTURE);
        }
        None => {}
    }
    Some(())
}

fn is_tag(letter: char) -> bool {
    matches!(letter, '\u{E0020}'..'\u{E007F}')
}
