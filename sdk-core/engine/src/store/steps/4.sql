-- Threads: a message under another one names it, and has a place among those under it. What is under a
-- message is kept with it.
ALTER TABLE message ADD COLUMN thread_root BLOB;
ALTER TABLE message ADD COLUMN thread_position INTEGER;
ALTER TABLE message ADD COLUMN thread_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN thread_last_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_by_thread ON message (thread_root, thread_position) WHERE thread_root IS NOT NULL;
CREATE INDEX message_unsent ON message (conversation) WHERE position IS NULL;

-- What is searched: the text of each message, as `searchable` (see `search.rs`) makes it. The index keeps
-- no copy of the texts: it reads them through the view.
CREATE VIEW message_searchable AS SELECT key, searchable(text) AS text FROM message;
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, content = 'message_searchable', content_rowid = 'key',
    tokenize = 'unicode61 remove_diacritics 2'
);
-- What is not in the index yet. It gets there a little later, many at a time, so that sending does not
-- wait for it.
CREATE TABLE unindexed (
    key INTEGER PRIMARY KEY
) STRICT;
INSERT INTO unindexed (key) SELECT key FROM message WHERE text <> '';
CREATE TRIGGER message_written AFTER INSERT ON message WHEN new.text <> '' BEGIN
    INSERT INTO unindexed (key) VALUES (new.key);
END;
CREATE TRIGGER message_rewritten AFTER UPDATE OF text ON message WHEN new.text <> old.text BEGIN
    INSERT INTO message_text (message_text, rowid, text)
        SELECT 'delete', old.key, searchable(old.text)
        WHERE old.text <> '' AND NOT EXISTS (SELECT 1 FROM unindexed WHERE key = old.key);
    DELETE FROM unindexed WHERE key = old.key;
    INSERT INTO unindexed (key) SELECT new.key WHERE new.text <> '';
END;
CREATE TRIGGER message_deleted AFTER DELETE ON message WHEN old.text <> '' BEGIN
    INSERT INTO message_text (message_text, rowid, text)
        SELECT 'delete', old.key, searchable(old.text)
        WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE key = old.key);
    DELETE FROM unindexed WHERE key = old.key;
END;

-- The users that the user has blocked.
CREATE TABLE blocked (
    user_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What a second process was told of by push notifications, until the engine takes it over.
CREATE TABLE pushed (
    ordinal     INTEGER PRIMARY KEY AUTOINCREMENT,
    message_key BLOB NOT NULL UNIQUE,
    payload     TEXT NOT NULL
) STRICT;
