CREATE TABLE changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version TEXT NOT NULL,
    summary TEXT NOT NULL,
    UNIQUE (version, summary)
);

-- The requests of a row of usage in which a change altered something. An older program deletes routes and consumers without them.
CREATE TABLE usage_changes (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    start BIGINT NOT NULL,
    route BIGINT NOT NULL REFERENCES routes (id) ON DELETE CASCADE,
    consumer BIGINT NOT NULL REFERENCES consumers (id) ON DELETE CASCADE,
    source TEXT NOT NULL CHECK (source IN ('seen', 'imported')),
    change BIGINT NOT NULL REFERENCES changes (id),
    requests BIGINT NOT NULL,
    PRIMARY KEY (span, start, route, consumer, source, change)
);

CREATE VIEW changes_report AS
SELECT span, to_timestamp(start) AS start, environment, api, routes.version, method, template, kind,
    name AS consumer, source, changes.version AS change_version, summary, requests
FROM usage_changes JOIN routes ON routes.id = route JOIN consumers ON consumers.id = consumer
    JOIN changes ON changes.id = change;
