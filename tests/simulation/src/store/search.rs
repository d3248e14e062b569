//! What a search finds, against a look at every message that a device has.

use std::collections::BTreeSet;

use fulmar_engine::Engine;
use fulmar_engine::query::search;
use fulmar_protocol::text::{query_words, words};
use fulmar_protocol::{OperationKey, SearchQuery};

use super::told;

/// More than any device of a world has.
const ALL: u32 = 100_000;

/// The messages that may be found, with their texts.
const TEXTS: &str = "SELECT operation_key, text FROM message
    WHERE text <> '' AND NOT hidden AND NOT notice AND deleted IS NULL
    ORDER BY at DESC, operation_key";

/// A search finds exactly the messages that say it: what the newest and the oldest message say, the beginning of
/// that, and an edit.
pub(crate) fn judge_search(engine: &Engine) -> Result<(), String> {
    let texts = texts(engine)?;
    let mut sought = BTreeSet::new();
    for (_, text) in texts.first().into_iter().chain(texts.last()) {
        sought.insert(text.as_str());
        sought.extend(text.split('/').next());
    }
    let edited = texts.iter().find_map(|(_, text)| text.split('~').nth(1));
    sought.extend(edited);
    for sought in sought {
        judge_one(engine, &texts, sought)?;
    }
    Ok(())
}

fn texts(engine: &Engine) -> Result<Vec<(OperationKey, String)>, String> {
    let mut statement = engine.database().prepare_cached(TEXTS).map_err(told)?;
    let rows = statement.query_map([], |row| {
        Ok((OperationKey::from_bytes(row.get(0)?), row.get(1)?))
    });
    rows.and_then(Iterator::collect).map_err(told)
}

fn judge_one(
    engine: &Engine,
    texts: &[(OperationKey, String)],
    sought: &str,
) -> Result<(), String> {
    let query = SearchQuery::new(sought);
    let found = search(engine.reader(), &query, &BTreeSet::new(), ALL);
    let hits = found.map_err(|error| error.to_string())?.hits;
    let found: BTreeSet<_> = hits.iter().map(|hit| hit.message.key).collect();
    let there: BTreeSet<_> = texts
        .iter()
        .filter(|(_, text)| says(text, sought))
        .map(|(key, _)| *key)
        .collect();
    if found.len() != hits.len() || found != there {
        let missing: Vec<_> = there.difference(&found).collect();
        let wrong: Vec<_> = found.difference(&there).collect();
        return Err(format!(
            "a search for {sought:?} misses {missing:?}, and finds {wrong:?} for nothing"
        ));
    }
    Ok(())
}

/// Whether a text has all words of a query, those of one part side by side, the last of them perhaps only begun.
fn says(text: &str, sought: &str) -> bool {
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let rows = query_words(sought);
    !rows.is_empty()
        && rows.iter().all(|row| {
            words.windows(row.len()).any(|beside| {
                let (last, first) = (row.len() - 1, &row[..row.len() - 1]);
                beside[..last] == *first && beside[last].starts_with(&row[last])
            })
        })
}
