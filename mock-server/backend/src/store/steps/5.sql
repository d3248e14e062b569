-- Events lie outside of the tree that finds them: some are large, and a search that has to read its way through them
-- took most of the time of telling a thousand people.
ALTER TABLE event RENAME TO event_in_its_index;
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    data    TEXT    NOT NULL
) STRICT;
INSERT INTO event (user_id, seq, at, kind, data)
    SELECT user_id, seq, at, kind, data FROM event_in_its_index ORDER BY user_id, seq;
DROP TABLE event_in_its_index;
CREATE UNIQUE INDEX event_by_seq ON event (user_id, seq);
