//! How long texts may be (PROTOCOL.md §9), and what else is asked of each.

use super::{TextFault, is_blank, query_words, title};
use crate::{Context, Payload};

/// The longest title of a conversation or of a context, in bytes.
pub const TITLE_BYTES: usize = 200;
/// The longest name of a person, in bytes.
pub const NAME_BYTES: usize = 200;
/// The longest reaction, in bytes.
pub const REACTION_BYTES: usize = 64;
/// The longest type of a payload, in bytes.
pub const PAYLOAD_TYPE_BYTES: usize = 128;
/// The longest draft, in bytes. Drafts stay on the device, so that no server has a say in it.
pub const DRAFT_BYTES: usize = 64 * 1024;
/// The longest address of a picture, in bytes.
pub const AVATAR_URL_BYTES: usize = 2_048;
/// The longest kind or id of a context, in bytes.
pub const CONTEXT_ID_BYTES: usize = 128;
/// The longest `extra` of a context, as JSON, in bytes.
pub const CONTEXT_EXTRA_BYTES: usize = 4 * 1024;
/// The longest text that is searched for, in bytes.
pub const QUERY_BYTES: usize = 256;
/// The most words that are searched for at once.
pub const QUERY_WORDS: usize = 16;
/// The longest push token, in bytes.
pub const PUSH_TOKEN_BYTES: usize = 4_096;

/// How deep JSON may be nested, so that every reader reads it also inside of a frame (PROTOCOL.md §2.1).
pub const MOST_DEPTH: usize = 100;

/// Whether JSON as it travels is nested deeper than it may be. Of what is no JSON it says anything.
#[must_use]
pub fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_DEPTH {
            return true;
        }
    }
    false
}

/// What an app defines: around it are the message, the operation and the frame.
fn shallow(json: &str) -> Result<(), TextFault> {
    const AROUND: usize = 10;
    let around = "[".repeat(AROUND);
    match is_too_deep(format!("{around}{json}").as_bytes()) {
        true => Err(TextFault::TooDeep),
        false => Ok(()),
    }
}

/// The text of a message that is sent or edited. `text_bytes` is the server's limit. Beside files it may
/// be blank.
///
/// # Errors
/// [`TextFault::Blank`], [`TextFault::TooLong`].
pub fn check_message(text: &str, has_files: bool, text_bytes: u32) -> Result<(), TextFault> {
    if !has_files {
        visible(text)?;
    }
    within(text.len(), size(text_bytes))
}

/// A draft. An empty one is none.
///
/// # Errors
/// [`TextFault::TooLong`].
pub fn check_draft(draft: &str) -> Result<(), TextFault> {
    within(draft.len(), DRAFT_BYTES)
}

/// What an app sends beside the text. `text_bytes` is the server's limit, which the JSON of `data` keeps.
///
/// # Errors
/// [`TextFault::Blank`] of the type, [`TextFault::TooLong`] of either, [`TextFault::TooDeep`] of the data.
pub fn check_payload(payload: &Payload, text_bytes: u32) -> Result<(), TextFault> {
    visible(&payload.kind)?;
    within(payload.kind.len(), PAYLOAD_TYPE_BYTES)?;
    let data = payload.data.to_string();
    within(data.len(), size(text_bytes))?;
    shallow(&data)
}

/// What a conversation is about.
///
/// # Errors
/// [`TextFault::Blank`] of the title, kind or id, [`TextFault::TooLong`] of any of it, [`TextFault::Misleading`] of
/// the title, [`TextFault::TooDeep`] of `extra`.
pub fn check_context(context: &Context) -> Result<(), TextFault> {
    title(&context.title)?;
    for name in [&context.kind, &context.id] {
        if name.is_empty() {
            return Err(TextFault::Blank);
        }
        within(name.len(), CONTEXT_ID_BYTES)?;
    }
    let extra = context.extra.to_string();
    within(extra.len(), CONTEXT_EXTRA_BYTES)?;
    shallow(&extra)
}

/// The address of a picture. An empty one removes the picture.
///
/// # Errors
/// [`TextFault::TooLong`].
pub fn check_avatar_url(url: &str) -> Result<(), TextFault> {
    within(url.len(), AVATAR_URL_BYTES)
}

/// The text of a search.
///
/// # Errors
/// [`TextFault::TooLong`], [`TextFault::NoWord`], [`TextFault::TooManyWords`].
pub fn check_query(text: &str) -> Result<(), TextFault> {
    within(text.len(), QUERY_BYTES)?;
    match query_words(text).len() {
        0 => Err(TextFault::NoWord),
        words if words > QUERY_WORDS => Err(TextFault::TooManyWords {
            words,
            most: QUERY_WORDS,
        }),
        _ => Ok(()),
    }
}

fn visible(text: &str) -> Result<(), TextFault> {
    if is_blank(text) {
        return Err(TextFault::Blank);
    }
    Ok(())
}

pub(super) fn within(bytes: usize, most: usize) -> Result<(), TextFault> {
    if bytes > most {
        return Err(TextFault::TooLong { bytes, most });
    }
    Ok(())
}

/// A limit of a server as this machine counts.
fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
