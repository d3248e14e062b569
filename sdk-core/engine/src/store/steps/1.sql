-- Who this store belongs to, and how far it has followed the event log.
CREATE TABLE account (
    only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
    device_id     TEXT    NOT NULL,
    user_id       TEXT,
    name          TEXT    NOT NULL DEFAULT '',
    access_token  TEXT,
    expires_at    INTEGER NOT NULL DEFAULT 0,
    lifetime_ms   INTEGER NOT NULL DEFAULT 0,
    refresh_token TEXT,
    ended_code    TEXT,
    log_id        TEXT,
    cursor        INTEGER NOT NULL DEFAULT 0,
    key_retention_ms INTEGER NOT NULL DEFAULT 2592000000
) STRICT;

-- A conversation with all that its row on the screen shows, so that the list is one indexed query.
-- `id` is empty until the server has given one; `announced` once the log or a snapshot told of it,
-- and not only the outcome of its creation.
CREATE TABLE conversation (
    key             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    UNIQUE,
    announced       INTEGER NOT NULL DEFAULT 0,
    kind            TEXT    NOT NULL CHECK (kind IN ('direct', 'group')),
    title           TEXT    NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    head            INTEGER NOT NULL DEFAULT 0,
    server_read_to  INTEGER NOT NULL DEFAULT 0,
    server_unread   INTEGER NOT NULL DEFAULT 0,
    local_read_to   INTEGER NOT NULL DEFAULT 0,
    unread          INTEGER NOT NULL DEFAULT 0,
    activity_at     INTEGER NOT NULL,
    preview_text    TEXT,
    preview_sender  TEXT,
    participant_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX conversation_by_activity ON conversation (activity_at DESC, key DESC);

-- Other ids to which a conversation answers: those that this device gave it before the server did.
CREATE TABLE conversation_alias (
    local_id     TEXT    PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX conversation_alias_by_conversation ON conversation_alias (conversation);

CREATE TABLE participant (
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    user_id      TEXT    NOT NULL,
    name         TEXT    NOT NULL DEFAULT '',
    delivered_to INTEGER NOT NULL DEFAULT 0,
    read_to      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, user_id)
) STRICT, WITHOUT ROWID;

-- Messages, confirmed (with a position) and not (an operation of the same key is in the outbox).
CREATE TABLE message (
    key           INTEGER PRIMARY KEY,
    operation_key BLOB    NOT NULL UNIQUE,
    conversation  INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    position      INTEGER,
    message_id    TEXT,
    sender_id     TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    at            INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_by_position ON message (conversation, position) WHERE position IS NOT NULL;

-- The outbox. The ordinal is the order in which the app handed operations over, and never reused.
CREATE TABLE operation (
    ordinal       INTEGER PRIMARY KEY AUTOINCREMENT,
    operation_key BLOB    NOT NULL UNIQUE,
    lane          INTEGER NOT NULL REFERENCES conversation (key),
    method        TEXT    NOT NULL,
    holds_lane    INTEGER NOT NULL CHECK (holds_lane IN (0, 1)),
    params        TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'in_flight', 'failed')),
    tries         INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    failure       TEXT
) STRICT;

CREATE INDEX operation_by_lane ON operation (lane, state, ordinal);
CREATE INDEX operation_by_state ON operation (state, ordinal);

-- Events that could not be understood, kept for a version that can.
CREATE TABLE quarantine (
    log_id   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    data     TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    tried_by TEXT    NOT NULL,
    PRIMARY KEY (log_id, seq)
) STRICT;
