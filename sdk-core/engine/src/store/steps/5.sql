-- Files that messages of the outbox carry, and how far each has come.
CREATE TABLE upload (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,
    operation_key BLOB    NOT NULL REFERENCES operation (operation_key) ON DELETE CASCADE,
    -- Which of the message's attachments it is.
    place         INTEGER NOT NULL,
    sha256        BLOB    NOT NULL,
    size          INTEGER NOT NULL,
    file_id       TEXT,
    sent          INTEGER NOT NULL DEFAULT 0,
    UNIQUE (operation_key, place)
) STRICT;
