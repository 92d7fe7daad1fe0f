//! The keys of the gateway itself.

use super::{Kind, Table, key};

/// A count that may be as large as the machine allows.
const COUNT: Kind = Kind::Integer { min: 1, max: i64::MAX };
/// Lets a wait last for ever.
const OFF_OR_DURATION: Kind = Kind::Either(&Kind::Word(&["off"]), &Kind::Duration);

#[rustfmt::skip]
pub(super) static GATEWAY: Table = Table {
    name: "gateway",
    title: "[gateway]",
    doc: "How the gateway itself runs. Every key has a default, so the table may be left out.",
    keys: &[
        key("listen", Kind::OneOrMore(&Kind::Listen),
            "Where clients are served in the clear, HTTP/1.1 and HTTP/2 with prior knowledge: `ip:port`, `unix:/path`, or `systemd` for the sockets that a service manager passed on.")
            .or("\"127.0.0.1:8080\""),
        key("tls", Kind::Table(&TLS), "Where clients are served over TLS, and with what."),
        key("admin", Kind::Listen, "Where the admin listener is. Anywhere but on loopback or a Unix socket it needs a token. No listener may overlap another: `0.0.0.0:80` covers `127.0.0.1:80`.")
            .or("\"127.0.0.1:9090\""),
        key("admin_token", Kind::Name, "What operators say in `Authorization: Bearer …`: for everything but `/healthz`, `/readyz` and `/metrics`. Best `\"${SUNWARD_ADMIN_TOKEN}\"`."),
        key("workers", Kind::Integer { min: 1, max: 1024 }, "Threads that serve; one for each core, unless said."),
        key("reuse_port", Kind::Flag, "Lets another process listen on the same addresses (`SO_REUSEPORT`): start the new one, then stop the old one.").or("false"),
        key("timeouts", Kind::Table(&TIMEOUTS), "How long things may take."),
        key("limits", Kind::Table(&LIMITS), "How large and how many things may be."),
        key("proxy", Kind::Table(&PROXY), "What upstreams and clients are told of each other and of this hop."),
        key("log", Kind::Word(&["text", "json"]), "The form of log lines, on standard error.").or("\"text\""),
        key("access_log", Kind::Table(&ACCESS_LOG), "One line for each request; none, unless said."),
        key("state", Kind::Name, "The folder in which revisions of the file, the last use of each version, the audit log and the acts of operators that stand (pauses, holds, extensions, drains) are kept: they outlive the process. Nothing is kept, unless said."),
        key("revisions", Kind::Integer { min: 1, max: 1000 }, "So many revisions of the file are kept.").or("10"),
        key("protect", OFF_OR_DURATION, "A file that drops a version which was asked for in so long a time is refused, unless forced. Without `state` that is known from the start of the process on.")
            .or("\"7d\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static TLS: Table = Table {
    name: "gateway.tls",
    title: "[gateway.tls]",
    doc: "TLS towards clients: 1.2 and 1.3, HTTP/2 or HTTP/1.1 by ALPN. The files are read again when they change.",
    keys: &[
        key("listen", Kind::OneOrMore(&Kind::Listen), "Where: as the gateway's own `listen`.").required(),
        key("certificate", Kind::Name, "The file of the certificate chain, PEM.").required(),
        key("key", Kind::Name, "The file of the private key, PEM.").required(),
        key("client_ca", Kind::Name, "The file of the authorities that sign clients' certificates, PEM. With it, clients are asked for one."),
        key("client_auth", Kind::Word(&["required", "optional"]), "Whether a client may come without a certificate.").or("\"required\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static TIMEOUTS: Table = Table {
    name: "gateway.timeouts",
    title: "[gateway.timeouts]",
    doc: "How long things may take. A stream of events (`text/event-stream`) is not held to `upstream_body`, nor to a route's `timeout`; a gRPC response is not held to `upstream_body`.",
    keys: &[
        key("client_head", Kind::Duration, "The time in which a request's head must arrive, from its first byte on; for the first request, from the start of the connection. Also the limit of a TLS handshake. As `timeout http-request` in HAProxy's sample configuration.").or("\"10s\""),
        key("client_idle", Kind::Duration, "How long a connection may be idle between requests. As `keepalive_timeout` of nginx.").or("\"75s\""),
        key("client_body", Kind::Duration, "The longest wait for the next part of a request's body. It is not counted while the instance is the slow one, nor once the response's head has been sent, as in a gRPC stream. As `client_body_timeout` of nginx.").or("\"60s\""),
        key("client_send", Kind::Duration, "How long a client may take nothing of what is sent to it. Over HTTP/2 each stream is measured: it is reset, and the connection goes on. As `send_timeout` of nginx.").or("\"60s\""),
        key("client_ping", OFF_OR_DURATION, "How long an HTTP/2 client may send nothing before it gets a PING, which tells a quiet client from one that is gone.").or("\"30s\""),
        key("client_ping_timeout", Kind::Duration, "How long its answer to the PING may take. After that the connection is closed.").or("\"20s\""),
        key("connect", Kind::Duration, "Connecting to an instance, with its TLS handshake. As `connect_timeout` of Envoy.").or("\"5s\""),
        key("response", Kind::Duration, "The longest wait for the head of an upstream's response, for each attempt. Envoy gives a whole response 15 s; nginx (`proxy_read_timeout`) waits 60 s.").or("\"30s\""),
        key("upstream_body", OFF_OR_DURATION, "The longest wait for the next part of a response's body. As `proxy_read_timeout` of nginx.").or("\"60s\""),
        key("upstream_idle", Kind::Duration, "How long an idle connection to an instance is kept. As `keepalive_timeout` of nginx's upstreams.").or("\"60s\""),
        key("tunnel", Kind::Duration, "How long a WebSocket may be idle. As `timeout tunnel` in HAProxy's examples.").or("\"1h\""),
        key("shutdown_delay", OFF_OR_DURATION, "After a stop is asked for, how long everything is still served while `/readyz` says no: the time that load balancers take to see it.").or("\"off\""),
        key("drain", Kind::Duration, "How long requests under way may then take to end. A WebSocket client is told at once to go (a Close frame with the code 1001), and one that does not is cut after five seconds.").or("\"30s\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static LIMITS: Table = Table {
    name: "gateway.limits",
    title: "[gateway.limits]",
    doc: "How large and how many things may be.",
    keys: &[
        key("connections", COUNT, "Open connections of clients; beyond it, new ones wait to be taken. At the start, the process's limit of open files is raised to what this and `requests` need, as far as the system allows.").or("10000"),
        key("requests", COUNT, "Requests under way; beyond it, a 503 with `Retry-After`.").or("5000"),
        key("memory_bytes", COUNT, "Beyond so much memory of the process, new requests get a 503 with `Retry-After`; nine tenths of what its control group allows, unless said."),
        key("streams", Kind::Integer { min: 1, max: 100_000 }, "Requests at once on one HTTP/2 connection.").or("100"),
        key("header_bytes", Kind::Integer { min: 1024, max: 1_048_576 }, "The fields of a request's head; beyond it, a 431.").or("32768"),
        key("headers", Kind::Integer { min: 1, max: 1000 }, "Fields in a request's head; beyond it, a 431.").or("100"),
        key("url_bytes", Kind::Integer { min: 64, max: 65_000 }, "The request target; beyond it, a 414.").or("8192"),
        key("body_bytes", COUNT, "A request's body; beyond it, a 413.").or("104857600"),
        key("held_bytes", COUNT, "So much is held of a body that has to be migrated. If more must be, a request gets a 413, and a response becomes a 502 or breaks off.").or("4194304"),
        key("decoded_ratio", Kind::Integer { min: 1, max: 1_000_000 }, "How many times its size a body that has to be migrated may become when its content codings are taken off, beyond 1 MiB: more is what decompression bombs do. Beyond it, as for `held_bytes`.").or("100"),
        key("body_rate", Kind::Integer { min: 0, max: i64::MAX }, "The bytes per second that a request's body must bring; 0 for none. Only the time spent waiting for the client counts. A client may fall behind by `client_body`, and by ten seconds at least.").or("100"),
        key("response_rate", Kind::Integer { min: 0, max: i64::MAX }, "The bytes per second that a client must take of a response; 0 for none. Only the time in which the client could take more, and does not, counts. A client may fall behind by `client_send`, and by ten seconds at least.").or("100"),
    ],
    common: &[],
};

#[rustfmt::skip]
static PROXY: Table = Table {
    name: "gateway.proxy",
    title: "[gateway.proxy]",
    doc: "What upstreams and clients are told of each other and of this hop.",
    keys: &[
        key("trusted", Kind::List(&Kind::Network), "The proxies in front of this gateway. Their `Forwarded`, `X-Forwarded-*`, `X-Real-IP` and other client addresses (`X-Client-IP`, `X-Cluster-Client-IP`, `True-Client-IP`) are kept and added to, and so are their request ids. From every other client, these fields are removed. A client of a Unix socket is trusted.").or("[]"),
        key("forwarded", Kind::Word(&["x-forwarded", "rfc7239", "both", "off"]), "How upstreams are told of the client: `X-Forwarded-For`, `-Proto`, `-Host` and, where a prefix of the path was taken off, `-Prefix`; or `Forwarded` (RFC 7239).").or("\"x-forwarded\""),
        key("underscores", Kind::Word(&["drop", "refuse", "pass"]), "What happens to request fields with an underscore in their name. Many services read `X_Forwarded_For` as `X-Forwarded-For`. `drop` removes and counts them, as nginx does; `refuse` answers 400; `pass` sends them on. No client, trusted or not, is exempt.").or("\"drop\""),
        key("request_id", Kind::Text, "The field of a request's id, given to the upstream, the client and the log; empty for none. A field that carries a secret is refused.").or("\"X-Request-Id\""),
        key("name", Kind::Name, "What this hop is called in `Via` and `Proxy-Status`.").or("\"sunward\""),
        key("proxy_status", Kind::Flag, "Says in `Proxy-Status` why an answer is the gateway's own, with the error types of RFC 9209.").or("false"),
        key("server_timing", Kind::Flag, "Says in `Server-Timing` how long the upstream and the whole took.").or("false"),
    ],
    common: &[],
};

#[rustfmt::skip]
static ACCESS_LOG: Table = Table {
    name: "gateway.access_log",
    title: "[gateway.access_log]",
    doc: "One line for each request, when its response has ended. Queries are not logged, since they may carry secrets. `client` is the address that trusted proxies name, `peer` the other end of the connection; `outcome` is that of `sunward_requests_total`; `error` says why the gateway itself answered 502, 503 or 504. A text line has: time, client, request, status, bytes, seconds, api, version, consumer, request id, outcome, user agent. Lines are written in batches while the gateway is busy and at once when it is idle; a stop waits until all of them are written.",
    keys: &[
        key("to", Kind::Name, "`stdout`, or a file. What cannot be written is counted and dropped: no request waits for it.").or("\"stdout\""),
        key("format", Kind::Word(&["json", "text"]), "The form.").or("\"json\""),
    ],
    common: &[],
};
