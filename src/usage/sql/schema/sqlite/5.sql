-- Notices: each once for a notice, a version, a date, a distance from it and a recipient.
CREATE TABLE notices (
    environment TEXT NOT NULL,
    notice TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Such as `sunset 2027-01-01T00:00:00Z`: a date that was moved is another one.
    date TEXT NOT NULL,
    distance INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The id of the message: several notices to one address are one message.
    message TEXT NOT NULL,
    -- What the message says, as a JSON object.
    facts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    -- When it is tried next, if it is claimed: by then, whoever claimed it has sent it or is gone.
    next_attempt INTEGER NOT NULL,
    claimed INTEGER NOT NULL,
    sent INTEGER,
    error TEXT,
    PRIMARY KEY (environment, notice, api, version, date, distance, recipient)
);

CREATE INDEX notices_by_message ON notices (message);
