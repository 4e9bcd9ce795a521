-- Count the bytes of messages, answers and open flows towards the stored bytes of their account.
-- The counter of an account is split into parts, so that messages to different people rarely wait
-- for each other; the account's total is the sum of its parts, and a part alone may be negative.
-- A row from before this migration counts its characters, which ASCII text has as many of as bytes.

ALTER TABLE messages ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE submissions ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE phone_sessions ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;

UPDATE messages SET bytes = 1024 + LENGTH(bubble) + COALESCE(LENGTH(flow), 0);
UPDATE submissions SET bytes = 1024 + LENGTH(fields) + COALESCE(LENGTH(flow_token), 0);
UPDATE phone_sessions SET bytes = 1024 + LENGTH(state);

CREATE TABLE account_content (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    part INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (account_id, part)
);

INSERT INTO account_content (account_id, part, bytes)
SELECT account_id, 0, SUM(bytes) FROM (
    SELECT account_id, bytes FROM messages
    UNION ALL SELECT account_id, bytes FROM submissions
    UNION ALL SELECT account_id, bytes FROM phone_sessions
) AS stored
GROUP BY account_id;
