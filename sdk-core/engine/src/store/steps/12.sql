-- The place of the newest submit that left this device (PROTOCOL.md §5.2).
ALTER TABLE server ADD COLUMN submit_order INTEGER NOT NULL DEFAULT 0;
