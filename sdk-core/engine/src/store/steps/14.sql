-- How far a push told of more than the log has yet; 0 where the log has told as much. Until it has, what the log counts
-- is older than what the push counted.
ALTER TABLE conversation ADD COLUMN pushed_to INTEGER NOT NULL DEFAULT 0;
