-- What is wrong with each Flow JSON, and the version it says it is written in.
-- A text from before this migration has no faults noted: it is checked when they are asked for.

ALTER TABLE flow_revisions ADD COLUMN json_version TEXT;
ALTER TABLE flow_revisions ADD COLUMN faults TEXT;
