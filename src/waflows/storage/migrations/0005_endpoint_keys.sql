-- What a channel needs to exchange data with endpoints: its key pairs and its app secret, sealed,
-- and how the endpoints answered when they were last examined.
-- Of a channel's keys the one with the highest number is in use; those before it have been replaced
-- and keep nothing but their public half. A check holds for one address under one key.

CREATE TABLE endpoint_keys (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    form TEXT NOT NULL,
    public_key TEXT NOT NULL,
    private_key TEXT,
    created_at BIGINT NOT NULL,
    replaced_at BIGINT,
    PRIMARY KEY (account_id, channel_id, number),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE TABLE app_secrets (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    secret TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, channel_id),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE TABLE endpoint_checks (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    failing_step TEXT,
    message TEXT NOT NULL,
    PRIMARY KEY (account_id, channel_id, uri),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);
