-- Who is signed in to the console. A session ends when its row is deleted, or at `expires_at`.

CREATE TABLE console_sessions (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, key_id) REFERENCES api_keys (account_id, id)
);

CREATE INDEX console_sessions_key ON console_sessions (account_id, key_id, created_at);
CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);
