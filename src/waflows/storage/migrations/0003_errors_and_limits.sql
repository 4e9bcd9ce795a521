-- What happened, for looking up by errorId, and how often each key was used, for rate limits.
-- An error from before a key was recognised belongs to no account: its account_id is empty.

CREATE TABLE errors (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE INDEX errors_id ON errors (id);
CREATE INDEX errors_at ON errors (at);

CREATE TABLE rate_limits (
    account_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    used BIGINT NOT NULL,
    used_before BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, kind)
);
