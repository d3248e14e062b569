-- A store of version 10: alice, with one conversation and two unsent messages.
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

INSERT INTO account (only_row, device_id, user_id, name, access_token, refresh_token, log_id, cursor)
VALUES (1, 'phone-1', 'alice', 'Alice', 'a', 'r', 'log-1', 7);
INSERT INTO conversation (key, id, announced, kind, title, created_at, activity_at, head)
VALUES (1, 'c-1', 1, 'group', 'General Chat', 1790000000000, 1790000000000, 1);
INSERT INTO message (operation_key, conversation, position, message_id, sender_id, text, at)
VALUES (x'0190b5f0000070008000000000000001', 1, 1, 'm-1', 'bob', 'sent', 1790000000000),
       (x'0190b5f0000070008000000000000002', 1, NULL, NULL, 'alice', 'unsent one', 1790000000001),
       (x'0190b5f0000070008000000000000003', 1, NULL, NULL, 'alice', 'unsent two', 1790000000002);
INSERT INTO operation (operation_key, lane, method, holds_lane, params, state, tries, created_at)
VALUES (x'0190b5f0000070008000000000000002', 1, 'message.send', 1,
        '{"conversationId":"c-1","text":"unsent one"}', 'in_flight', 1, 1790000000001),
       (x'0190b5f0000070008000000000000003', 1, 'message.send', 1,
        '{"conversationId":"c-1","text":"unsent two"}', 'queued', 0, 1790000000002);
ALTER TABLE account ADD COLUMN sealed_tokens BLOB;
ALTER TABLE account ADD COLUMN ended_by TEXT NOT NULL DEFAULT 'server'
    CHECK (ended_by IN ('server', 'token_provider'));
UPDATE account SET access_token = NULL, refresh_token = NULL, sealed_tokens = x'00';
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

