//! Searching what the viewer may read (PROTOCOL.md §7.6).

use fulmar_protocol::text::{check_query, query_words};
use fulmar_protocol::{SearchPage, SearchQuery, UserId};

use super::Messages;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::{messages, search};
use crate::tx::Tx;

/// A search that can be carried out. The store finds nothing in conversations in which the viewer takes
/// no part.
#[derive(Debug)]
pub(crate) struct Search {
    /// Rows of words that stand side by side.
    rows: Vec<Vec<String>>,
    query: SearchQuery,
}

impl Search {
    /// Refuses what there is nothing to search for in.
    pub(crate) fn new(query: SearchQuery) -> Result<Self> {
        check_query(&query.text)
            .map_err(|fault| Error::of_text("The text of the search", fault))?;
        let rows = query_words(&query.text);
        Ok(Self { rows, query })
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
            Some(_) if active(Defect::SamePageAgain) => 0,
            Some(cursor) => cursor
                .parse()
                .map_err(|_| Error::invalid("There is no such page"))?,
            None => 0,
        };
        let limit = self.page_size;
        let mut found = search::find(
            tx.db(),
            user,
            &search.rows,
            &search.query,
            offset,
            limit + 1,
        )?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let mut page = Vec::with_capacity(found.len());
        for id in &found {
            page.extend(messages::find_by_id(tx.db(), id)?);
        }
        Ok(SearchPage {
            messages: page.into(),
            cursor: more.then(|| offset.saturating_add(limit).to_string()),
        })
    }
}
