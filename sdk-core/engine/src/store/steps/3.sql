-- Operations that change a message name it, and one that was applied stays until the log has told of
-- what it changed, so that no screen falls back in between.
CREATE TABLE operation_3 (
    ordinal       INTEGER PRIMARY KEY AUTOINCREMENT,
    operation_key BLOB    NOT NULL UNIQUE,
    lane          INTEGER NOT NULL REFERENCES conversation (key),
    method        TEXT    NOT NULL,
    holds_lane    INTEGER NOT NULL CHECK (holds_lane IN (0, 1)),
    message_key   BLOB,
    params        TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'in_flight', 'applied', 'failed')),
    tries         INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    failure       TEXT,
    applied_seq   INTEGER
) STRICT;
INSERT INTO operation_3
    (ordinal, operation_key, lane, method, holds_lane, params, state, tries, created_at, failure)
SELECT ordinal, operation_key, lane, method, holds_lane, params, state, tries, created_at, failure
FROM operation ORDER BY ordinal;
DROP TABLE operation;
ALTER TABLE operation_3 RENAME TO operation;
CREATE INDEX operation_by_lane ON operation (lane, state, ordinal);
CREATE INDEX operation_by_state ON operation (state, ordinal);
CREATE INDEX operation_by_message ON operation (message_key) WHERE message_key IS NOT NULL;

-- What the server said last about a message; what the outbox is about to change is not in here.
ALTER TABLE message ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN content TEXT NOT NULL DEFAULT '{}';
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN deleted TEXT;
ALTER TABLE message ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));
ALTER TABLE message ADD COLUMN reactions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE message ADD COLUMN notice INTEGER NOT NULL DEFAULT 0 CHECK (notice IN (0, 1));
ALTER TABLE message ADD COLUMN mentions_me INTEGER NOT NULL DEFAULT 0 CHECK (mentions_me IN (0, 1));

-- `server_` is what the server said last, as JSON; the columns beside it are what the screen shows.
ALTER TABLE conversation ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
-- Of one that only an outcome told of: how far the log went then.
ALTER TABLE conversation ADD COLUMN created_seq INTEGER;
ALTER TABLE conversation ADD COLUMN server_profile TEXT NOT NULL DEFAULT '{}';
ALTER TABLE conversation ADD COLUMN server_settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE conversation ADD COLUMN server_mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
ALTER TABLE conversation ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
ALTER TABLE conversation ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE conversation ADD COLUMN unread_mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
ALTER TABLE conversation ADD COLUMN listed TEXT NOT NULL DEFAULT 'inbox'
    CHECK (listed IN ('inbox', 'archive', 'nowhere'));
ALTER TABLE conversation ADD COLUMN draft TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN preview TEXT;
-- When the lane is tried again after a transient failure, for the screen.
ALTER TABLE conversation ADD COLUMN retry_at INTEGER;
UPDATE conversation SET
    server_profile = CASE title WHEN '' THEN '{}' ELSE json_object('title', title) END,
    profile = CASE title WHEN '' THEN '{}' ELSE json_object('title', title) END,
    preview = CASE WHEN preview_text IS NULL THEN NULL ELSE
        json_object('sender', preview_sender,
                    'content', json_object('text', json_object('text', preview_text, 'mentions', json('[]'))))
        END;
ALTER TABLE conversation DROP COLUMN preview_text;
ALTER TABLE conversation DROP COLUMN preview_sender;
ALTER TABLE conversation DROP COLUMN title;
DROP INDEX conversation_by_activity;
CREATE INDEX conversation_by_activity ON conversation (listed, pinned DESC, activity_at DESC, key DESC);

ALTER TABLE participant ADD COLUMN avatar_url TEXT;
ALTER TABLE participant ADD COLUMN role TEXT NOT NULL DEFAULT 'member'
    CHECK (role IN ('member', 'moderator', 'admin'));
-- The snapshot that follows tells what a message of an older version has beside its text.
UPDATE account SET log_id = NULL, cursor = 0;
