-- It reads the whole table once.
SET LOCAL statement_timeout TO 0;

-- How each consumer used each version since the ledger began. The triggers keep it true, also while an older program writes.
CREATE TABLE usage_lives (
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    consumer BIGINT NOT NULL REFERENCES consumers (id) ON DELETE CASCADE,
    -- Of the rows of usage.
    requests BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    -- The longest time without a request, in seconds.
    longest_pause BIGINT NOT NULL,
    last_request TEXT,
    PRIMARY KEY (environment, api, version, consumer)
);

CREATE INDEX usage_lives_by_consumer ON usage_lives (consumer);

INSERT INTO usage_lives
SELECT environment, api, version, consumer,
    SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx), MIN(first_seen), MAX(last_seen), COALESCE(MAX(CASE WHEN pause > 0 THEN pause END), 0),
    SUBSTR(MAX(CAST(last_seen AS TEXT) || ' ' || last_request), 12)
FROM (
    SELECT usage.*, environment, api, version, first_seen - MAX(last_seen) OVER (
        PARTITION BY environment, api, version, consumer ORDER BY first_seen, last_seen
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS pause
    FROM usage JOIN routes ON routes.id = usage.route
) AS seen
GROUP BY environment, api, version, consumer;

CREATE FUNCTION usage_lives_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sunward.usage_lives
    SELECT environment, api, version, NEW.consumer,
        NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx,
        NEW.first_seen, NEW.last_seen, 0, NEW.last_request
    FROM sunward.routes WHERE id = NEW.route
    ON CONFLICT (environment, api, version, consumer) DO UPDATE SET
        requests = usage_lives.requests + excluded.requests,
        longest_pause = GREATEST(usage_lives.longest_pause, excluded.first_seen - usage_lives.last_seen,
            usage_lives.first_seen - excluded.last_seen),
        last_request = CASE
            WHEN excluded.last_seen >= usage_lives.last_seen THEN COALESCE(excluded.last_request, usage_lives.last_request)
            ELSE COALESCE(usage_lives.last_request, excluded.last_request) END,
        first_seen = LEAST(usage_lives.first_seen, excluded.first_seen),
        last_seen = GREATEST(usage_lives.last_seen, excluded.last_seen);
    RETURN NULL;
END $$;

CREATE FUNCTION usage_lives_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sunward.usage_lives AS life SET
        requests = life.requests + NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx
            - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx,
        last_request = CASE
            WHEN NEW.last_seen >= life.last_seen THEN COALESCE(NEW.last_request, life.last_request)
            ELSE COALESCE(life.last_request, NEW.last_request) END,
        first_seen = LEAST(life.first_seen, NEW.first_seen),
        last_seen = GREATEST(life.last_seen, NEW.last_seen)
    FROM sunward.routes WHERE routes.id = NEW.route AND life.consumer = NEW.consumer
        AND life.environment = routes.environment AND life.api = routes.api AND life.version = routes.version;
    RETURN NULL;
END $$;

CREATE FUNCTION usage_lives_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sunward.usage_lives AS life SET
        requests = life.requests - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx
    FROM sunward.routes WHERE routes.id = OLD.route AND life.consumer = OLD.consumer
        AND life.environment = routes.environment AND life.api = routes.api AND life.version = routes.version;
    DELETE FROM sunward.usage_lives WHERE consumer = OLD.consumer AND requests <= 0;
    RETURN NULL;
END $$;

CREATE TRIGGER usage_lives_insert AFTER INSERT ON usage FOR EACH ROW EXECUTE FUNCTION usage_lives_insert();
CREATE TRIGGER usage_lives_update AFTER UPDATE ON usage FOR EACH ROW EXECUTE FUNCTION usage_lives_update();
CREATE TRIGGER usage_lives_delete AFTER DELETE ON usage FOR EACH ROW EXECUTE FUNCTION usage_lives_delete();
