-- Threads: a message under another one names it, and has a place among those under it. What is under a
-- message is kept with it.
ALTER TABLE message ADD COLUMN thread_root BLOB;
ALTER TABLE message ADD COLUMN thread_position INTEGER;
ALTER TABLE message ADD COLUMN thread_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN thread_last_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_by_thread ON message (thread_root, thread_position) WHERE thread_root IS NOT NULL;
CREATE INDEX message_unsent ON message (conversation) WHERE position IS NULL;