-- Whom the user has blocked.
CREATE TABLE blocked (
    user_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What a second process was told of by push notifications, until the engine takes it over.
CREATE TABLE pushed (
    ordinal     INTEGER PRIMARY KEY AUTOINCREMENT,
    message_key BLOB NOT NULL UNIQUE,
    payload     TEXT NOT NULL
) STRICT;
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
-- The words of the index are now those of `fulmar_protocol::text`, with spaces between them: everything else
-- is part of a word, and every message is indexed anew.
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, content = 'message_searchable', content_rowid = 'key',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
DELETE FROM unindexed;
INSERT INTO unindexed (key) SELECT key FROM message WHERE text <> '';

-- What the timeline of a conversation shows: neither what is in threads nor what the user has hidden.
CREATE INDEX message_shown ON message (conversation, position)
    WHERE position IS NOT NULL AND thread_root IS NULL AND NOT hidden;
PRAGMA application_id = 1182100589;

-- Each table has one owner: how far the log was followed is no matter of the account, nor is what the server
-- said of itself.
CREATE TABLE log (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    log_id   TEXT,
    cursor   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO log (only_row, log_id, cursor)
VALUES (1, (SELECT log_id FROM account), coalesce((SELECT cursor FROM account), 0));

CREATE TABLE server (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    key_retention_ms INTEGER NOT NULL DEFAULT 2592000000,
    -- What time it was there when it last said so.
    time             INTEGER
) STRICT;
INSERT INTO server (only_row, key_retention_ms)
VALUES (1, coalesce((SELECT key_retention_ms FROM account), 2592000000));

ALTER TABLE account DROP COLUMN log_id;
ALTER TABLE account DROP COLUMN cursor;
ALTER TABLE account DROP COLUMN key_retention_ms;

-- Sessions that were ended here and of which the server does not know yet.
CREATE TABLE ended_session (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,
    refresh_token TEXT,
    sealed_token  BLOB
) STRICT;

-- How many submits of an operation went without an answer: while there are any, it may have been applied.
-- And when, by the server's clock, it was first tried of those.
ALTER TABLE operation ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN tried_at INTEGER;
UPDATE operation SET unanswered = tries, tried_at = created_at
WHERE tries > 0 AND state IN ('queued', 'in_flight');
UPDATE operation SET unanswered = max(tries, 1), tried_at = created_at
WHERE state = 'failed' AND failure = '"outcomeUnknown"';
-- Since when a message is pinned, and who pinned it.
ALTER TABLE message ADD COLUMN pinned_at INTEGER;
ALTER TABLE message ADD COLUMN pinned_by TEXT;
CREATE INDEX message_pinned ON message (conversation, pinned_at DESC, position DESC)
    WHERE pinned_at IS NOT NULL;

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

-- Whether the token of an ended session is an access token of the app's token provider: it can only take back the
-- push token of this device.
ALTER TABLE ended_session ADD COLUMN provided INTEGER NOT NULL DEFAULT 0;

-- What the server said that it can do beyond what every server does, as a JSON list; nothing when it has not said.
ALTER TABLE server ADD COLUMN capabilities TEXT;

-- The place of the newest submit that left this device (PROTOCOL.md §5.2).
ALTER TABLE server ADD COLUMN submit_order INTEGER NOT NULL DEFAULT 0;

-- What is gone from the rows may still be in the file where no row is, and in its log: 2 as long as it may be in the
-- log, 1 as long as it may be in the file, 0 afterwards. And when the file was last written anew, by the wall clock.
CREATE TABLE remains (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    owed       INTEGER NOT NULL CHECK (owed IN (0, 1, 2)),
    written_at INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO remains (only_row, owed)
VALUES (1, CASE WHEN EXISTS (SELECT 1 FROM account) THEN 2 ELSE 0 END);
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

-- A word that is gone leaves the index at once, instead of being marked as gone. What was marked before goes, too:
-- everything is indexed anew.
INSERT INTO message_text (message_text) VALUES ('delete-all');
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);
DELETE FROM unindexed;
INSERT INTO unindexed (key) SELECT key FROM message WHERE text <> '';

-- How far a push told of more than the log has yet; 0 where the log has told as much. Until it has, what the log counts
-- is older than what the push counted.
ALTER TABLE conversation ADD COLUMN pushed_to INTEGER NOT NULL DEFAULT 0;

-- What every transaction asks of the outbox, and what a screen asks of it, costs the same however much waits.
CREATE INDEX operation_by_method ON operation (lane, method, ordinal);
CREATE INDEX operation_changes ON operation (lane, ordinal) WHERE NOT holds_lane;
CREATE INDEX operation_waiting ON operation (lane, holds_lane, ordinal) WHERE state = 'queued';

-- How many operations the server has not confirmed: they wait, are in flight, or are messages and conversations that
-- failed. A change that was refused is rolled back.
CREATE TABLE outbox_size (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    unsent   INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_size (only_row, unsent)
SELECT 1, count(*) FROM operation
WHERE (state IN ('queued', 'in_flight')
      OR state = 'failed' AND method IN ('message.send', 'conversation.create'));
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

-- How many people take part in a conversation, and how many of them have their pointers where: the row of the list and
-- the receipts of a page do not read everyone. Kept by triggers.
ALTER TABLE conversation ADD COLUMN people INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET people = (SELECT count(*) FROM participant WHERE conversation = conversation.key);

-- How far the user is among them, as the server knows: which conversations are behind is found without a look at all.
ALTER TABLE conversation ADD COLUMN told_to INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET told_to = participant.delivered_to
FROM participant JOIN account USING (user_id) WHERE participant.conversation = conversation.key;
CREATE INDEX conversation_behind ON conversation (key) WHERE told_to < head AND NOT gone;
CREATE INDEX conversation_resting ON conversation (key) WHERE retry_at IS NOT NULL;

CREATE TABLE reached (
    conversation INTEGER NOT NULL,
    pointer      TEXT    NOT NULL CHECK (pointer IN ('delivered', 'read')),
    position     INTEGER NOT NULL,
    people       INTEGER NOT NULL,
    PRIMARY KEY (conversation, pointer, position)
) STRICT, WITHOUT ROWID;
INSERT INTO reached (conversation, pointer, position, people)
SELECT conversation, 'delivered', delivered_to, count(*) FROM participant GROUP BY conversation, delivered_to
UNION ALL
SELECT conversation, 'read', read_to, count(*) FROM participant GROUP BY conversation, read_to;

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

PRAGMA user_version = 16;
