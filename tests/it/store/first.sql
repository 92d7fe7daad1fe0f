-- What the program wrote when the schema had its first step only: a batch of one row, its coverage, and the end of old rows.
INSERT INTO runs (replica, run, last_batch) VALUES ('old', 'r', 1) ON CONFLICT (replica, run)
DO UPDATE SET last_batch = excluded.last_batch WHERE excluded.last_batch > runs.last_batch;

INSERT INTO routes (environment, api, version, method, template) VALUES ('test', 'shop', '1', 'GET', '/orders')
ON CONFLICT DO NOTHING;

INSERT INTO consumers (kind, name) VALUES ('named', 'old') ON CONFLICT DO NOTHING;

INSERT INTO usage (span, start, route, consumer, source, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx,
    gone, brownout, closed, spared, bytes, first_seen, last_seen, last_request, agents, consumers, sketch)
SELECT 'hour', 1767265200, routes.id, consumers.id, 'seen', 0, 2, 0, 0, 0, 0, 0, 0, 0, 20, 1767265200, 1767265201, NULL, '{}', NULL, NULL
FROM routes CROSS JOIN consumers WHERE template = '/orders' AND name = 'old'
ON CONFLICT (span, start, route, consumer, source) DO UPDATE SET status_2xx = excluded.status_2xx;

INSERT INTO coverage (environment, replica, run, since, until) VALUES ('test', 'old', 'r', 1767265200, 1767265205)
ON CONFLICT (environment, replica, run) DO UPDATE SET until = excluded.until WHERE excluded.until > coverage.until;

DELETE FROM usage WHERE start < 1767225600;
DELETE FROM consumers WHERE id NOT IN (SELECT consumer FROM usage);
DELETE FROM routes WHERE id NOT IN (SELECT route FROM usage);
