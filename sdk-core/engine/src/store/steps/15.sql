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
