-- The last batch of each run of each replica: a batch that comes again is ignored.
CREATE TABLE runs (
    replica TEXT NOT NULL,
    run TEXT NOT NULL,
    last_batch BIGINT NOT NULL,
    PRIMARY KEY (replica, run)
);

-- When each run counted: hours without rows are known to be empty only where a run covers them.
CREATE TABLE coverage (
    environment TEXT NOT NULL,
    replica TEXT NOT NULL,
    run TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (environment, replica, run)
);

CREATE TABLE routes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    method TEXT NOT NULL,
    template TEXT NOT NULL,
    UNIQUE (environment, api, version, method, template)
);

CREATE TABLE consumers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('named', 'anonymous', 'other')),
    name TEXT NOT NULL,
    UNIQUE (kind, name)
);

-- Times are seconds since 1970, UTC.
CREATE TABLE usage (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    start BIGINT NOT NULL,
    route BIGINT NOT NULL REFERENCES routes (id),
    consumer BIGINT NOT NULL REFERENCES consumers (id),
    -- Whether a gateway saw the requests, or they were read from an access log.
    source TEXT NOT NULL CHECK (source IN ('seen', 'imported')),
    status_1xx BIGINT NOT NULL,
    status_2xx BIGINT NOT NULL,
    status_3xx BIGINT NOT NULL,
    status_4xx BIGINT NOT NULL,
    status_5xx BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    brownout BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    spared BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    last_request TEXT,
    agents TEXT NOT NULL,
    consumers BIGINT,
    sketch BYTEA,
    PRIMARY KEY (span, start, route, consumer, source)
);

CREATE INDEX usage_by_consumer ON usage (consumer);

CREATE VIEW usage_report AS
SELECT span, to_timestamp(start) AS start, environment, api, version, method, template, kind, name AS consumer, source,
    status_1xx + status_2xx + status_3xx + status_4xx + status_5xx AS requests,
    status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, gone, brownout, closed, spared, bytes,
    to_timestamp(first_seen) AS first_seen, to_timestamp(last_seen) AS last_seen, last_request, agents,
    usage.consumers
FROM usage JOIN routes ON routes.id = usage.route JOIN consumers ON consumers.id = usage.consumer;
