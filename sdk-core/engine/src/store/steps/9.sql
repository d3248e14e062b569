-- What the server told of and this version could not read, kept for one that can: a message, by its place in its
-- conversation or in a thread of it ('thread_root' is empty for the conversation). A row without a conversation is
-- something of a snapshot, and a new snapshot is the way to it. 'data' is empty when it was too long.
CREATE TABLE unreadable (
    key          INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER REFERENCES conversation (key) ON DELETE CASCADE,
    thread_root  BLOB    NOT NULL DEFAULT x'',
    place        INTEGER,
    data         TEXT,
    reason       TEXT    NOT NULL,
    tried_by     TEXT    NOT NULL,
    tried_at     INTEGER NOT NULL,
    CHECK ((conversation IS NULL) = (place IS NULL))
) STRICT;
CREATE UNIQUE INDEX unreadable_by_place ON unreadable (conversation, thread_root, place);
