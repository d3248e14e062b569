CREATE TABLE secret (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    signing  BLOB    NOT NULL
) STRICT;

CREATE TABLE user (
    user_id  TEXT    PRIMARY KEY,
    name     TEXT    NOT NULL,
    password TEXT    NOT NULL,
    log_id   TEXT    NOT NULL,
    head     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- At most two per signed-in device. Refresh tokens are stored as hashes.
CREATE TABLE session (
    ordinal          INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id       TEXT NOT NULL UNIQUE,
    user_id          TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    device_id        TEXT NOT NULL,
    current_refresh  BLOB NOT NULL,
    previous_refresh BLOB,
    created_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX session_by_device ON session (user_id, device_id, ordinal);

CREATE TABLE conversation (
    conversation_id TEXT    PRIMARY KEY,
    operation_key   BLOB,
    kind            TEXT    NOT NULL CHECK (kind IN ('direct', 'group')),
    title           TEXT,
    pair            TEXT    UNIQUE,
    created_at      INTEGER NOT NULL,
    last_position   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE participant (
    conversation_id TEXT    NOT NULL REFERENCES conversation (conversation_id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    joined          INTEGER NOT NULL,
    delivered_to    INTEGER NOT NULL DEFAULT 0,
    read_to         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX participant_by_user ON participant (user_id, conversation_id);

CREATE TABLE message (
    conversation_id TEXT    NOT NULL REFERENCES conversation (conversation_id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    message_id      TEXT    NOT NULL UNIQUE,
    operation_key   BLOB    NOT NULL,
    sender_id       TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    sent_at         INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_by_sender ON message (conversation_id, sender_id, position);

-- Each user's log. `seq` is dense; the beginning may be cut off.
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;

-- Operations that were applied, by their key. A refused operation changed nothing and is not here.
CREATE TABLE applied (
    user_id       TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    operation_key BLOB    NOT NULL,
    method        TEXT    NOT NULL,
    params        TEXT    NOT NULL,
    outcome       TEXT    NOT NULL,
    applied_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, operation_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX applied_by_time ON applied (applied_at);
