-- Submissions: what users sent by finishing a flow, each once for the message that carried it.
-- `fields` is a JSON object without the flow token. Every index ends in the order of a list, so
-- that a page is read from it without sorting. `submission_flows` names the columns of a flow's
-- table in the order they came up; `submission_counts` counts, so that nothing has to be scanned,
-- and names the columns of what came through one sub-account.

CREATE TABLE submissions (
    account_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    flow_revision INTEGER NOT NULL,
    message_umid TEXT NOT NULL,
    answer_umid TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    submitted_at BIGINT NOT NULL,
    flow_token TEXT,
    fields TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, channel_id) REFERENCES channels (account_id, id)
);

CREATE UNIQUE INDEX submissions_message ON submissions (account_id, message_umid);
CREATE INDEX submissions_at ON submissions (account_id, submitted_at, id);
CREATE INDEX submissions_channel ON submissions (account_id, channel_id, submitted_at, id);
CREATE INDEX submissions_sub_account ON submissions (account_id, sub_account_id, submitted_at, id);
CREATE INDEX submissions_flow ON submissions (account_id, flow_id, submitted_at, id);
CREATE INDEX submissions_person ON submissions (account_id, msisdn, submitted_at, id);

CREATE TABLE submission_flows (
    account_id TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    field_names TEXT NOT NULL,
    PRIMARY KEY (account_id, flow_id)
);

CREATE TABLE submission_counts (
    account_id TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    total BIGINT NOT NULL,
    field_names TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (account_id, flow_id, sub_account_id)
);
