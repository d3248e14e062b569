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
