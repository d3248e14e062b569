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

-- Messages change: each change is a revision of the conversation's count. What a message says beside its text is `content`.
ALTER TABLE message ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN content TEXT NOT NULL DEFAULT '{}';
ALTER TABLE message ADD COLUMN notice INTEGER NOT NULL DEFAULT 0 CHECK (notice IN (0, 1));
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN deleted_at INTEGER;
ALTER TABLE message ADD COLUMN deleted_by TEXT;

CREATE UNIQUE INDEX message_by_operation_key ON message (operation_key);
CREATE INDEX message_notice ON message (conversation_id, position) WHERE notice = 1;

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

-- Counts the changes of messages.
ALTER TABLE conversation ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN avatar_url TEXT;
ALTER TABLE conversation ADD COLUMN writing TEXT NOT NULL DEFAULT 'everyone'
    CHECK (writing IN ('everyone', 'admins'));
ALTER TABLE conversation ADD COLUMN context TEXT;
ALTER TABLE conversation ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1));

ALTER TABLE user ADD COLUMN avatar_url TEXT;
ALTER TABLE user ADD COLUMN last_seen_at INTEGER;
ALTER TABLE user ADD COLUMN presence TEXT NOT NULL DEFAULT 'shown'
    CHECK (presence IN ('shown', 'hidden'));

ALTER TABLE participant ADD COLUMN role TEXT NOT NULL DEFAULT 'member'
    CHECK (role IN ('member', 'moderator', 'admin'));
ALTER TABLE participant ADD COLUMN muted_until INTEGER;
ALTER TABLE participant ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE participant ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE participant ADD COLUMN hidden_to INTEGER;
ALTER TABLE participant ADD COLUMN marked_unread INTEGER NOT NULL DEFAULT 0;

-- The user who created a group is its admin.
UPDATE participant SET role = 'admin'
WHERE joined = 0 AND conversation_id IN (SELECT conversation_id FROM conversation WHERE kind = 'group');

-- Messages of a thread name the message that it is under, and are counted in it.
ALTER TABLE message ADD COLUMN thread_root BLOB;
ALTER TABLE message ADD COLUMN thread_position INTEGER;
CREATE UNIQUE INDEX message_by_thread ON message (conversation_id, thread_root, thread_position)
    WHERE thread_root IS NOT NULL;

-- What is searched. Trigrams find any part of any script.
CREATE VIRTUAL TABLE message_text USING fts5 (text, tokenize = 'trigram remove_diacritics 1');
CREATE TABLE message_indexed (
    key        INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE REFERENCES message (message_id) ON DELETE CASCADE
) STRICT;
INSERT INTO message_indexed (message_id) SELECT message_id FROM message;
INSERT INTO message_text (rowid, text)
    SELECT key, text FROM message_indexed JOIN message USING (message_id);
CREATE TRIGGER message_written AFTER INSERT ON message BEGIN
    INSERT INTO message_indexed (message_id) VALUES (new.message_id);
    INSERT INTO message_text (rowid, text)
        SELECT key, new.text FROM message_indexed WHERE message_id = new.message_id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text ON message WHEN new.text <> old.text BEGIN
    UPDATE message_text SET text = new.text
    WHERE rowid = (SELECT key FROM message_indexed WHERE message_id = new.message_id);
END;
CREATE TRIGGER message_unindexed AFTER DELETE ON message_indexed BEGIN
    DELETE FROM message_text WHERE rowid = old.key;
END;

-- The users that a user has blocked.
CREATE TABLE block (
    user_id TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    blocked TEXT NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, blocked)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_by_blocked ON block (blocked, user_id);

-- Ids of users who are gone; nobody gets one of them again.
CREATE TABLE deleted_user (
    user_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

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

-- Who did what. It outlives the user.
CREATE TABLE audit (
    ordinal         INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    user_id         TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    conversation_id TEXT,
    operation_key   BLOB
) STRICT;

-- How much somebody has written lately.
CREATE INDEX message_by_sender_and_time ON message (sender_id, sent_at);

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
    file_id TEXT NOT NULL REFERENCES file (file_id) ON DELETE CASCADE,
    start   INTEGER NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (file_id, start)
) STRICT;

