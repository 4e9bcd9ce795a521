-- How much of what an account has, counted in the transaction that changes it; revisions compressed.
-- A revision made from now on has its text in `packed`, where compressing makes it shorter, and then
-- an empty `flow_json`. `pinned` says whether a message carries the revision, so that it must stay;
-- null for a revision from before this migration, of which that is not known.

CREATE TABLE account_usage (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    flows BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL,
    templates BIGINT NOT NULL,
    phones BIGINT NOT NULL,
    webhooks BIGINT NOT NULL
);

INSERT INTO account_usage (account_id, flows, stored_bytes, templates, phones, webhooks)
SELECT a.id,
    (SELECT COUNT(*) FROM flows f WHERE f.account_id = a.id),
    (SELECT COALESCE(SUM(r.bytes), 0) FROM flow_revisions r WHERE r.account_id = a.id),
    (SELECT COUNT(*) FROM templates t WHERE t.account_id = a.id),
    (SELECT COUNT(*) FROM conversations c WHERE c.account_id = a.id),
    (SELECT COUNT(*) FROM webhooks w WHERE w.account_id = a.id)
FROM accounts a;

ALTER TABLE flow_revisions ADD COLUMN pinned INTEGER;
ALTER TABLE flow_revisions ADD COLUMN packed BYTEA;
