//! What ids people may choose for themselves, so that nobody can pass for somebody else (PROTOCOL.md §4.8).
//!
//! Ids that a backend gives are not looked at: they are opaque (§2.3).

use icu_properties::CodePointSetData;
use icu_properties::props::SoftDotted;
use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

use super::{TextFault, identifier};

/// An id that somebody chooses, in its normal form: that of the profile UsernameCaseMapped of RFC 8265, so in lower
/// case and composed. An id is registered only when it is its own normal form.
///
/// # Errors
/// [`TextFault::NotAnId`] for letters that the profile does not allow, for `/` and `\`, and for a dot that is not seen;
/// [`TextFault::MixedScripts`].
pub fn user_id(text: &str) -> Result<String, TextFault> {
    if text.contains(['/', '\\']) {
        return Err(TextFault::NotAnId);
    }
    let normal = identifier::normal(text).ok_or(TextFault::NotAnId)?;
    if has_a_hidden_dot(&normal) {
        return Err(TextFault::NotAnId);
    }
    if !normal.is_single_script() {
        return Err(TextFault::MixedScripts);
    }
    Ok(normal)
}

/// A dot above a letter that has one is not seen.
fn has_a_hidden_dot(text: &str) -> bool {
    const DOT_ABOVE: char = '\u{307}';
    let letters = text.chars().zip(text.chars().skip(1));
    let dotted = CodePointSetData::new::<SoftDotted>();
    letters
        .into_iter()
        .any(|(letter, mark)| mark == DOT_ABOVE && dotted.contains(letter))
}

/// What an id looks like: two that look the same have the same skeleton (UTS 39). It is for comparing only.
#[must_use]
pub fn looks(id: &str) -> String {
    match user_id(id) {
        Ok(normal) => skeleton(&normal).collect(),
        Err(_) => skeleton(&id.to_lowercase()).collect(),
    }
}
