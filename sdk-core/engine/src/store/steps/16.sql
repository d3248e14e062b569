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
