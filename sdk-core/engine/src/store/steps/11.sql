-- What the server said that it can do beyond what every server does, as a JSON list; nothing when it has not said.
ALTER TABLE server ADD COLUMN capabilities TEXT;
