-- What an event says is there once, however many logs tell it.
CREATE TABLE event_body (
    body INTEGER PRIMARY KEY,
    kind TEXT    NOT NULL,
    data TEXT    NOT NULL
) STRICT;
-- How many logs do, as is known when it is written down. A table of its own: a body may be large, and counting does not
-- write it again.
CREATE TABLE event_body_logs (
    body INTEGER PRIMARY KEY,
    logs INTEGER NOT NULL
) STRICT;
ALTER TABLE event RENAME TO event_with_its_body;
CREATE TABLE event (
    user_id TEXT    NOT NULL REFERENCES user (user_id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    body    INTEGER NOT NULL
) STRICT;
INSERT INTO event_body (body, kind, data) SELECT rowid, kind, data FROM event_with_its_body;
INSERT INTO event_body_logs (body, logs) SELECT rowid, 1 FROM event_with_its_body;
INSERT INTO event (user_id, seq, at, body)
    SELECT user_id, seq, at, rowid FROM event_with_its_body ORDER BY rowid;
DROP TABLE event_with_its_body;
CREATE UNIQUE INDEX event_by_seq ON event (user_id, seq);
CREATE TRIGGER event_is_cut AFTER DELETE ON event BEGIN
    UPDATE event_body_logs SET logs = logs - 1 WHERE body = old.body;
    DELETE FROM event_body
    WHERE body = (SELECT body FROM event_body_logs WHERE body = old.body AND logs <= 0);
    DELETE FROM event_body_logs WHERE body = old.body AND logs <= 0;
END;
