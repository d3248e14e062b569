//! Searching what the viewer may read (PROTOCOL.md §7.6).

use fulmar_protocol::{Code, SearchPage, SearchQuery, UserId};

use crate::store::{messages, search};
use crate::{Error, Result, Scope};

/// The longest text that is searched for, in bytes, and the most words in it (PROTOCOL.md §9).
const QUERY_BYTES: usize = 256;
const QUERY_WORDS: usize = 16;

impl Scope<'_, '_> {
    pub(crate) fn search(
        &self,
        user: &UserId,
        query: &SearchQuery,
        cursor: Option<&str>,
    ) -> Result<SearchPage> {
        let invalid = |title: &str| Error::refused(Code::ParamsInvalid, title);
        let words: Vec<&str> = query
            .text
            // The index cannot be asked for what no word has in it.
            .split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| word.contains(char::is_alphanumeric))
            .collect();
        if query.text.len() > QUERY_BYTES || words.len() > QUERY_WORDS || words.is_empty() {
            return Err(invalid("There is nothing to search for, or too much"));
        }
        if let Some(id) = &query.conversation_id {
            self.must_take_part(id, user)?;
        }
        let offset: u32 = match cursor {
            Some(cursor) => cursor
                .parse()
                .map_err(|_| invalid("There is no such page"))?,
            None => 0,
        };
        let limit = self.config.limits.page_size;
        let mut found = search::find(self.tx.db(), user, &words, query, offset, limit + 1)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let mut page = Vec::with_capacity(found.len());
        for id in &found {
            page.extend(messages::find_by_id(self.tx.db(), id)?);
        }
        Ok(SearchPage {
            messages: page,
            cursor: more.then(|| offset.saturating_add(limit).to_string()),
        })
    }
}
