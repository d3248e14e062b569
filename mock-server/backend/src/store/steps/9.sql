-- What each user has at the server, so that nobody counts it: the bytes that were announced, and the files that no
-- message carries.
CREATE TABLE storage (
    user_id TEXT    PRIMARY KEY REFERENCES user (user_id) ON DELETE CASCADE,
    bytes   INTEGER NOT NULL,
    waiting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO storage (user_id, bytes, waiting)
    SELECT user_id, sum(size), count(expires_at) FROM file WHERE user_id IS NOT NULL GROUP BY user_id;
CREATE TRIGGER file_announced AFTER INSERT ON file WHEN new.user_id IS NOT NULL BEGIN
    INSERT INTO storage (user_id, bytes, waiting) VALUES (new.user_id, new.size, new.expires_at IS NOT NULL)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, waiting = waiting + excluded.waiting;
END;
CREATE TRIGGER file_attached AFTER UPDATE OF expires_at ON file
    WHEN (old.expires_at IS NULL) <> (new.expires_at IS NULL) BEGIN
    UPDATE storage SET waiting = waiting + (new.expires_at IS NOT NULL) - (old.expires_at IS NOT NULL)
    WHERE user_id = new.user_id;
END;
CREATE TRIGGER file_deleted AFTER DELETE ON file BEGIN
    UPDATE storage SET bytes = bytes - old.size, waiting = waiting - (old.expires_at IS NOT NULL)
    WHERE user_id = old.user_id;
END;
