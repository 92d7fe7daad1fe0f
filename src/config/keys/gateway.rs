//! The keys of the gateway itself.

use super::notices::NOTICES;
use super::{Table, ValueKind, key};

/// A count that may be as large as the machine allows.
const COUNT: ValueKind = ValueKind::Integer { min: 1, max: i64::MAX };
/// Lets a wait last for ever.
const OFF_OR_DURATION: ValueKind = ValueKind::Either(&ValueKind::Word(&["off"]), &ValueKind::Duration);

#[rustfmt::skip]
pub(super) static GATEWAY: Table = Table {
    name: "gateway",
    title: "[gateway]",
    doc: "Settings of the gateway itself. Every key has a default, so the table may be omitted.",
    keys: &[
        key("listen", ValueKind::OneOrMore(&ValueKind::Listen),
            "Addresses for clients without TLS, over HTTP/1.1 and HTTP/2 with prior knowledge: `ip:port`, `unix:/path`, or \
             `systemd` for sockets passed by a service manager.")
            .or("\"127.0.0.1:8080\""),
        key("tls", ValueKind::Table(&TLS), "Addresses for clients with TLS, and the certificate."),
        key("admin", ValueKind::Listen,
            "Address of the admin listener. It needs `admin_token` unless it is a loopback address or a Unix socket. \
             Listeners must not overlap: `0.0.0.0:80` covers `127.0.0.1:80`.")
            .or("\"127.0.0.1:9090\""),
        key("admin_token", ValueKind::Name,
            "The bearer token that admin requests must send in `Authorization`. `/healthz`, `/readyz` and `/metrics` need \
             none. Best taken from the environment: `\"${SUNWARD_ADMIN_TOKEN}\"`."),
        key("consumer_secret", ValueKind::Name,
            "The secret under which the API keys of consumers are hashed, at least 16 bytes. It must be a variable of the \
             environment: `\"${SUNWARD_CONSUMER_SECRET}\"`. With another secret, every key is another consumer."),
        key("consumer_secret_file", ValueKind::Name,
            "A file with that secret, in place of `consumer_secret`. A line break at its end is not part of the secret."),
        key("workers", ValueKind::Integer { min: 1, max: 1024 }, "Number of worker threads. Default: one per CPU core."),
        key("reuse_port", ValueKind::Flag,
            "Lets another process listen on the same addresses (`SO_REUSEPORT`), so that a new process can start before \
             the old one stops.").or("false"),
        key("timeouts", ValueKind::Table(&TIMEOUTS), "Timeouts."),
        key("limits", ValueKind::Table(&LIMITS), "Limits of size and number."),
        key("proxy", ValueKind::Table(&PROXY), "Forwarding headers, request ids, and what the gateway reports about itself."),
        key("log", ValueKind::Word(&["text", "json"]), "Format of the log on standard error.").or("\"text\""),
        key("access_log", ValueKind::Table(&ACCESS_LOG), "The access log, one line per request. Default: no access log."),
        key("state", ValueKind::Name,
            "Directory for data that must survive a restart: revisions of the config, the last use of each version, the \
             audit log, and the acts of operators in effect (pauses, holds, extensions, drains). Default: none of these are \
             kept."),
        key("ledger", ValueKind::Table(&LEDGER), "The ledger in `state`: who used which version, by hour."),
        key("notices", ValueKind::Table(&NOTICES), "How notices are sent."),
        key("revisions", ValueKind::Integer { min: 1, max: 1000 }, "Number of revisions of the config to keep.").or("10"),
        key("protect", OFF_OR_DURATION,
            "A config that drops a version used within this time is rejected, unless the reload is forced. Without \
             `state`, only use since the start of the process is known.")
            .or("\"7d\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static TLS: Table = Table {
    name: "gateway.tls",
    title: "[gateway.tls]",
    doc: "TLS for clients: TLS 1.2 and 1.3, HTTP/2 or HTTP/1.1 by ALPN. The files are reloaded when they change.",
    keys: &[
        key("listen", ValueKind::OneOrMore(&ValueKind::Listen), "Addresses, written as in `listen` of `[gateway]`.").required(),
        key("certificate", ValueKind::Name, "Path of the certificate chain, PEM.").required(),
        key("key", ValueKind::Name, "Path of the private key, PEM.").required(),
        key("client_ca", ValueKind::Name,
            "Path of the CA certificates that sign client certificates, PEM. If set, clients are asked for a certificate."),
        key("client_auth", ValueKind::Word(&["required", "optional"]), "Whether a client must present a certificate.").or("\"required\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static TIMEOUTS: Table = Table {
    name: "gateway.timeouts",
    title: "[gateway.timeouts]",
    doc: "Timeouts. `upstream_body` and the `timeout` of a route do not apply to server-sent events (`text/event-stream`); \
          `upstream_body` does not apply to gRPC responses either.",
    keys: &[
        key("client_headers", ValueKind::Duration,
            "Maximum time for the request headers to arrive, from their first byte; for the first request, from the start of the \
             connection. Also the timeout of a TLS handshake. Like `timeout http-request` in HAProxy's sample \
             configuration.").or("\"10s\""),
        key("client_idle", ValueKind::Duration,
            "How long a client connection may be idle between requests. Like nginx's `keepalive_timeout`.").or("\"75s\""),
        key("client_body", ValueKind::Duration,
            "Maximum wait for the next part of a request body. Time in which the instance does not read the body is not \
             counted. The timeout ends once the response headers have been sent, as in a gRPC stream. Like nginx's \
             `client_body_timeout`.").or("\"60s\""),
        key("client_send", ValueKind::Duration,
            "How long a client may read nothing of a response. Over HTTP/2 the timeout applies to each stream: the stream \
             is reset, and the connection stays open. Like nginx's `send_timeout`.").or("\"60s\""),
        key("client_ping", OFF_OR_DURATION,
            "An HTTP/2 client that sends nothing for this long gets a PING, to find out whether it is still connected.").or("\"30s\""),
        key("client_ping_timeout", ValueKind::Duration,
            "Maximum wait for the acknowledgement of a PING. After it, the connection is closed.").or("\"20s\""),
        key("connect", ValueKind::Duration,
            "Maximum time to connect to an instance, including the TLS handshake. Like Envoy's `connect_timeout`.").or("\"5s\""),
        key("response", ValueKind::Duration,
            "Maximum wait for the response headers of an upstream, for each attempt. Envoy allows 15 s for a whole response; \
             nginx (`proxy_read_timeout`) waits 60 s.").or("\"30s\""),
        key("upstream_body", OFF_OR_DURATION,
            "Maximum wait for the next part of a response body. Like nginx's `proxy_read_timeout`.").or("\"60s\""),
        key("upstream_idle", ValueKind::Duration,
            "How long an idle connection to an instance is kept open. Like nginx's `keepalive_timeout` of an upstream.").or("\"60s\""),
        key("tunnel", ValueKind::Duration, "How long a WebSocket may be idle. Like `timeout tunnel` in HAProxy's examples.").or("\"1h\""),
        key("shutdown_delay", OFF_OR_DURATION,
            "At shutdown, how long the gateway still serves all requests while `/readyz` fails, so that load balancers can \
             notice.").or("\"off\""),
        key("drain", ValueKind::Duration,
            "At shutdown, after `shutdown_delay`: how long in-flight requests may take to finish. WebSocket clients get a \
             Close frame (code 1001) at once; one that does not close within five seconds is disconnected.").or("\"30s\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static LIMITS: Table = Table {
    name: "gateway.limits",
    title: "[gateway.limits]",
    doc: "Limits of size and number.",
    keys: &[
        key("connections", COUNT,
            "Maximum number of client connections. Further connections wait to be accepted. At startup, the process's \
             limit of open files is raised to what this and `requests` need, as far as the system allows.").or("10000"),
        key("requests", COUNT, "Maximum number of in-flight requests. Further requests get a 503 with `Retry-After`.").or("5000"),
        key("memory_bytes", COUNT,
            "If the process uses more memory than this, new requests get a 503 with `Retry-After`. Default: 90 % of the \
             control group's limit, if there is one."),
        key("streams", ValueKind::Integer { min: 1, max: 100_000 }, "Maximum number of concurrent requests on one HTTP/2 connection.").or("100"),
        key("header_bytes", ValueKind::Integer { min: 1024, max: 1_048_576 },
            "Maximum total size of a request's headers. Larger: 431.").or("32768"),
        key("headers", ValueKind::Integer { min: 1, max: 1000 }, "Maximum number of headers in a request. More: 431.").or("100"),
        key("url_bytes", ValueKind::Integer { min: 64, max: 65_000 }, "Maximum size of a request target. Longer: 414.").or("8192"),
        key("body_bytes", COUNT, "Maximum size of a request body. Larger: 413.").or("104857600"),
        key("held_bytes", COUNT,
            "Maximum size of what is held in memory of a body that is migrated. If more is needed, a request gets a 413, \
             and a response becomes a 502 or ends early.").or("4194304"),
        key("decoded_ratio", ValueKind::Integer { min: 1, max: 1_000_000 },
            "Maximum ratio of decompressed to compressed size of a body that is migrated, checked beyond 1 MiB. It stops \
             decompression bombs. Beyond it: as for `held_bytes`.").or("100"),
        key("body_rate", ValueKind::Integer { min: 0, max: i64::MAX },
            "Minimum rate of a request body, in bytes per second; 0 for none. Only time spent waiting for the client \
             counts. A client may be behind by `client_body`, and by at least ten seconds.").or("100"),
        key("response_rate", ValueKind::Integer { min: 0, max: i64::MAX },
            "Minimum rate at which a client must read a response, in bytes per second; 0 for none. Only time in which the \
             client could read more counts. A client may be behind by `client_send`, and by at least ten seconds.").or("100"),
    ],
    common: &[],
};

#[rustfmt::skip]
static PROXY: Table = Table {
    name: "gateway.proxy",
    title: "[gateway.proxy]",
    doc: "Forwarding headers, request ids, and what the gateway reports about itself.",
    keys: &[
        key("trusted", ValueKind::List(&ValueKind::Network),
            "Networks of trusted proxies in front of the gateway. Their `Forwarded`, `X-Forwarded-*`, `X-Real-IP`, \
             `X-Client-IP`, `X-Cluster-Client-IP`, `True-Client-IP` and request ids are kept and extended. These headers \
             are removed from the requests of all other clients. Clients of a Unix socket are trusted.").or("[]"),
        key("forwarded", ValueKind::Word(&["x-forwarded", "rfc7239", "both", "off"]),
            "The headers that describe the client to upstreams: `X-Forwarded-For`, `-Proto`, `-Host` and, if a path prefix \
             was stripped, `-Prefix`; or `Forwarded` (RFC 7239).").or("\"x-forwarded\""),
        key("underscores", ValueKind::Word(&["drop", "refuse", "pass"]),
            "What to do with request headers that have an underscore in their name, since many services read \
             `X_Forwarded_For` as `X-Forwarded-For`. `drop` removes and counts them, like nginx; `refuse` answers 400; \
             `pass` forwards them. This also applies to trusted proxies.").or("\"drop\""),
        key("request_id", ValueKind::Text,
            "The header with the request id. It is sent to the upstream and the client, and logged. Empty: no request ids. \
             A header that carries a secret is rejected.").or("\"X-Request-Id\""),
        key("name", ValueKind::Name, "Name of the gateway in `Via` and `Proxy-Status`.").or("\"sunward\""),
        key("proxy_status", ValueKind::Flag,
            "Adds `Proxy-Status` to responses that the gateway generates itself, with the error types of RFC 9209.").or("false"),
        key("server_timing", ValueKind::Flag, "Adds `Server-Timing` with the time of the upstream and the total time.").or("false"),
    ],
    common: &[],
};

#[rustfmt::skip]
static LEDGER: Table = Table {
    name: "gateway.ledger",
    title: "[gateway.ledger]",
    doc: "The ledger: who used which version of which route, by hour, in `ledger.sqlite` of the `state` directory, or in PostgreSQL. It is \
          on wherever there is one of them. Read at the start only.",
    keys: &[
        key("flush", OFF_OR_DURATION,
            "How often it is written. `kill -9` loses at most what was counted since. `off`: nothing is counted.").or("\"5s\""),
        key("consumers", COUNT,
            "Maximum number of consumers of each API that are counted by name on one day; the others are counted together, as \
             `_other`.").or("10000"),
        key("hours_kept", ValueKind::Duration, "After this time, hours are merged into days.").or("\"14d\""),
        key("days_kept", ValueKind::Duration, "After this time, days are deleted.").or("\"400d\""),
        key("environment", ValueKind::Name,
            "Written to each row, so that ledgers of several environments can be put together.").or("\"default\""),
        key("url", ValueKind::Name,
            "The URL of PostgreSQL, for several gateways: `postgres://user@host:5432/database?sslmode=verify-full`. They share the ledger and the \
             acts of operators. A password is given by a variable, such as `${SUNWARD_LEDGER_URL}`, or a `.pgpass` file. Without it, the ledger is a file in `state`."),
        key("migrate_url", ValueKind::Name,
            "The URL by which tables are created and changed: of a user who may do that, or past a pooler of connections."),
        key("listen_url", ValueKind::Name,
            "The URL by which changes of the shared state are announced: past a pooler of connections, since those that share connections \
             between transactions do not pass them on. Without them, the shared state is read twice a second."),
        key("prepared_statements", ValueKind::Flag,
            "Whether statements are prepared by name. `false` behind a pooler that does not support it.").or("true"),
        key("replica", ValueKind::Name,
            "The name of this gateway among those that share the database. Default: the name of the host."),
    ],
    common: &[],
};

#[rustfmt::skip]
static ACCESS_LOG: Table = Table {
    name: "gateway.access_log",
    title: "[gateway.access_log]",
    doc: "The access log: one line per request, written when the response has ended. Queries are not logged, because they \
          may contain secrets. `client` is the client address (as reported by trusted proxies), `peer` the other end of the \
          connection; `outcome` is the label of `sunward_requests_total`; `error` is the reason for a 502, 503 or 504 of \
          the gateway itself. The text format has: time, client, request, status, bytes, seconds, api, version, consumer, \
          request id, outcome, user agent. Lines are written in batches under load and immediately otherwise; shutdown \
          waits until all are written.",
    keys: &[
        key("to", ValueKind::Name,
            "`stdout`, or the path of a file. Lines that cannot be written are dropped and counted; requests never wait \
             for the log.").or("\"stdout\""),
        key("format", ValueKind::Word(&["json", "text"]), "Format of the lines.").or("\"json\""),
    ],
    common: &[],
};
