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
