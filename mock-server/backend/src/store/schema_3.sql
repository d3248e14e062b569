-- Messages of a thread name the message that it is under, and are counted in it.
ALTER TABLE message ADD COLUMN thread_root BLOB;
ALTER TABLE message ADD COLUMN thread_position INTEGER;
CREATE UNIQUE INDEX message_by_thread ON message (conversation_id, thread_root, thread_position)
    WHERE thread_root IS NOT NULL;
