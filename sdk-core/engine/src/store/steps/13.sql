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
