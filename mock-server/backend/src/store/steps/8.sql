-- What each id looks like (UTS 39): nobody registers one that looks like another, not even like one that is gone.
ALTER TABLE user ADD COLUMN looks TEXT NOT NULL DEFAULT '';
ALTER TABLE deleted_user ADD COLUMN looks TEXT NOT NULL DEFAULT '';
UPDATE user SET looks = looks_of(user_id);
UPDATE deleted_user SET looks = looks_of(user_id);
CREATE INDEX user_looks ON user (looks);
CREATE INDEX deleted_user_looks ON deleted_user (looks);
