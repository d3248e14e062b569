-- The database of a server, as a new one is made. What stands in which table, and who keeps it.
-- A change here comes with a step in `steps/`, which makes the same of an older database: a test compares both.

-- What access tokens are signed with.
CREATE TABLE secret (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    signing  BLOB    NOT NULL
) STRICT;

-- `looks` is what an id looks like (UTS 39): nobody registers one that looks like another, not even like one that is
-- gone. `head` is the newest of the user's log.
CREATE TABLE user (
    user_id      TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    password     TEXT    NOT NULL,
    log_id       TEXT    NOT NULL,
    head         INTEGER NOT NULL DEFAULT 0,
    avatar_url   TEXT,
    last_seen_at INTEGER,
    presence     TEXT    NOT NULL DEFAULT 'shown' CHECK (presence IN ('shown', 'hidden')),
    looks        TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX user_looks ON user (looks);

-- Ids of users who are gone; nobody gets one of them again.
CREATE TABLE deleted_user (
    user_id TEXT PRIMARY KEY,
    looks   TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_user_looks ON deleted_user (looks);

-- At most two per signed-in device. Refresh tokens are stored as hashes. `newest_submit` is the place of the newest
-- submit that was taken of a session.
CREATE TABLE session (
    ordinal          INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id       TEXT    NOT NULL UNIQUE,
    user_id          TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    device_id        TEXT    NOT NULL,
    current_refresh  BLOB    NOT NULL,
    previous_refresh BLOB,
    created_at       INTEGER NOT NULL,
    newest_submit    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_by_device ON session (user_id, device_id, ordinal);

-- Where notifications go. A token goes with its session.
CREATE TABLE push_token (
    session_id TEXT PRIMARY KEY REFERENCES session (session_id) ON DELETE CASCADE,
    provider   TEXT NOT NULL CHECK (provider IN ('fcm', 'apns', 'expo')),
    token      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Pushes, as they were recorded. Without `due_at` nobody tries to hand it over any more.
CREATE TABLE push (
    push_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    payload TEXT    NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    due_at  INTEGER
) STRICT;
CREATE INDEX push_due ON push (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX push_by_user ON push (user_id);

-- The users that a user has blocked.
CREATE TABLE block (
    user_id TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    blocked TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, blocked)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_by_blocked ON block (blocked, user_id);

-- `pair` names the two of a direct conversation; `revision` counts the changes of messages.
CREATE TABLE conversation (
    conversation_id TEXT    PRIMARY KEY,
    operation_key   BLOB,
    kind            TEXT    NOT NULL CHECK (kind IN ('direct', 'group')),
    title           TEXT,
    pair            TEXT    UNIQUE,
    created_at      INTEGER NOT NULL,
    last_position   INTEGER NOT NULL DEFAULT 0,
    revision        INTEGER NOT NULL DEFAULT 0,
    avatar_url      TEXT,
    writing         TEXT    NOT NULL DEFAULT 'everyone' CHECK (writing IN ('everyone', 'admins')),
    context         TEXT,
    active          INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Who takes part, how far each was told and has read, and how each has it in the list.
CREATE TABLE participant (
    conversation_id TEXT    NOT NULL REFERENCES conversation (conversation_id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    joined          INTEGER NOT NULL,
    delivered_to    INTEGER NOT NULL DEFAULT 0,
    read_to         INTEGER NOT NULL DEFAULT 0,
    role            TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    muted_until     INTEGER,
    pinned          INTEGER NOT NULL DEFAULT 0,
    archived        INTEGER NOT NULL DEFAULT 0,
    hidden_to       INTEGER,
    marked_unread   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX participant_by_user ON participant (user_id, conversation_id);

-- Each change of a message is a revision of the conversation's count. What a message says beside its text is `content`.
-- A message of a thread names the one that it is under. `counted` is how many of its conversation up to here count as
-- unread for others, and `counted_own` how many of these its sender wrote: what is unread between two places is a
-- difference, however many lie between them.
CREATE TABLE message (
    conversation_id TEXT    NOT NULL REFERENCES conversation (conversation_id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    message_id      TEXT    NOT NULL UNIQUE,
    operation_key   BLOB    NOT NULL,
    sender_id       TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    sent_at         INTEGER NOT NULL,
    revision        INTEGER NOT NULL DEFAULT 0,
    content         TEXT    NOT NULL DEFAULT '{}',
    notice          INTEGER NOT NULL DEFAULT 0 CHECK (notice IN (0, 1)),
    edited_at       INTEGER,
    deleted_at      INTEGER,
    deleted_by      TEXT,
    thread_root     BLOB,
    thread_position INTEGER,
    pinned_at       INTEGER,
    pinned_by       TEXT,
    counted         INTEGER NOT NULL DEFAULT 0,
    counted_own     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX message_by_operation_key ON message (operation_key);
CREATE INDEX message_by_sender ON message (conversation_id, sender_id, position);
-- How much somebody has written lately.
CREATE INDEX message_by_sender_and_time ON message (sender_id, sent_at);
CREATE UNIQUE INDEX message_by_thread ON message (conversation_id, thread_root, thread_position)
    WHERE thread_root IS NOT NULL;
CREATE INDEX message_pinned ON message (conversation_id, pinned_at DESC, position DESC)
    WHERE pinned_at IS NOT NULL;

-- What is searched. The words of the index are those of `fulmar_protocol::text`, with spaces between them: everything
-- else is part of a word.
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
CREATE TABLE message_indexed (
    key        INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE REFERENCES message (message_id) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER message_written AFTER INSERT ON message BEGIN
    INSERT INTO message_indexed (message_id) VALUES (new.message_id);
    INSERT INTO message_text (rowid, text)
        SELECT key, searchable(new.text) FROM message_indexed WHERE message_id = new.message_id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text ON message WHEN new.text <> old.text BEGIN
    UPDATE message_text SET text = searchable(new.text)
    WHERE rowid = (SELECT key FROM message_indexed WHERE message_id = new.message_id);
END;
CREATE TRIGGER message_unindexed AFTER DELETE ON message_indexed BEGIN
    DELETE FROM message_text WHERE rowid = old.key;
END;

-- Reactions in their normal form.
CREATE TABLE reaction (
    ordinal    INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL REFERENCES message (message_id) ON DELETE CASCADE,
    emoji      TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    UNIQUE (message_id, emoji, user_id)
) STRICT;

-- What a message said before it was edited, and since when it had said so.
CREATE TABLE message_version (
    ordinal    INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT    NOT NULL REFERENCES message (message_id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    text       TEXT    NOT NULL
) STRICT;
CREATE INDEX message_version_by_message ON message_version (message_id, ordinal);

-- Messages that somebody deleted for themselves.
CREATE TABLE hidden_message (
    user_id    TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    message_id TEXT NOT NULL REFERENCES message (message_id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hidden_message_by_message ON hidden_message (message_id);

-- The users that each message mentioned when it was sent; an edit does not change what is counted.
CREATE TABLE mention (
    conversation_id TEXT    NOT NULL REFERENCES conversation (conversation_id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id, position)
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

-- Each user's log. `seq` is dense; the beginning may be cut off. Events lie outside of the tree that finds them, and what
-- an event says is there once, however many logs tell it.
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    body    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_by_seq ON event (user_id, seq);
CREATE TABLE event_body (
    body INTEGER PRIMARY KEY,
    kind TEXT    NOT NULL,
    data TEXT    NOT NULL
) STRICT;
-- How many logs tell it, as is known when it is written down. A table of its own: a body may be large, and counting does
-- not write it again.
CREATE TABLE event_body_logs (
    body INTEGER PRIMARY KEY,
    logs INTEGER NOT NULL
) STRICT;
CREATE TRIGGER event_is_cut AFTER DELETE ON event BEGIN
    UPDATE event_body_logs SET logs = logs - 1 WHERE body = old.body;
    DELETE FROM event_body
    WHERE body = (SELECT body FROM event_body_logs WHERE body = old.body AND logs <= 0);
    DELETE FROM event_body_logs WHERE body = old.body AND logs <= 0;
END;

-- Files, as they were uploaded or are being uploaded. One that no message carries has a time at which it goes.
CREATE TABLE file (
    file_id    TEXT PRIMARY KEY,
    user_id    TEXT REFERENCES user (user_id) ON DELETE SET NULL,
    size       INTEGER NOT NULL,
    received   INTEGER NOT NULL DEFAULT 0 CHECK (received <= size),
    -- What was announced; once the file is whole, what it is.
    sha256     BLOB,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX file_by_user ON file (user_id);
-- Their bytes, in the pieces in which they came.
CREATE TABLE file_part (
    file_id TEXT    NOT NULL REFERENCES file (file_id) ON DELETE CASCADE,
    start   INTEGER NOT NULL,
    bytes   BLOB    NOT NULL,
    PRIMARY KEY (file_id, start)
) STRICT;
-- Which messages carry which files.
CREATE TABLE attached (
    message_id TEXT NOT NULL REFERENCES message (message_id) ON DELETE CASCADE,
    file_id    TEXT NOT NULL REFERENCES file (file_id),
    PRIMARY KEY (message_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attached_by_file ON attached (file_id);

-- What each user has at the server, so that nobody counts it: the bytes that were announced, and the files that no
-- message carries. Kept by triggers.
CREATE TABLE storage (
    user_id TEXT    PRIMARY KEY REFERENCES user (user_id) ON DELETE CASCADE,
    bytes   INTEGER NOT NULL,
    waiting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER file_announced AFTER INSERT ON file WHEN new.user_id IS NOT NULL BEGIN
    INSERT INTO storage (user_id, bytes, waiting) VALUES (new.user_id, new.size, new.expires_at IS NOT NULL)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, waiting = waiting + excluded.waiting;
END;
CREATE TRIGGER file_attached AFTER UPDATE OF expires_at ON file
    WHEN (old.expires_at IS NULL) <> (new.expires_at IS NULL) BEGIN
    UPDATE storage SET waiting = waiting + (new.expires_at IS NOT NULL) - (old.expires_at IS NOT NULL)
    WHERE user_id = new.user_id;
END;
CREATE TRIGGER file_deleted AFTER DELETE ON file BEGIN
    UPDATE storage SET bytes = bytes - old.size, waiting = waiting - (old.expires_at IS NOT NULL)
    WHERE user_id = old.user_id;
END;

-- Who did what. It outlives the user.
CREATE TABLE audit (
    ordinal         INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    user_id         TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    conversation_id TEXT,
    operation_key   BLOB
) STRICT;
