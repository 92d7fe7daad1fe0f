-- It reads the whole table once.
SET LOCAL statement_timeout TO 0;

-- Whether the run ended in order: then nothing was served by it until another one began.
ALTER TABLE coverage ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;

-- The requests of all consumers to each version. The triggers keep it true, also while an older program writes. They run once for a
-- statement: one row that is changed for each row of a batch would become slow within the transaction.
CREATE TABLE usage_totals (
    span TEXT NOT NULL,
    start BIGINT NOT NULL,
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    requests BIGINT NOT NULL,
    -- With a status of 4xx or 5xx.
    errors BIGINT NOT NULL,
    -- Since the version is gone, closed or in a brownout.
    refused BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (span, start, environment, api, version, source)
);

INSERT INTO usage_totals
SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx),
    SUM(status_4xx + status_5xx), SUM(gone + brownout + closed), SUM(bytes), MIN(first_seen), MAX(last_seen)
FROM usage JOIN routes ON routes.id = usage.route
GROUP BY span, start, environment, api, version, source;

CREATE FUNCTION usage_totals_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sunward.usage_totals
    SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx),
        SUM(status_4xx + status_5xx), SUM(gone + brownout + closed), SUM(bytes), MIN(first_seen), MAX(last_seen)
    FROM added JOIN sunward.routes ON routes.id = added.route
    GROUP BY span, start, environment, api, version, source
    ON CONFLICT (span, start, environment, api, version, source) DO UPDATE SET
        requests = usage_totals.requests + excluded.requests,
        errors = usage_totals.errors + excluded.errors,
        refused = usage_totals.refused + excluded.refused,
        bytes = usage_totals.bytes + excluded.bytes,
        first_seen = LEAST(usage_totals.first_seen, excluded.first_seen),
        last_seen = GREATEST(usage_totals.last_seen, excluded.last_seen);
    RETURN NULL;
END $$;

CREATE FUNCTION usage_totals_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sunward.usage_totals
    SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx),
        SUM(status_4xx + status_5xx), SUM(gone + brownout + closed), SUM(bytes), MIN(first_seen), MAX(last_seen)
    FROM added JOIN sunward.routes ON routes.id = added.route
    GROUP BY span, start, environment, api, version, source
    ON CONFLICT (span, start, environment, api, version, source) DO UPDATE SET
        requests = usage_totals.requests + excluded.requests,
        errors = usage_totals.errors + excluded.errors,
        refused = usage_totals.refused + excluded.refused,
        bytes = usage_totals.bytes + excluded.bytes,
        first_seen = LEAST(usage_totals.first_seen, excluded.first_seen),
        last_seen = GREATEST(usage_totals.last_seen, excluded.last_seen);
    UPDATE sunward.usage_totals AS total SET
        requests = total.requests - less.requests, errors = total.errors - less.errors,
        refused = total.refused - less.refused, bytes = total.bytes - less.bytes
    FROM (
        SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx) AS requests,
            SUM(status_4xx + status_5xx) AS errors, SUM(gone + brownout + closed) AS refused, SUM(bytes) AS bytes
        FROM removed JOIN sunward.routes ON routes.id = removed.route
        GROUP BY span, start, environment, api, version, source
    ) AS less
    WHERE total.span = less.span AND total.start = less.start AND total.environment = less.environment
        AND total.api = less.api AND total.version = less.version AND total.source = less.source;
    RETURN NULL;
END $$;

CREATE FUNCTION usage_totals_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sunward.usage_totals AS total SET
        requests = total.requests - less.requests, errors = total.errors - less.errors,
        refused = total.refused - less.refused, bytes = total.bytes - less.bytes
    FROM (
        SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx) AS requests,
            SUM(status_4xx + status_5xx) AS errors, SUM(gone + brownout + closed) AS refused, SUM(bytes) AS bytes
        FROM removed JOIN sunward.routes ON routes.id = removed.route
        GROUP BY span, start, environment, api, version, source
    ) AS less
    WHERE total.span = less.span AND total.start = less.start AND total.environment = less.environment
        AND total.api = less.api AND total.version = less.version AND total.source = less.source;
    DELETE FROM sunward.usage_totals WHERE requests <= 0;
    RETURN NULL;
END $$;

CREATE TRIGGER usage_totals_insert AFTER INSERT ON usage
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION usage_totals_insert();
CREATE TRIGGER usage_totals_update AFTER UPDATE ON usage
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION usage_totals_update();
CREATE TRIGGER usage_totals_delete AFTER DELETE ON usage
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION usage_totals_delete();
