//! Participant rows: who is in a conversation, as the server said last.

use std::collections::BTreeSet;

use fulmar_protocol::{Participant, Position, Role, UserId, UserUpdated};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::columns;
use super::{ConversationKey, Result, StoreError};

columns![user_id, name, role, delivered_to, read_to, avatar_url];

pub(crate) fn insert(
    db: &Connection,
    key: ConversationKey,
    participant: &Participant,
) -> Result<()> {
    // All fields: a new one does not compile until it is written.
    let Participant {
        user_id,
        name,
        avatar_url,
        role,
        delivered_to,
        read_to,
    } = participant;
    db.prepare_cached(
        "INSERT INTO participant (conversation, user_id, name, role, delivered_to, read_to, avatar_url)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (conversation, user_id) DO UPDATE
         SET name = excluded.name, role = excluded.role, delivered_to = excluded.delivered_to,
             read_to = excluded.read_to, avatar_url = excluded.avatar_url
         WHERE (name, role, delivered_to, read_to, avatar_url)
               IS NOT (excluded.name, excluded.role, excluded.delivered_to, excluded.read_to,
                       excluded.avatar_url)",
    )?
    .execute(params![
        key.0,
        user_id.as_str(),
        name,
        role_text(*role),
        delivered_to.0,
        read_to.0,
        avatar_url
    ])?;
    Ok(())
}

/// These take part, and nobody else. What is so already is not written again.
pub(crate) fn replace_all(
    db: &Connection,
    key: ConversationKey,
    participants: &[Participant],
) -> Result<()> {
    let now: BTreeSet<&str> = participants.iter().map(|it| it.user_id.as_str()).collect();
    for user in users(db, key)? {
        if !now.contains(user.as_str()) {
            remove(db, key, &user)?;
        }
    }
    participants
        .iter()
        .try_for_each(|participant| insert(db, key, participant))
}

pub(crate) fn remove(db: &Connection, key: ConversationKey, user: &UserId) -> Result<()> {
    db.execute(
        "DELETE FROM participant WHERE conversation = ?1 AND user_id = ?2",
        params![key.0, user.as_str()],
    )?;
    Ok(())
}

pub(crate) fn set_role(
    db: &Connection,
    key: ConversationKey,
    user: &UserId,
    role: Role,
) -> Result<()> {
    db.execute(
        "UPDATE participant SET role = ?3 WHERE conversation = ?1 AND user_id = ?2",
        params![key.0, user.as_str(), role_text(role)],
    )?;
    Ok(())
}

/// Somebody has another name or picture; gives where they take part.
pub(crate) fn set_profile(db: &Connection, user: &UserUpdated) -> Result<Vec<ConversationKey>> {
    let mut statement = db.prepare_cached(
        "UPDATE participant SET name = ?2, avatar_url = ?3 WHERE user_id = ?1
         RETURNING conversation",
    )?;
    let keys = statement.query_map(
        params![user.user_id.as_str(), user.name, user.avatar_url],
        |row| row.get(0).map(ConversationKey),
    )?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// Whether anybody else takes part.
pub(crate) fn has_others(db: &Connection, key: ConversationKey, own: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM participant WHERE conversation = ?1 AND user_id <> ?2)",
        )?
        .query_row(params![key.0, own.as_str()], |row| row.get(0))?)
}

/// Everyone, by id.
pub(crate) fn all(db: &Connection, key: ConversationKey) -> Result<Vec<Participant>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM participant WHERE conversation = ?1 ORDER BY user_id"
    ))?;
    let rows = statement.query_map([key.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Those of some users who take part.
pub(crate) fn among<'a>(
    db: &Connection,
    key: ConversationKey,
    users: impl IntoIterator<Item = &'a UserId>,
) -> Result<Vec<Participant>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM participant WHERE conversation = ?1 AND user_id = ?2"
    ))?;
    let mut found = Vec::new();
    for user in users {
        let bound = params![key.0, user.as_str()];
        let row = statement.query_row(bound, |row| Ok(read(row)));
        found.extend(row.optional()?.transpose()?);
    }
    Ok(found)
}

fn users(db: &Connection, key: ConversationKey) -> Result<Vec<UserId>> {
    let mut statement =
        db.prepare_cached("SELECT user_id FROM participant WHERE conversation = ?1")?;
    let rows = statement.query_map([key.0], |row| row.get::<_, String>("user_id"))?;
    rows.map(|user| user_id(user?)).collect()
}

fn read(row: &Row<'_>) -> Result<Participant> {
    Ok(Participant {
        user_id: user_id(row.get(column::user_id)?)?,
        name: row.get(column::name)?,
        avatar_url: row.get(column::avatar_url)?,
        role: read_role(&row.get::<_, String>(column::role)?),
        delivered_to: Position(row.get(column::delivered_to)?),
        read_to: Position(row.get(column::read_to)?),
    })
}

fn user_id(text: String) -> Result<UserId> {
    UserId::new(text).map_err(|error| StoreError::damaged("participant", error))
}

/// What somebody may do; `None` when they are not in it.
pub(crate) fn role(db: &Connection, key: ConversationKey, user: &UserId) -> Result<Option<Role>> {
    let role: Option<String> = db
        .prepare_cached("SELECT role FROM participant WHERE conversation = ?1 AND user_id = ?2")?
        .query_row(params![key.0, user.as_str()], |row| row.get(0))
        .optional()?;
    Ok(role.as_deref().map(read_role))
}

/// A receipt pointer moved at the server. Pointers only grow.
pub(crate) fn advance_receipt(
    db: &Connection,
    key: ConversationKey,
    user: &UserId,
    delivered_to: Position,
    read_to: Position,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE participant
         SET delivered_to = max(delivered_to, ?3), read_to = max(read_to, ?4)
         WHERE conversation = ?1 AND user_id = ?2 AND (delivered_to < ?3 OR read_to < ?4)",
    )?
    .execute(params![key.0, user.as_str(), delivered_to.0, read_to.0])?;
    Ok(())
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Moderator => "moderator",
        Role::Member => "member",
    }
}

fn read_role(text: &str) -> Role {
    match text {
        "admin" => Role::Admin,
        "moderator" => Role::Moderator,
        _ => Role::Member,
    }
}
