//! Who takes part in a conversation: roles, pointers, and what each has set for themselves.

pub(crate) mod write;

use std::borrow::Cow;

use fulmar_protocol::{
    ConversationId, Participant, Position, Role, Settings, Timestamp, Unread, UserId,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::defects::{Defect, active};
use crate::error::Result;

/// Whether somebody takes part. Conversations of others do not exist, as far as anyone can tell.
pub(crate) fn takes_part(db: &Connection, id: &ConversationId, user: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM participant WHERE conversation_id = ?1 AND user_id = ?2)",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| row.get(0))?)
}

pub(crate) fn ids(db: &Connection, id: &ConversationId) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM participant WHERE conversation_id = ?1 ORDER BY joined, user_id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| row.get::<_, String>("user_id"))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

/// The viewer; with this defect somebody else of the conversation, whose view is told instead.
pub(crate) fn viewer_unless(
    db: &Connection,
    id: &ConversationId,
    viewer: &UserId,
    defect: Defect,
) -> Result<UserId> {
    let people = match active(defect) {
        true => ids(db, id)?,
        false => Vec::new(),
    };
    let other = people.into_iter().find(|other| other != viewer);
    Ok(other.unwrap_or_else(|| viewer.clone()))
}

pub(crate) fn all(db: &Connection, id: &ConversationId) -> Result<Vec<Participant>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id, name, delivered_to, read_to, role, avatar_url
         FROM participant JOIN user USING (user_id)
         WHERE conversation_id = ?1
         ORDER BY joined, user_id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok((
            row.get::<_, String>("user_id")?,
            row.get("name")?,
            row.get("delivered_to")?,
            row.get("read_to")?,
            row.get::<_, String>("role")?,
            row.get("avatar_url")?,
        ))
    })?;
    rows.map(|row| {
        let (user_id, name, delivered_to, read_to, role, avatar_url) = row?;
        Ok(Participant {
            user_id: UserId::new(user_id)?,
            name,
            avatar_url,
            role: read_role(&role),
            delivered_to: Position(delivered_to),
            read_to: Position(read_to),
        })
    })
    .collect()
}

/// What is unread for a participant, up to a position: differences of what was counted when each message was sent. Of what
/// is hidden there is little.
pub(crate) const UNREAD: &str = "SELECT max(
            coalesce((SELECT m.counted FROM message AS m
                      WHERE m.conversation_id = p.conversation_id AND m.position <= ?3
                      ORDER BY m.position DESC LIMIT 1), 0)
            - coalesce((SELECT m.counted FROM message AS m
                        WHERE m.conversation_id = p.conversation_id AND m.position <= p.read_to
                        ORDER BY m.position DESC LIMIT 1), 0)
            - coalesce((SELECT m.counted_own FROM message AS m INDEXED BY message_by_sender
                        WHERE m.conversation_id = p.conversation_id AND m.sender_id = p.user_id
                          AND m.position <= ?3
                        ORDER BY m.position DESC LIMIT 1), 0)
            + coalesce((SELECT m.counted_own FROM message AS m INDEXED BY message_by_sender
                        WHERE m.conversation_id = p.conversation_id AND m.sender_id = p.user_id
                          AND m.position <= p.read_to
                        ORDER BY m.position DESC LIMIT 1), 0)
            - (SELECT count(*) FROM hidden_message AS h CROSS JOIN message AS m USING (message_id)
               WHERE h.user_id = p.user_id AND m.conversation_id = p.conversation_id
                 AND m.position > p.read_to AND m.position <= ?3
                 AND m.sender_id <> p.user_id AND m.notice = 0), 0) AS unread_count,
            (SELECT count(*) FROM mention AS n CROSS JOIN message AS m USING (conversation_id, position)
             WHERE n.conversation_id = p.conversation_id AND n.user_id = p.user_id
               AND n.position > p.read_to AND n.position <= ?3
               AND NOT EXISTS (SELECT 1 FROM hidden_message AS h
                               WHERE h.user_id = p.user_id AND h.message_id = m.message_id)
            ) AS unread_mentions
     FROM participant AS p
     WHERE p.conversation_id = ?1 AND p.user_id = ?2";

/// What lies after a participant's read pointer: messages of others but notices and those that the
/// participant has hidden, and how many of those mention them (PROTOCOL.md §4.3).
pub(crate) fn unread(db: &Connection, id: &ConversationId, user: &UserId) -> Result<Unread> {
    unread_up_to(db, id, user, Position(i64::MAX as u64))
}

/// The same, as it was with the message at a position.
pub(crate) fn unread_up_to(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    up_to: Position,
) -> Result<Unread> {
    let (unread_count, unread_mentions) = db
        .prepare_cached(&unread_sql())?
        .query_row(params![id.as_str(), user.as_str(), up_to.0], |row| {
            Ok((row.get("unread_count")?, row.get("unread_mentions")?))
        })?;
    Ok(Unread {
        unread_count,
        unread_mentions,
    })
}

