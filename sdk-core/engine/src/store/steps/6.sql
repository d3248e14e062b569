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
