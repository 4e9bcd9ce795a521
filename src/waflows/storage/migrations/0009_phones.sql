-- What simulated phones show: the flow that a person has open, one at a time as on a real phone.
-- `turn` counts what happened there; a step is kept only on top of the one it was made from.
-- What a person typed goes with the message whose button was tapped.

CREATE TABLE phone_sessions (
    account_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    message_umid TEXT NOT NULL,
    turn BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (account_id, channel_id, msisdn),
    FOREIGN KEY (account_id, message_umid) REFERENCES messages (account_id, umid)
        ON DELETE CASCADE
);

CREATE INDEX phone_sessions_message ON phone_sessions (account_id, message_umid);
