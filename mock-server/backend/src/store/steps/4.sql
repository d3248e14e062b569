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
