-- Of each message, how many of its conversation up to here count as unread for others, and how many of these its sender
-- wrote: what is unread between two places is a difference, however many lie between them.
ALTER TABLE message ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN counted_own INTEGER NOT NULL DEFAULT 0;
UPDATE message SET counted = up_to.counted, counted_own = up_to.counted_own
FROM (SELECT conversation_id, position,
             sum(notice = 0) OVER (PARTITION BY conversation_id ORDER BY position) AS counted,
             sum(notice = 0) OVER (PARTITION BY conversation_id, sender_id ORDER BY position) AS counted_own
      FROM message) AS up_to
WHERE message.conversation_id = up_to.conversation_id AND message.position = up_to.position;
DROP INDEX message_notice;
