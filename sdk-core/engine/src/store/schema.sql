-- The store of an account, as a new one is made. What stands in which table, and who keeps it.
-- A change here comes with a step in `steps/`, which makes the same of an older store: a test compares both.

-- Who this store belongs to. `sealed_tokens` are both tokens, sealed with a key of the platform's: the two columns are
-- empty then. `ended_code` says why the last session ended: the server's code, or what the token provider said.
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
    sealed_tokens BLOB,
    ended_by      TEXT    NOT NULL DEFAULT 'server' CHECK (ended_by IN ('server', 'token_provider'))
) STRICT;

-- Sessions that were ended here and of which the server does not know yet. `provided` is 1 where the token is an access
-- token of the app's token provider: it can only take back the push token of this device.
CREATE TABLE ended_session (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,
    refresh_token TEXT,
    sealed_token  BLOB,
    provided      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How far the event log was followed.
CREATE TABLE log (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    log_id   TEXT,
    cursor   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO log (only_row) VALUES (1);

-- What the server said of itself. `capabilities` is a JSON list, and empty until it has said what it can do beyond what
-- every server does; `submit_order` is the place of the newest submit that left this device (PROTOCOL.md §5.2).
CREATE TABLE server (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    key_retention_ms INTEGER NOT NULL DEFAULT 2592000000,
    -- What time it was there when it last said so.
    time             INTEGER,
    capabilities     TEXT,
    submit_order     INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO server (only_row) VALUES (1);

-- A conversation with all that its row on the screen shows, so that the list is one indexed query. `id` is empty until
-- the server has given one; `announced` once the log or a snapshot told of it, and not only the outcome of its creation.
-- `server_…` is what the server said last, as JSON; the columns of the same name are what the screen shows.
CREATE TABLE conversation (
    key               INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT    UNIQUE,
    announced         INTEGER NOT NULL DEFAULT 0,
    kind              TEXT    NOT NULL CHECK (kind IN ('direct', 'group')),
    created_at        INTEGER NOT NULL,
    head              INTEGER NOT NULL DEFAULT 0,
    server_read_to    INTEGER NOT NULL DEFAULT 0,
    server_unread     INTEGER NOT NULL DEFAULT 0,
    local_read_to     INTEGER NOT NULL DEFAULT 0,
    unread            INTEGER NOT NULL DEFAULT 0,
    activity_at       INTEGER NOT NULL,
    participant_count INTEGER NOT NULL DEFAULT 0,
    revision          INTEGER NOT NULL DEFAULT 0,
    -- Of one that only an outcome told of: how far the log went then.
    created_seq       INTEGER,
    server_profile    TEXT    NOT NULL DEFAULT '{}',
    server_settings   TEXT    NOT NULL DEFAULT '{}',
    server_mentions   INTEGER NOT NULL DEFAULT 0,
    gone              INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    profile           TEXT    NOT NULL DEFAULT '{}',
    settings          TEXT    NOT NULL DEFAULT '{}',
    unread_mentions   INTEGER NOT NULL DEFAULT 0,
    pinned            INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    listed            TEXT    NOT NULL DEFAULT 'inbox' CHECK (listed IN ('inbox', 'archive', 'nowhere')),
    draft             TEXT    NOT NULL DEFAULT '',
    preview           TEXT,
    -- When the lane is tried again after a transient failure.
    retry_at          INTEGER,
    -- How far a push told of more than the log has yet; 0 where the log has told as much. Until it has, what the log
    -- counts is older than what the push counted.
    pushed_to         INTEGER NOT NULL DEFAULT 0,
    -- How many take part, and how far the user is among them as the server knows. Kept by triggers of `participant`.
    people            INTEGER NOT NULL DEFAULT 0,
    told_to           INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversation_by_activity ON conversation (listed, pinned DESC, activity_at DESC, key DESC);
CREATE INDEX conversation_behind ON conversation (key) WHERE told_to < head AND NOT gone;
CREATE INDEX conversation_resting ON conversation (key) WHERE retry_at IS NOT NULL;

-- Other ids to which a conversation answers: those that this device gave it before the server did.
CREATE TABLE conversation_alias (
    local_id     TEXT    PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_alias_by_conversation ON conversation_alias (conversation);

-- Who takes part, and how far each was told and has read.
CREATE TABLE participant (
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    user_id      TEXT    NOT NULL,
    name         TEXT    NOT NULL DEFAULT '',
    delivered_to INTEGER NOT NULL DEFAULT 0,
    read_to      INTEGER NOT NULL DEFAULT 0,
    avatar_url   TEXT,
    role         TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    PRIMARY KEY (conversation, user_id)
) STRICT, WITHOUT ROWID;

-- How many of a conversation have their pointers where: the receipts of a page do not read everyone. Kept by triggers.
CREATE TABLE reached (
    conversation INTEGER NOT NULL,
    pointer      TEXT    NOT NULL CHECK (pointer IN ('delivered', 'read')),
    position     INTEGER NOT NULL,
    people       INTEGER NOT NULL,
    PRIMARY KEY (conversation, pointer, position)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER participant_comes AFTER INSERT ON participant BEGIN
    UPDATE conversation SET people = people + 1 WHERE key = new.conversation;
    UPDATE conversation SET told_to = new.delivered_to
    WHERE key = new.conversation AND new.user_id = (SELECT user_id FROM account);
    INSERT INTO reached (conversation, pointer, position, people)
    VALUES (new.conversation, 'delivered', new.delivered_to, 1), (new.conversation, 'read', new.read_to, 1)
    ON CONFLICT DO UPDATE SET people = people + 1;
END;
CREATE TRIGGER participant_goes AFTER DELETE ON participant BEGIN
    UPDATE conversation SET people = people - 1 WHERE key = old.conversation;
    UPDATE reached SET people = people - 1
    WHERE conversation = old.conversation AND pointer = 'delivered' AND position = old.delivered_to;
    DELETE FROM reached
    WHERE conversation = old.conversation AND pointer = 'delivered' AND position = old.delivered_to AND people <= 0;
    UPDATE reached SET people = people - 1
    WHERE conversation = old.conversation AND pointer = 'read' AND position = old.read_to;
    DELETE FROM reached
    WHERE conversation = old.conversation AND pointer = 'read' AND position = old.read_to AND people <= 0;
END;
CREATE TRIGGER participant_is_told AFTER UPDATE OF delivered_to ON participant
WHEN old.delivered_to <> new.delivered_to BEGIN
    UPDATE conversation SET told_to = new.delivered_to
    WHERE key = new.conversation AND new.user_id = (SELECT user_id FROM account);
    UPDATE reached SET people = people - 1
    WHERE conversation = old.conversation AND pointer = 'delivered' AND position = old.delivered_to;
    DELETE FROM reached
    WHERE conversation = old.conversation AND pointer = 'delivered' AND position = old.delivered_to AND people <= 0;
    INSERT INTO reached (conversation, pointer, position, people)
    VALUES (new.conversation, 'delivered', new.delivered_to, 1)
    ON CONFLICT DO UPDATE SET people = people + 1;
END;
CREATE TRIGGER participant_reads AFTER UPDATE OF read_to ON participant
WHEN old.read_to <> new.read_to BEGIN
    UPDATE reached SET people = people - 1
    WHERE conversation = old.conversation AND pointer = 'read' AND position = old.read_to;
    DELETE FROM reached
    WHERE conversation = old.conversation AND pointer = 'read' AND position = old.read_to AND people <= 0;
    INSERT INTO reached (conversation, pointer, position, people)
    VALUES (new.conversation, 'read', new.read_to, 1)
    ON CONFLICT DO UPDATE SET people = people + 1;
END;

-- Messages, confirmed (with a position) and not (an operation of the same key is in the outbox). What the server said
-- last; what the outbox is about to change is not in here. A message of a thread names the one it is under, has a place
-- among those there, and what is under a message is counted with it.
CREATE TABLE message (
    key             INTEGER PRIMARY KEY,
    operation_key   BLOB    NOT NULL UNIQUE,
    conversation    INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    position        INTEGER,
    message_id      TEXT,
    sender_id       TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    revision        INTEGER NOT NULL DEFAULT 0,
    content         TEXT    NOT NULL DEFAULT '{}',
    edited_at       INTEGER,
    deleted         TEXT,
    hidden          INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    reactions       TEXT    NOT NULL DEFAULT '[]',
    notice          INTEGER NOT NULL DEFAULT 0 CHECK (notice IN (0, 1)),
    mentions_me     INTEGER NOT NULL DEFAULT 0 CHECK (mentions_me IN (0, 1)),
    thread_root     BLOB,
    thread_position INTEGER,
    thread_count    INTEGER NOT NULL DEFAULT 0,
    thread_last_at  INTEGER NOT NULL DEFAULT 0,
    pinned_at       INTEGER,
    pinned_by       TEXT
) STRICT;
CREATE UNIQUE INDEX message_by_position ON message (conversation, position) WHERE position IS NOT NULL;
CREATE INDEX message_by_thread ON message (thread_root, thread_position) WHERE thread_root IS NOT NULL;
CREATE INDEX message_unsent ON message (conversation) WHERE position IS NULL;
-- What the timeline of a conversation shows: neither what is in threads nor what the user has hidden.
CREATE INDEX message_shown ON message (conversation, position)
    WHERE position IS NOT NULL AND thread_root IS NULL AND NOT hidden;
CREATE INDEX message_pinned ON message (conversation, pinned_at DESC, position DESC)
    WHERE pinned_at IS NOT NULL;

-- What is searched: the text of each message, as `searchable` (see `search.rs`) makes it. The index keeps no copy of the
-- texts: it reads them through the view. Its words are those of `fulmar_protocol::text`, with spaces between them:
-- everything else is part of a word. A word that is gone leaves the index at once, instead of being marked as gone.
CREATE VIEW message_searchable AS SELECT key, searchable(text) AS text FROM message;
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, content = 'message_searchable', content_rowid = 'key',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);
-- What is not in the index yet. It gets there a little later, many at a time, so that sending does not wait for it.
CREATE TABLE unindexed (
    key INTEGER PRIMARY KEY
) STRICT;
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

-- The outbox. The ordinal is the order in which the app handed operations over, and never reused. An operation that
-- changes a message names it, and one that was applied stays until the log has told of what it changed, so that no screen
-- falls back in between. `unanswered` counts the submits that went without an answer: while there are any, it may have
-- been applied; `tried_at` is when, by the server's clock, it was first tried of those.
CREATE TABLE operation (
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
    applied_seq   INTEGER,
    unanswered    INTEGER NOT NULL DEFAULT 0,
    tried_at      INTEGER
) STRICT;
CREATE INDEX operation_by_lane ON operation (lane, state, ordinal);
CREATE INDEX operation_by_state ON operation (state, ordinal);
CREATE INDEX operation_by_message ON operation (message_key) WHERE message_key IS NOT NULL;
-- What every transaction asks of the outbox, and what a screen asks of it, costs the same however much waits.
CREATE INDEX operation_by_method ON operation (lane, method, ordinal);
CREATE INDEX operation_changes ON operation (lane, ordinal) WHERE NOT holds_lane;
CREATE INDEX operation_waiting ON operation (lane, holds_lane, ordinal) WHERE state = 'queued';

-- How many operations the server has not confirmed: they wait, are in flight, or are messages and conversations that
-- failed. A change that was refused is rolled back. Kept by triggers.
CREATE TABLE outbox_size (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    unsent   INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_size (only_row, unsent) VALUES (1, 0);
CREATE TRIGGER operation_unsent AFTER INSERT ON operation
WHEN (new.state IN ('queued', 'in_flight')
      OR new.state = 'failed' AND new.method IN ('message.send', 'conversation.create')) BEGIN
    UPDATE outbox_size SET unsent = unsent + 1;
END;
CREATE TRIGGER operation_not_unsent AFTER DELETE ON operation
WHEN (old.state IN ('queued', 'in_flight')
      OR old.state = 'failed' AND old.method IN ('message.send', 'conversation.create')) BEGIN
    UPDATE outbox_size SET unsent = unsent - 1;
END;
CREATE TRIGGER operation_not_unsent_now AFTER UPDATE OF state ON operation
WHEN (old.state IN ('queued', 'in_flight')
      OR old.state = 'failed' AND old.method IN ('message.send', 'conversation.create'))
     AND NOT (new.state IN ('queued', 'in_flight')
      OR new.state = 'failed' AND new.method IN ('message.send', 'conversation.create')) BEGIN
    UPDATE outbox_size SET unsent = unsent - 1;
END;
CREATE TRIGGER operation_unsent_again AFTER UPDATE OF state ON operation
WHEN (new.state IN ('queued', 'in_flight')
      OR new.state = 'failed' AND new.method IN ('message.send', 'conversation.create'))
     AND NOT (old.state IN ('queued', 'in_flight')
      OR old.state = 'failed' AND old.method IN ('message.send', 'conversation.create')) BEGIN
    UPDATE outbox_size SET unsent = unsent + 1;
END;

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

-- What else the server told of and this version could not read, kept for one that can: a message, by its place in its
-- conversation or in a thread of it (`thread_root` is empty for the conversation). A row without a conversation is
-- something of a snapshot, and a new snapshot is the way to it. `data` is empty when it was too long.
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

-- What is gone from the rows may still be in the file where no row is, and in its log: 2 as long as it may be in the
-- log, 1 as long as it may be in the file, 0 afterwards. And when the file was last written anew, by the wall clock.
CREATE TABLE remains (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    owed       INTEGER NOT NULL CHECK (owed IN (0, 1, 2)),
    written_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO remains (only_row, owed) VALUES (1, 0);
CREATE TRIGGER message_changed AFTER UPDATE OF text, content ON message
WHEN new.text <> old.text OR new.content <> old.content BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
CREATE TRIGGER unreadable_gone AFTER DELETE ON unreadable BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
CREATE TRIGGER quarantine_gone AFTER DELETE ON quarantine BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
CREATE TRIGGER ended_session_gone AFTER DELETE ON ended_session BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
-- What a late push or an operation that came to nothing says of a message that is not there any more. While the message
-- is there, its own end comes later.
CREATE TRIGGER pushed_gone AFTER DELETE ON pushed
WHEN NOT EXISTS (SELECT 1 FROM message WHERE operation_key = old.message_key AND deleted IS NULL) BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
CREATE TRIGGER operation_gone AFTER DELETE ON operation
WHEN old.method IN ('message.send', 'message.edit') AND NOT EXISTS (
    SELECT 1 FROM message
    WHERE operation_key = coalesce(old.message_key, old.operation_key) AND deleted IS NULL
) BEGIN
    UPDATE remains SET owed = 2 WHERE owed <> 2;
END;