/// The same text, but where a defect is planted.
fn unread_sql() -> Cow<'static, str> {
    if active(Defect::CountsHidden) {
        return UNREAD.replace("h.user_id = p.user_id", "0").into();
    }
    // So many more are unread, or fewer.
    let besides = |sign: &str, which: &str| {
        let others = "- (SELECT count(*) FROM hidden_message";
        let wrong = format!(
            "{sign} (SELECT count(*) FROM message AS m
                     WHERE m.conversation_id = p.conversation_id
                       AND m.position > p.read_to AND m.position <= ?3 AND {which}) {others}"
        );
        Cow::from(UNREAD.replacen(others, &wrong, 1))
    };
    let of_others = |which: &str| format!("m.sender_id <> p.user_id AND m.notice = 0 AND {which}");
    if active(Defect::CountsOwn) {
        return besides("+", "m.sender_id = p.user_id AND m.notice = 0");
    }
    if active(Defect::CountsNotices) {
        return besides("+", "m.sender_id <> p.user_id AND m.notice = 1");
    }
    if active(Defect::ForgetsDeleted) {
        return besides("-", &of_others("m.deleted_at IS NOT NULL"));
    }
    if active(Defect::CountsNoThreads) {
        return besides("-", &of_others("m.thread_root IS NOT NULL"));
    }
    UNREAD.into()
}

/// How many messages are unread for somebody in all other conversations.
pub(crate) fn unread_elsewhere(
    db: &Connection,
    user: &UserId,
    here: &ConversationId,
) -> Result<u64> {
    let mut statement = db.prepare_cached(
        "SELECT conversation_id FROM participant WHERE user_id = ?1 AND conversation_id <> ?2",
    )?;
    let mut rows = statement.query([user.as_str(), here.as_str()])?;
    let mut total = 0;
    while let Some(row) = rows.next()? {
        let id = ConversationId::new(row.get::<_, String>("conversation_id")?)?;
        total += unread(db, &id, user)?.unread_count;
    }
    Ok(total)
}

/// Everyone who shares a conversation of at most so many people with somebody.
pub(crate) fn circle(
    db: &Connection,
    user: &UserId,
    most_participants: u32,
) -> Result<Vec<UserId>> {
    if active(Defect::ShowsToStrangers) {
        return super::users::ids(db);
    }
    let blocks = !active(Defect::ShowsBlocked);
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT other.user_id
         FROM participant AS own JOIN participant AS other USING (conversation_id)
         WHERE own.user_id = ?1 AND other.user_id <> ?1
           AND NOT EXISTS (SELECT 1 FROM participant AS all_of_them
                           WHERE all_of_them.conversation_id = own.conversation_id
                           LIMIT 1 OFFSET ?2)
           AND NOT EXISTS (SELECT 1 FROM block
                           WHERE ?3 AND (block.user_id = ?1 AND blocked = other.user_id)
                              OR ?3 AND (block.user_id = other.user_id AND blocked = ?1))
         ORDER BY other.user_id",
    )?;
    let rows = statement.query_map(params![user.as_str(), most_participants, blocks], |row| {
        row.get::<_, String>("user_id")
    })?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

/// Whether two users share a conversation of at most so many people, also when one has blocked the other.
pub(crate) fn share(
    db: &Connection,
    one: &UserId,
    other: &UserId,
    most_participants: u32,
) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM participant AS own JOIN participant AS other USING (conversation_id)
                 WHERE own.user_id = ?1 AND other.user_id = ?2
                   AND NOT EXISTS (SELECT 1 FROM participant AS all_of_them
                                   WHERE all_of_them.conversation_id = own.conversation_id
                                   LIMIT 1 OFFSET ?3))",
        )?
        .query_row(
            params![one.as_str(), other.as_str(), most_participants],
            |row| row.get(0),
        )?)
}

/// The role of somebody who takes part.
pub(crate) fn role(db: &Connection, id: &ConversationId, user: &UserId) -> Result<Option<Role>> {
    let role: Option<String> = db
        .prepare_cached("SELECT role FROM participant WHERE conversation_id = ?1 AND user_id = ?2")?
        .query_row(params![id.as_str(), user.as_str()], |row| row.get("role"))
        .optional()?;
    Ok(role.as_deref().map(read_role))
}

pub(crate) fn settings(db: &Connection, id: &ConversationId, user: &UserId) -> Result<Settings> {
    Ok(db
        .prepare_cached(
            "SELECT muted_until, pinned, archived, hidden_to, marked_unread FROM participant
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| {
            Ok(Settings {
                muted_until: row.get::<_, Option<i64>>("muted_until")?.map(Timestamp),
                pinned: row.get("pinned")?,
                archived: row.get("archived")?,
                hidden_to: row.get::<_, Option<u64>>("hidden_to")?.map(Position),
                marked_unread: row.get("marked_unread")?,
            })
        })?)
}

pub(super) fn role_text(role: Role) -> &'static str {
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
