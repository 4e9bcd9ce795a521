-- Each account keeps its own newest errors, so they are read and dropped by account and time.

CREATE INDEX errors_newest ON errors (account_id, at, id);
