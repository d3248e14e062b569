//! The list of conversations: one indexed query over rows that already hold what the list shows.

use fulmar_protocol::{
    ConversationId, ConversationKind, ConversationProfile, IdError, OperationKey, Position,
    Settings, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::store::operations::read_failure;
use crate::store::state::FailureReason;
use crate::store::{ConversationKey, Result, StoreError};

/// A conversation of the list.
#[derive(Debug)]
pub(crate) struct ListRow {
    pub(crate) key: ConversationKey,
    /// The server's id, or the one that it was created with.
    pub(crate) id: ConversationId,
    pub(crate) kind: ConversationKind,
    /// What the other person of a direct conversation is called.
    pub(crate) other_name: Option<String>,
    pub(crate) other: Option<UserId>,
    pub(crate) other_avatar_url: Option<String>,
    pub(crate) blocked: bool,
    pub(crate) participant_count: u32,
    /// As `view` has written it.
    pub(crate) preview: Option<String>,
    pub(crate) activity_at: Timestamp,
    pub(crate) unread: u64,
    pub(crate) unread_mentions: u64,
    pub(crate) head: Position,
    /// The operation that is to create it, while the server does not know it.
    pub(crate) creation: Option<Creation>,
    pub(crate) profile: ConversationProfile,
    pub(crate) settings: Settings,
    pub(crate) draft: String,
    pub(crate) gone: bool,
}

/// The operation that creates a conversation.
#[derive(Debug)]
pub(crate) struct Creation {
    pub(crate) operation: OperationKey,
    pub(crate) failed: bool,
    pub(crate) failure: Option<FailureReason>,
}

/// Which conversations are asked for, as the columns say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) listed: &'static str,
    pub(crate) only_unread: bool,
    pub(crate) kind: Option<&'static str>,
}

const SELECT: &str = "SELECT key,
    coalesce(c.id, (SELECT local_id FROM conversation_alias
                    WHERE conversation = c.key ORDER BY local_id LIMIT 1), '') AS id,
    kind,
    CASE kind WHEN 'direct' THEN coalesce(
        (SELECT nullif(name, '') FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1),
        (SELECT user_id FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1), '')
    END AS other_name,
    participant_count, preview, activity_at, unread, head, o.operation_key AS creation,
    o.state AS creation_state, o.failure AS creation_failure,
    profile, settings, unread_mentions, draft, gone,
    CASE kind WHEN 'direct' THEN
        (SELECT user_id FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1)
    END AS other,
    CASE kind WHEN 'direct' THEN
        (SELECT avatar_url FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1)
    END AS other_avatar_url,
    CASE kind WHEN 'direct' THEN EXISTS
        (SELECT 1 FROM participant JOIN blocked USING (user_id)
         WHERE conversation = c.key AND user_id <> ?1)
    ELSE 0 END AS blocked
    FROM conversation AS c
    LEFT JOIN operation AS o
           ON c.id IS NULL AND o.lane = c.key AND o.method = 'conversation.create'";

/// What a filter lets through, from this parameter on.
fn within(first: u8) -> String {
    let (second, third) = (first + 1, first + 2);
    format!(
        "listed = ?{first}
         AND (?{second} = 0 OR unread > 0 OR json_extract(settings, '$.markedUnread'))
         AND (?{third} IS NULL OR kind = ?{third})"
    )
}

/// The first `limit` conversations: pinned ones, then the others, the last active first.
pub(crate) fn first(
    db: &Connection,
    own: &str,
    filter: Filter,
    limit: u32,
) -> Result<Vec<ListRow>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE {} ORDER BY pinned DESC, activity_at DESC, key DESC LIMIT ?2",
        within(3)
    ))?;
    let Filter {
        listed,
        only_unread,
        kind,
    } = filter;
    let bound = params![own, limit, listed, only_unread, kind];
    let rows = statement.query_map(bound, |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// How many conversations a filter lets through.
pub(crate) fn count(db: &Connection, filter: Filter) -> Result<u64> {
    let sql = format!(
        "SELECT count(*) AS count FROM conversation WHERE {}",
        within(1)
    );
    let bound = params![filter.listed, filter.only_unread, filter.kind];
    Ok(db
        .prepare_cached(&sql)?
        .query_row(bound, |row| row.get("count"))?)
}

/// One conversation, wherever it is listed.
pub(crate) fn one(db: &Connection, own: &str, key: ConversationKey) -> Result<Option<ListRow>> {
    db.prepare_cached(&format!("{SELECT} WHERE key = ?2"))?
        .query_row(params![own, key.0], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> Result<ListRow> {
    let bad = |error: IdError| StoreError::damaged("conversation", error);
    let broken = |error: serde_json::Error| StoreError::damaged("conversation", error);
    let creation = match row.get::<_, Option<[u8; 16]>>("creation")? {
        Some(operation) => Some(Creation {
            operation: OperationKey::from_bytes(operation),
            failed: row.get::<_, String>("creation_state")? == "failed",
            failure: read_failure(row.get("creation_failure")?)?,
        }),
        None => None,
    };
    Ok(ListRow {
        key: ConversationKey(row.get("key")?),
        id: ConversationId::new(row.get::<_, String>("id")?).map_err(bad)?,
        kind: match row.get::<_, String>("kind")?.as_str() {
            "direct" => ConversationKind::Direct,
            _ => ConversationKind::Group,
        },
        other_name: row.get("other_name")?,
        other: row
            .get::<_, Option<String>>("other")?
            .map(UserId::new)
            .transpose()
            .map_err(bad)?,
        other_avatar_url: row.get("other_avatar_url")?,
        blocked: row.get("blocked")?,
        participant_count: row.get("participant_count")?,
        preview: row.get("preview")?,
        activity_at: Timestamp(row.get("activity_at")?),
        unread: row.get("unread")?,
        unread_mentions: row.get("unread_mentions")?,
        head: Position(row.get("head")?),
        creation,
        profile: serde_json::from_str(&row.get::<_, String>("profile")?).map_err(broken)?,
        settings: serde_json::from_str(&row.get::<_, String>("settings")?).map_err(broken)?,
        draft: row.get("draft")?,
        gone: row.get("gone")?,
    })
}
