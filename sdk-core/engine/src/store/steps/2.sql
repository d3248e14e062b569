-- Tokens that are sealed with a key of the platform's, as one blob; the two columns are empty then.
ALTER TABLE account ADD COLUMN sealed_tokens BLOB;
-- Who ended the last session: 'ended_code' is the server's code, or what the token provider said.
ALTER TABLE account ADD COLUMN ended_by TEXT NOT NULL DEFAULT 'server'
    CHECK (ended_by IN ('server', 'token_provider'));
-- Why an operation was refused got a name of its own.
UPDATE operation
SET failure = json_object('refused', json_object('problem', json_extract(failure, '$.refused')))
WHERE json_extract(failure, '$.refused') IS NOT NULL;
