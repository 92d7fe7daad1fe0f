-- How each consumer used each version since the ledger began. The triggers keep it true, also while an older program writes.
CREATE TABLE usage_lives (
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    consumer INTEGER NOT NULL REFERENCES consumers (id) ON DELETE CASCADE,
    -- Of the rows of usage.
    requests INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    -- The longest time without a request, in seconds.
    longest_pause INTEGER NOT NULL,
    last_request TEXT,
    PRIMARY KEY (environment, api, version, consumer)
) WITHOUT ROWID;

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
)
GROUP BY environment, api, version, consumer;

CREATE TRIGGER usage_lives_insert AFTER INSERT ON usage BEGIN
    INSERT INTO usage_lives
    SELECT environment, api, version, NEW.consumer,
        NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx,
        NEW.first_seen, NEW.last_seen, 0, NEW.last_request
    FROM routes WHERE id = NEW.route
    ON CONFLICT (environment, api, version, consumer) DO UPDATE SET
        requests = usage_lives.requests + excluded.requests,
        longest_pause = MAX(usage_lives.longest_pause, excluded.first_seen - usage_lives.last_seen,
            usage_lives.first_seen - excluded.last_seen),
        last_request = CASE
            WHEN excluded.last_seen >= usage_lives.last_seen THEN COALESCE(excluded.last_request, usage_lives.last_request)
            ELSE COALESCE(usage_lives.last_request, excluded.last_request) END,
        first_seen = MIN(usage_lives.first_seen, excluded.first_seen),
        last_seen = MAX(usage_lives.last_seen, excluded.last_seen);
END;

CREATE TRIGGER usage_lives_update AFTER UPDATE ON usage BEGIN
    UPDATE usage_lives SET
        requests = requests + NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx
            - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx,
        last_request = CASE
            WHEN NEW.last_seen >= last_seen THEN COALESCE(NEW.last_request, last_request)
            ELSE COALESCE(last_request, NEW.last_request) END,
        first_seen = MIN(first_seen, NEW.first_seen),
        last_seen = MAX(last_seen, NEW.last_seen)
    WHERE consumer = NEW.consumer
        AND (environment, api, version) = (SELECT environment, api, version FROM routes WHERE id = NEW.route);
END;

CREATE TRIGGER usage_lives_delete AFTER DELETE ON usage BEGIN
    UPDATE usage_lives SET
        requests = requests - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx
    WHERE consumer = OLD.consumer
        AND (environment, api, version) = (SELECT environment, api, version FROM routes WHERE id = OLD.route);
    DELETE FROM usage_lives WHERE consumer = OLD.consumer AND requests <= 0;
END;
