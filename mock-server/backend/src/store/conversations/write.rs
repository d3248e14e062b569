//! What the room `conversations` writes here, and nobody else.

use fulmar_protocol::{
    ConversationId, ConversationKind, ConversationProfile, OperationKey, Timestamp, Writing,
};
use rusqlite::{Connection, params};

use crate::error::Result;

pub(crate) struct NewConversation<'a> {
    pub(crate) id: &'a ConversationId,
    pub(crate) operation_key: Option<OperationKey>,
    pub(crate) kind: ConversationKind,
    pub(crate) profile: &'a ConversationProfile,
    /// The two people of a direct conversation, as one name.
    pub(crate) pair: Option<&'a str>,
    pub(crate) now: Timestamp,
}

pub(crate) fn insert(db: &Connection, new: &NewConversation<'_>) -> Result<()> {
    let kind = match new.kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group | ConversationKind::Unknown => "group",
    };
    db.execute(
        "INSERT INTO conversation (conversation_id, operation_key, kind, pair, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            new.id.as_str(),
            new.operation_key.map(OperationKey::to_bytes),
            kind,
            new.pair,
            new.now.0
        ],
    )?;
    set_profile(db, new.id, new.profile)
}

pub(crate) fn set_profile(
    db: &Connection,
    id: &ConversationId,
    profile: &ConversationProfile,
) -> Result<()> {
    let writing = match profile.writing {
        Writing::Admins => "admins",
        Writing::Everyone => "everyone",
    };
    let context = profile
        .context
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    db.execute(
        "UPDATE conversation SET title = ?2, avatar_url = ?3, writing = ?4, context = ?5
         WHERE conversation_id = ?1",
        params![
            id.as_str(),
            profile.title,
            profile.avatar_url,
            writing,
            context
        ],
    )?;
    Ok(())
}

/// Nobody takes part any more.
pub(crate) fn deactivate(db: &Connection, id: &ConversationId) -> Result<()> {
    db.execute(
        "UPDATE conversation SET active = 0 WHERE conversation_id = ?1",
        [id.as_str()],
    )?;
    Ok(())
}
