-- Whether the token of an ended session is an access token of the app's token provider: it can only take back the
-- push token of this device.
ALTER TABLE ended_session ADD COLUMN provided INTEGER NOT NULL DEFAULT 0;
