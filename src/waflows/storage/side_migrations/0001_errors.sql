-- Errors that were answered, for looking up by errorId.
-- An error from before a key was recognised belongs to no account: its account_id is empty.

CREATE TABLE errors (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    record TEXT NOT NULL
);

CREATE INDEX errors_newest ON errors (account_id, at, id);
CREATE INDEX errors_at ON errors (at);
