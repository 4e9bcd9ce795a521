-- Sub-accounts, what was said between businesses and people, and message templates.
-- A conversation is what one channel and one person said to each other; its position counts up and
-- orders its messages. `request_key` tells a request that is sent again from a new one.
-- A key's `sub_account_ids` is null when the key reaches every sub-account.

CREATE TABLE sub_accounts (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE INDEX sub_accounts_channel ON sub_accounts (account_id, channel_id, created_at);

ALTER TABLE api_keys ADD COLUMN sub_account_ids TEXT;
ALTER TABLE api_keys ADD COLUMN masked INTEGER NOT NULL DEFAULT 0;

CREATE TABLE conversations (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    name TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    last_position BIGINT NOT NULL,
    last_inbound_at BIGINT,
    PRIMARY KEY (account_id, channel_id, msisdn),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE INDEX conversations_msisdn ON conversations (account_id, msisdn);

CREATE TABLE messages (
    account_id TEXT NOT NULL,
    umid TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    position BIGINT NOT NULL,
    sub_account_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    bubble TEXT NOT NULL,
    flow TEXT,
    reply_to TEXT,
    client_message_id TEXT,
    request_key TEXT,
    state TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    answer_umid TEXT,
    PRIMARY KEY (account_id, umid),
    FOREIGN KEY (account_id, channel_id, msisdn)
        REFERENCES conversations (account_id, channel_id, msisdn)
);

CREATE UNIQUE INDEX messages_position ON messages (account_id, channel_id, msisdn, position);
CREATE UNIQUE INDEX messages_request ON messages (account_id, sub_account_id, request_key);
CREATE INDEX messages_created ON messages (created_at);

CREATE TABLE templates (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    components TEXT NOT NULL,
    status TEXT NOT NULL,
    flow_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, channel_id, name, language),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE INDEX templates_flow ON templates (account_id, flow_id);
