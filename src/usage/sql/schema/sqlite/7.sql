-- Whether the run ended in order: then nothing was served by it until another one began.
ALTER TABLE coverage ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;

-- The requests of all consumers to each version. The triggers keep it true, also while an older program writes.
CREATE TABLE usage_totals (
    span TEXT NOT NULL,
    start INTEGER NOT NULL,
    environment TEXT NOT NULL,
    api TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    requests INTEGER NOT NULL,
    -- With a status of 4xx or 5xx.
    errors INTEGER NOT NULL,
    -- Since the version is gone, closed or in a brownout.
    refused INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (span, start, environment, api, version, source)
) WITHOUT ROWID;

INSERT INTO usage_totals
SELECT span, start, environment, api, version, source, SUM(status_1xx + status_2xx + status_3xx + status_4xx + status_5xx),
    SUM(status_4xx + status_5xx), SUM(gone + brownout + closed), SUM(bytes), MIN(first_seen), MAX(last_seen)
FROM usage JOIN routes ON routes.id = usage.route
GROUP BY span, start, environment, api, version, source;

CREATE TRIGGER usage_totals_insert AFTER INSERT ON usage BEGIN
    INSERT INTO usage_totals
    SELECT NEW.span, NEW.start, environment, api, version, NEW.source, NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx,
        NEW.status_4xx + NEW.status_5xx, NEW.gone + NEW.brownout + NEW.closed, NEW.bytes, NEW.first_seen, NEW.last_seen
    FROM routes WHERE id = NEW.route
    ON CONFLICT (span, start, environment, api, version, source) DO UPDATE SET
        requests = usage_totals.requests + excluded.requests,
        errors = usage_totals.errors + excluded.errors,
        refused = usage_totals.refused + excluded.refused,
        bytes = usage_totals.bytes + excluded.bytes,
        first_seen = MIN(usage_totals.first_seen, excluded.first_seen),
        last_seen = MAX(usage_totals.last_seen, excluded.last_seen);
END;

CREATE TRIGGER usage_totals_update AFTER UPDATE ON usage BEGIN
    UPDATE usage_totals SET
        requests = requests + NEW.status_1xx + NEW.status_2xx + NEW.status_3xx + NEW.status_4xx + NEW.status_5xx - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx,
        errors = errors + NEW.status_4xx + NEW.status_5xx - OLD.status_4xx - OLD.status_5xx,
        refused = refused + NEW.gone + NEW.brownout + NEW.closed - OLD.gone - OLD.brownout - OLD.closed,
        bytes = bytes + NEW.bytes - OLD.bytes,
        first_seen = MIN(first_seen, NEW.first_seen),
        last_seen = MAX(last_seen, NEW.last_seen)
    WHERE span = NEW.span AND start = NEW.start AND source = NEW.source
        AND (environment, api, version) = (SELECT environment, api, version FROM routes WHERE id = NEW.route);
END;

CREATE TRIGGER usage_totals_delete AFTER DELETE ON usage BEGIN
    UPDATE usage_totals SET
        requests = requests - OLD.status_1xx - OLD.status_2xx - OLD.status_3xx - OLD.status_4xx - OLD.status_5xx,
        errors = errors - OLD.status_4xx - OLD.status_5xx,
        refused = refused - OLD.gone - OLD.brownout - OLD.closed,
        bytes = bytes - OLD.bytes
    WHERE span = OLD.span AND start = OLD.start AND source = OLD.source
        AND (environment, api, version) = (SELECT environment, api, version FROM routes WHERE id = OLD.route);
    DELETE FROM usage_totals WHERE span = OLD.span AND start = OLD.start AND requests <= 0;
END;
