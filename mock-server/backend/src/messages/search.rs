//! Searching what the viewer may read (PROTOCOL.md §7.6).

use fulmar_protocol::{SearchPage, SearchQuery, UserId};

use super::Messages;
use crate::error::{Error, Result};
use crate::store::{messages, search};
use crate::tx::Tx;

/// The longest text that is searched for, in bytes, and the most words in it (PROTOCOL.md §9).
const QUERY_BYTES: usize = 256;
const QUERY_WORDS: usize = 16;

/// A search that can be carried out. The store finds nothing in conversations in which the viewer takes
/// no part.
#[derive(Debug)]
pub(crate) struct Search {
    words: Vec<String>,
    query: SearchQuery,
}

impl Search {
    /// Refuses what there is nothing to search for in.
    pub(crate) fn new(query: SearchQuery) -> Result<Self> {
        let words: Vec<String> = query
            .text
            // The index cannot be asked for what no word has in it.
            .split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| word.contains(char::is_alphanumeric))
            .map(str::to_owned)
            .collect();
        if query.text.len() > QUERY_BYTES || words.len() > QUERY_WORDS || words.is_empty() {
            return Err(Error::invalid(
                "There is nothing to search for, or too much",
            ));
        }
        Ok(Self { words, query })
    }

    pub(crate) fn query(&self) -> &SearchQuery {
        &self.query
    }
}

impl Messages {
    pub(crate) fn search(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        search: &Search,
        cursor: Option<&str>,
    ) -> Result<SearchPage> {
        let offset: u32 = match cursor {
            Some(cursor) => cursor
                .parse()
                .map_err(|_| Error::invalid("There is no such page"))?,
            None => 0,
        };
        let limit = self.page_size;
        let words: Vec<&str> = search.words.iter().map(String::as_str).collect();
        let mut found = search::find(tx.db(), user, &words, &search.query, offset, limit + 1)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let mut page = Vec::with_capacity(found.len());
        for id in &found {
            page.extend(messages::find_by_id(tx.db(), id)?);
        }
        Ok(SearchPage {
            messages: page,
            cursor: more.then(|| offset.saturating_add(limit).to_string()),
        })
    }
}
