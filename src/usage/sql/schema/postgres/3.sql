-- What replicas share beside the ledger: acts of operators in effect, by kind and key. It is read whole.
CREATE TABLE shared_entries (
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    -- A JSON object.
    value TEXT NOT NULL,
    PRIMARY KEY (environment, kind, key)
);

-- What operators did, through which replica. Times are milliseconds since 1970, UTC.
CREATE TABLE shared_audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment TEXT NOT NULL,
    replica TEXT NOT NULL,
    time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    what TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE INDEX shared_audit_by_environment ON shared_audit (environment, id);
