-- Whether a revision names a data endpoint, found out once when it is uploaded.
-- Null for a revision from before this migration, which is looked through when it is published.

ALTER TABLE flow_revisions ADD COLUMN has_endpoint INTEGER;
