//! The users that the user has blocked.

use std::collections::BTreeSet;

use fulmar_protocol::UserId;
use rusqlite::{Connection, params};

use super::{ConversationKey, Result, StoreError};

/// All of them, by id.
pub(crate) fn all(db: &Connection) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached("SELECT user_id FROM blocked ORDER BY user_id")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = UserId::new(row.get::<_, String>(0)?);
        found.push(id.map_err(|error| StoreError::damaged("blocked", error))?);
    }
    Ok(found)
}

/// Takes the server's list. Gives the direct conversations that show it.
pub(crate) fn set(db: &Connection, users: &[UserId]) -> Result<BTreeSet<ConversationKey>> {
    let before: BTreeSet<UserId> = all(db)?.into_iter().collect();
    let now: BTreeSet<UserId> = users.iter().cloned().collect();
    let mut touched = BTreeSet::new();
    for user in before.symmetric_difference(&now) {
        let sql = match now.contains(user) {
            true => "INSERT INTO blocked (user_id) VALUES (?1)",
            false => "DELETE FROM blocked WHERE user_id = ?1",
        };
        db.prepare_cached(sql)?.execute([user.as_str()])?;
        let mut statement = db.prepare_cached(
            "SELECT key FROM conversation JOIN participant ON conversation = key
             WHERE kind = 'direct' AND user_id = ?1 ORDER BY key",
        )?;
        let keys = statement.query_map([user.as_str()], |row| row.get(0).map(ConversationKey))?;
        for key in keys {
            touched.insert(key?);
        }
    }
    Ok(touched)
}

/// Whether the user has blocked the other person of a direct conversation.
pub(crate) fn in_direct(db: &Connection, key: ConversationKey, own: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM conversation
                            JOIN participant ON conversation = key
                            JOIN blocked USING (user_id)
                            WHERE key = ?1 AND kind = 'direct' AND user_id <> ?2)",
        )?
        .query_row(params![key.0, own.as_str()], |row| row.get(0))?)
}
