//! The rules of texts, once for both sides (PROTOCOL.md §4.8): what is blank, what a reaction, an id, a name and a
//! title may be and in which form, what a file may be called, and how long everything may be.
//!
//! A client asks before it stores, a server before it applies. Nothing here knows of messages or of
//! conversations.

mod blank;
mod bounds;
mod emoji;
mod file_name;
mod identifier;
mod name;
mod search;
mod user_id;

pub use blank::is_blank;
pub use bounds::{
    AVATAR_URL_BYTES, CONTEXT_EXTRA_BYTES, CONTEXT_ID_BYTES, DRAFT_BYTES, MOST_DEPTH, NAME_BYTES,
    PAYLOAD_TYPE_BYTES, PUSH_TOKEN_BYTES, QUERY_BYTES, QUERY_WORDS, REACTION_BYTES, TITLE_BYTES,
    check_avatar_url, check_context, check_draft, check_message, check_payload, check_query,
    is_too_deep,
};
pub use emoji::reaction;
pub use file_name::{clean_attachment, clean_file_name, is_file_name};
pub use name::{folded, name, title};
pub use search::{Word, query_words, words};
pub use user_id::{looks, user_id};

/// Which rule a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// It has nothing in it that can be seen.
    #[error("has nothing in it that can be seen")]
    Blank,
    /// It is longer than the bound.
    #[error("has {bytes} bytes, at most {most} are allowed")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// It is not one emoji.
    #[error("is not one emoji")]
    NotAnEmoji,
    /// It has a character that is not seen, or that turns the direction of reading.
    #[error("has a control or a character that is not seen")]
    Misleading,
    /// It has letters that ids do not have.
    #[error("is no id: RFC 8265 does not allow one of its letters")]
    NotAnId,
    /// It has letters of several scripts, which look like each other.
    #[error("mixes letters of several scripts")]
    MixedScripts,
    /// It has another normal form.
    #[error("is not in its normal form, which is in lower case and composed")]
    NotNormal,
    /// It is nested deeper than other readers of JSON read.
    #[error("is nested more than {most} deep", most = MOST_DEPTH)]
    TooDeep,
    /// It has no word to search for.
    #[error("has no word in it")]
    NoWord,
    /// It has more words than the bound.
    #[error("has {words} words, at most {most} are allowed")]
    TooManyWords {
        /// How many words it has.
        words: usize,
        /// How many it may have.
        most: usize,
    },
}

#[cfg(test)]
mod tests;
