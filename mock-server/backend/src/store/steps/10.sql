-- The place of the newest submit that was taken of a session.
ALTER TABLE session ADD COLUMN newest_submit INTEGER NOT NULL DEFAULT 0;
