-- Who uses the server: accounts, their channels and their API keys.
-- Columns are TEXT, BIGINT and INTEGER alone, so that both engines mean the same by them:
-- times are milliseconds since the epoch, lists are JSON text, truth is 0 or 1.

CREATE TABLE instance (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE channels (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    flow_count BIGINT NOT NULL,
    last_position BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE TABLE api_keys (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    last_six TEXT NOT NULL,
    read_only INTEGER NOT NULL,
    channel_ids TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account_id, id)
);

CREATE UNIQUE INDEX api_keys_id ON api_keys (id);
