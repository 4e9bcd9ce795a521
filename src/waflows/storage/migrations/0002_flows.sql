-- Flows and every version of their JSON.
-- `position` counts up within a channel and gives the order of a list; `name_folded` is the name
-- without regard to case, for searching alike on both engines.

CREATE TABLE flows (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    status TEXT NOT NULL,
    categories TEXT NOT NULL,
    endpoint_uri TEXT,
    application_id TEXT,
    revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    preview_nonce TEXT,
    preview_expires_at BIGINT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE UNIQUE INDEX flows_position ON flows (account_id, channel_id, position);
CREATE UNIQUE INDEX flows_name ON flows (account_id, channel_id, name);
CREATE INDEX flows_id ON flows (id);

CREATE TABLE flow_revisions (
    account_id TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    flow_json TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, flow_id, revision),
    FOREIGN KEY (account_id, flow_id) REFERENCES flows (account_id, id)
);
