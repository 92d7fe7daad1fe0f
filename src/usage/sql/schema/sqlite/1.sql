-- The last batch of each run of each replica: a batch that comes again is ignored.
CREATE TABLE runs (
    replica TEXT NOT NULL,
    run TEXT NOT NULL,
    last_batch INTEGER NOT NULL,
    PRIMARY KEY (replica, run)
);

-- When each run counted: hours without rows are known to be empty only where a run covers them.
CREATE TABLE coverage (
    environment TEXT NOT NULL,
    replica TEXT NOT NULL,
    run TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (environment, replica, run)
);

CREATE TABLE routes (
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    method TEXT NOT NULL,
    template TEXT NOT NULL,
    UNIQUE (environment, api, version, method, template)
);

CREATE TABLE consumers (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('named', 'anonymous', 'other')),
    name TEXT NOT NULL,
    UNIQUE (kind, name)
);

-- Times are seconds since 1970, UTC.
CREATE TABLE usage (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    start INTEGER NOT NULL,
    route INTEGER NOT NULL REFERENCES routes (id),
    consumer INTEGER NOT NULL REFERENCES consumers (id),
    -- Whether a gateway saw the requests, or they were read from an access log.
    source TEXT NOT NULL CHECK (source IN ('seen', 'imported')),
    status_1xx INTEGER NOT NULL,
    status_2xx INTEGER NOT NULL,
    status_3xx INTEGER NOT NULL,
    status_4xx INTEGER NOT NULL,
    status_5xx INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    brownout INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    spared INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    last_request TEXT,
    agents TEXT NOT NULL,
    consumers INTEGER,
    sketch BLOB,
    PRIMARY KEY (span, start, route, consumer, source)
) WITHOUT ROWID;

CREATE INDEX usage_by_consumer ON usage (consumer);

CREATE VIEW usage_report AS
SELECT span, datetime(start, 'unixepoch') AS start, environment, api, version, method, template, kind, name AS consumer, source,
    status_1xx + status_2xx + status_3xx + status_4xx + status_5xx AS requests,
    status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, gone, brownout, closed, spared, bytes,
    datetime(first_seen, 'unixepoch') AS first_seen, datetime(last_seen, 'unixepoch') AS last_seen, last_request, agents,
    usage.consumers
FROM usage JOIN routes ON routes.id = usage.route JOIN consumers ON consumers.id = usage.consumer;
