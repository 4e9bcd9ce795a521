-- Webhooks, and the outbox of events on their way to them.
-- A delivery is one event for one webhook: its row is written with the fact it reports, is the
-- queue, and stays as the log. A lane is what must arrive in order: the pending deliveries of one
-- webhook that share an order key. A lane exists while it has any; whoever takes it works through
-- them by position. `due_at` is when a lane may be taken; taking it moves that to the end of the
-- lease, so that the lane of a process that died is free again by itself.

CREATE TABLE webhooks (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    type TEXT NOT NULL,
    url TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    http_authorization TEXT,
    oauth TEXT,
    secrets TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE UNIQUE INDEX webhooks_scope ON webhooks (account_id, sub_account_id, type);

CREATE TABLE webhook_lanes (
    account_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    order_key TEXT NOT NULL,
    last_position BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    lease TEXT NOT NULL,
    PRIMARY KEY (account_id, webhook_id, order_key)
);

CREATE INDEX webhook_lanes_due ON webhook_lanes (due_at);
CREATE INDEX webhook_lanes_webhook ON webhook_lanes (webhook_id, due_at);

CREATE TABLE webhook_deliveries (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    type TEXT NOT NULL,
    order_key TEXT NOT NULL,
    position BIGINT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    waiting_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (account_id, id)
);

CREATE INDEX webhook_deliveries_pending
    ON webhook_deliveries (account_id, webhook_id, order_key, position) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (account_id, order_key);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (account_id, state, id);
CREATE INDEX webhook_deliveries_settled
    ON webhook_deliveries (state, settled_at) WHERE settled_at IS NOT NULL;
