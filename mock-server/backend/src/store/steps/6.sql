-- The words of the index are those of `fulmar_protocol::text`, with spaces between them: everything else is part of
-- a word.
DROP TRIGGER message_written;
DROP TRIGGER message_changed;
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (
    text, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
INSERT INTO message_text (rowid, text)
    SELECT key, searchable(text) FROM message_indexed JOIN message USING (message_id);
CREATE TRIGGER message_written AFTER INSERT ON message BEGIN
    INSERT INTO message_indexed (message_id) VALUES (new.message_id);
    INSERT INTO message_text (rowid, text)
        SELECT key, searchable(new.text) FROM message_indexed WHERE message_id = new.message_id;
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text ON message WHEN new.text <> old.text BEGIN
    UPDATE message_text SET text = searchable(new.text)
    WHERE rowid = (SELECT key FROM message_indexed WHERE message_id = new.message_id);
END;

-- Reactions are stored in their normal form. What is no emoji could not be taken back any more.
UPDATE OR IGNORE reaction SET emoji = normal_reaction(emoji) WHERE normal_reaction(emoji) <> emoji;
DELETE FROM reaction WHERE normal_reaction(emoji) IS NOT emoji;
