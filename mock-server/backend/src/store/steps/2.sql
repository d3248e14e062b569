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
