-- Since when a message is pinned, and who pinned it.
ALTER TABLE message ADD COLUMN pinned_at INTEGER;
ALTER TABLE message ADD COLUMN pinned_by TEXT;
CREATE INDEX message_pinned ON message (conversation, pinned_at DESC, position DESC)
    WHERE pinned_at IS NOT NULL;