-- Which messages carry which files.
CREATE TABLE attached (
    message_id TEXT NOT NULL REFERENCES message (message_id) ON DELETE CASCADE,
    file_id    TEXT NOT NULL REFERENCES file (file_id),
    PRIMARY KEY (message_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attached_by_file ON attached (file_id);

-- Events lie outside of the tree that finds them: some are large, and a search that has to read its way through them
-- took most of the time of telling a thousand people.
ALTER TABLE event RENAME TO event_in_its_index;
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    data    TEXT    NOT NULL
) STRICT;
INSERT INTO event (user_id, seq, at, kind, data)
    SELECT user_id, seq, at, kind, data FROM event_in_its_index ORDER BY user_id, seq;
DROP TABLE event_in_its_index;
CREATE UNIQUE INDEX event_by_seq ON event (user_id, seq);

-- The words of the index are those of `fulmar_protocol::text`, with spaces between them: everything else is part of
-- a word.
DROP TRIGGER message_written;
DROP TRIGGER message_changed;
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
INSERT INTO message_text (rowid, text)
    SELECT key, searchable(text) FROM message_indexed JOIN message USING (message_id);
CREATE TRIGGER message_written AFTER INSERT ON message BEGIN
    INSERT INTO message_indexed (message_id) VALUES (new.message_id);
    INSERT INTO message_text (rowid, text)
        SELECT key, searchable(new.text) FROM message_indexed WHERE message_id = new.message_id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text ON message WHEN new.text <> old.text BEGIN
    UPDATE message_text SET text = searchable(new.text)
    WHERE rowid = (SELECT key FROM message_indexed WHERE message_id = new.message_id);
END;

-- Reactions are stored in their normal form. What is no emoji could not be taken back any more.
UPDATE OR IGNORE reaction SET emoji = normal_reaction(emoji) WHERE normal_reaction(emoji) <> emoji;
DELETE FROM reaction WHERE normal_reaction(emoji) IS NOT emoji;

-- Since when a message is pinned, and who pinned it.
ALTER TABLE message ADD COLUMN pinned_at INTEGER;
ALTER TABLE message ADD COLUMN pinned_by TEXT;
CREATE INDEX message_pinned ON message (conversation_id, pinned_at DESC, position DESC)
    WHERE pinned_at IS NOT NULL;

-- What each id looks like (UTS 39): nobody registers one that looks like another, not even like one that is gone.
ALTER TABLE user ADD COLUMN looks TEXT NOT NULL DEFAULT '';
ALTER TABLE deleted_user ADD COLUMN looks TEXT NOT NULL DEFAULT '';
UPDATE user SET looks = looks_of(user_id);
UPDATE deleted_user SET looks = looks_of(user_id);
CREATE INDEX user_looks ON user (looks);
CREATE INDEX deleted_user_looks ON deleted_user (looks);

-- What each user has at the server, so that nobody counts it: the bytes that were announced, and the files that no
-- message carries.
CREATE TABLE storage (
    user_id TEXT    PRIMARY KEY REFERENCES user (user_id) ON DELETE CASCADE,
    bytes   INTEGER NOT NULL,
    waiting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO storage (user_id, bytes, waiting)
    SELECT user_id, sum(size), count(expires_at) FROM file WHERE user_id IS NOT NULL GROUP BY user_id;
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

-- The place of the newest submit that was taken of a session.
ALTER TABLE session ADD COLUMN newest_submit INTEGER NOT NULL DEFAULT 0;

-- What a server of this version left.
INSERT INTO user (user_id, looks, name, password, log_id, head) VALUES ('ann', 'ann', 'Ann', 'hash', 'log-a', 1), ('ben', 'ben', 'Ben', 'hash', 'log-b', 1);
INSERT INTO conversation (conversation_id, kind, title, created_at, last_position) VALUES ('c', 'group', 'Trip', 1, 1);
INSERT INTO participant (conversation_id, user_id, joined, delivered_to, read_to) VALUES ('c', 'ann', 0, 1, 1), ('c', 'ben', 1, 1, 0);
INSERT INTO message (conversation_id, position, message_id, operation_key, sender_id, text, sent_at)
VALUES ('c', 1, 'm', x'0190b5f0000070008000000000000001', 'ann', 'Straße', 1);
INSERT INTO event (user_id, seq, at, kind, data) VALUES ('ben', 1, 1, 'message.created', '{"messageId":"m"}');
-- Of each message, how many of its conversation up to here count as unread for others, and how many of these its sender
-- wrote: what is unread between two places is a difference, however many lie between them.
ALTER TABLE message ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN counted_own INTEGER NOT NULL DEFAULT 0;
UPDATE message SET counted = up_to.counted, counted_own = up_to.counted_own
FROM (SELECT conversation_id, position,
             sum(notice = 0) OVER (PARTITION BY conversation_id ORDER BY position) AS counted,
             sum(notice = 0) OVER (PARTITION BY conversation_id, sender_id ORDER BY position) AS counted_own
      FROM message) AS up_to
WHERE message.conversation_id = up_to.conversation_id AND message.position = up_to.position;
DROP INDEX message_notice;
-- What an event says is there once, however many logs tell it.
CREATE TABLE event_body (
    body INTEGER PRIMARY KEY,
    kind TEXT    NOT NULL,
    data TEXT    NOT NULL
) STRICT;
-- How many logs do, as is known when it is written down. A table of its own: a body may be large, and counting does not
-- write it again.
CREATE TABLE event_body_logs (
    body INTEGER PRIMARY KEY,
    logs INTEGER NOT NULL
) STRICT;
ALTER TABLE event RENAME TO event_with_its_body;
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    body    INTEGER NOT NULL
) STRICT;
INSERT INTO event_body (body, kind, data) SELECT rowid, kind, data FROM event_with_its_body;
INSERT INTO event_body_logs (body, logs) SELECT rowid, 1 FROM event_with_its_body;
INSERT INTO event (user_id, seq, at, body)
    SELECT user_id, seq, at, rowid FROM event_with_its_body ORDER BY rowid;
DROP TABLE event_with_its_body;
CREATE UNIQUE INDEX event_by_seq ON event (user_id, seq);
CREATE TRIGGER event_is_cut AFTER DELETE ON event BEGIN
    UPDATE event_body_logs SET logs = logs - 1 WHERE body = old.body;
    DELETE FROM event_body
    WHERE body = (SELECT body FROM event_body_logs WHERE body = old.body AND logs <= 0);
    DELETE FROM event_body_logs WHERE body = old.body AND logs <= 0;
END;
PRAGMA user_version = 12;
