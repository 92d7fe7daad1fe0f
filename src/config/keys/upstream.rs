//! The keys of the services behind.

use super::{Table, ValueKind, key};

/// A count that may be as large as the machine allows.
const COUNT: ValueKind = ValueKind::Integer { min: 1, max: 1_000_000 };

#[rustfmt::skip]
pub(super) static UPSTREAM: Table = Table {
    name: "upstream",
    title: "[[upstream]]",
    doc: "A service: a pool of instances, each of which speaks one version. Two instances are drawn by weight, and the one \
          with fewer in-flight requests gets the next request.",
    keys: &[
        key("name", ValueKind::Name, "Its name, for `upstream` of an api or route.").required(),
        key("instances", ValueKind::List(&ValueKind::Table(&INSTANCE)), "Its instances, at least one.").required(),
        key("forward_as", ValueKind::Text,
            "The path prefix under which the service expects the api. Default: `forward_as` of the api."),
        key("http2", ValueKind::Flag, "Whether to use HTTP/2: by ALPN over TLS, otherwise with prior knowledge.").or("false"),
        key("tls", ValueKind::Table(&UPSTREAM_TLS),
            "TLS settings for instances with `https://`. Default: the system's CA certificates."),
        key("websocket", ValueKind::Flag,
            "Whether WebSocket upgrades are forwarded, over HTTP/1.1. Cannot be combined with `http2`. Otherwise `Upgrade` \
             is removed.").or("false"),
        key("act_as", ValueKind::Word(&["gateway", "origin"]),
            "The role in which responses are migrated. A `gateway` must not alter a response with `Cache-Control: \
             no-transform` (RFC 9110 §7.7), so one that must be migrated becomes a 502; many frameworks send `no-transform` \
             with every event stream. As part of the `origin`, for services of your own, it is migrated.").or("\"gateway\""),
        key("public_urls", ValueKind::Flag,
            "Rewrites URLs in `Location`, `Content-Location`, `Link`, `Refresh` and declared links of bodies that point to the instance itself (the \
             address in its `url` or, if a host name has several addresses, its own address) to paths without the \
             instance's prefix, so that clients come back to the gateway. With `false` they are left unchanged.").or("true"),
        key("response_timeout", ValueKind::Duration,
            "Maximum wait for the response headers, for each attempt. Default: `timeouts.response`."),
        key("connections", COUNT,
            "Maximum number of concurrent requests to each instance, each on its own connection, or on a stream with \
             `http2`. An open WebSocket counts; health checks do not. Further requests wait in a queue. Default: no limit. \
             A reload that changes it replaces the instances: in-flight requests to the old ones are not counted."),
        key("queue", ValueKind::Integer { min: 0, max: 1_000_000 },
            "Maximum number of requests that wait for each instance, if `connections` is set. Requests leave the queue in \
             order of arrival, or when their client disconnects. Beyond the limit: a 503 with `Retry-After`.").or("1024"),
        key("queue_timeout", ValueKind::Duration, "Maximum time a request may wait in the queue. After it: a 503 with `Retry-After`.").or("\"5s\""),
        key("request_buffer_bytes", COUNT,
            "Request bodies are sent with `Content-Length`: a body of unknown length is buffered first, up to this size; a \
             larger one gets a 413. For services that read a chunked body as empty. Trailers are dropped, and the request \
             occupies its connection while it is buffered. If absent, only instances whose last response was HTTP/1.0, \
             which has no chunks, get lengths (up to 1 MiB). Cannot be combined with `http2`."),
        key("alt_svc", ValueKind::Flag,
            "Whether `Alt-Svc` of responses is forwarded. It names other servers for the gateway's origin, so clients \
             would bypass the gateway.").or("false"),
        key("response_header_bytes", ValueKind::Integer { min: 1024, max: 1_048_576 },
            "Maximum total size of the response headers. Larger: 502. The instance has processed the request by then, so the request \
             is not retried, and the instance is not ejected.").or("32768"),
        key("response_headers", ValueKind::Integer { min: 1, max: 1000 },
            "Maximum number of headers in a response over HTTP/1.1. More: 502.").or("100"),
        key("retries", ValueKind::Integer { min: 0, max: 10 },
            "Maximum number of retries of a failed request. A request is retried if nothing of it was sent, if the \
             instance reported over HTTP/2 that it did not process it (`GOAWAY`, `REFUSED_STREAM`), or if its method is \
             idempotent. Its body must still be in memory: up to 64 KiB are kept, where each received part of the body \
             counts 64 bytes extra. A retry goes to another instance, or to the same one if the failed connection was a \
             reused one, or if there is no other instance and the request was not processed. A reused connection that \
             closes before it takes the request costs no retry: the request is sent on a new connection.").or("2"),
        key("retry_budget", ValueKind::Percent,
            "Maximum retries in percent of the requests of the last ten seconds. Ten retries are always allowed.").or("20"),
        key("check", ValueKind::Table(&CHECK), "Active health checks. Default: none."),
        key("eject", ValueKind::Table(&EJECT), "Passive health checks: when a failing instance is ejected."),
        key("slow_start", ValueKind::Duration,
            "Time over which an instance that recovers, or a new address, ramps up to its full share of requests."),
        key("panic", ValueKind::Percent,
            "If less than this percentage of the instances is healthy, health is ignored and all instances get requests, \
             because so many failures at once usually mean that the check itself is broken.").or("50"),
        key("speaks_from", ValueKind::Table(&SPEAKS_FROM), "How to learn which version an instance speaks, if it has no `speaks`."),
        key("resolve", ValueKind::Duration,
            "Interval of DNS lookups of host names. New addresses get requests; removed addresses get no new ones, and \
             their in-flight requests finish. If a lookup fails, the old addresses are kept, and the lookup is retried \
             sooner.").or("\"30s\""),
        key("addresses", ValueKind::Word(&["each", "ipv4", "ipv6", "first"]),
            "Which addresses of a host name become instances: all IPv4 addresses, all IPv6 addresses, or with `each` all \
             addresses of the family that the system prefers (`localhost` remains one instance). With `first`, the name is \
             one instance, and each connection goes to the first address that accepts it.").or("\"each\""),
        key("rollout", ValueKind::Table(&ROLLOUT), "How rollouts to its instances with `group = \"canary\"` go."),
    ],
    common: &[],
};

#[rustfmt::skip]
static INSTANCE: Table = Table {
    name: "instance",
    title: "an instance",
    doc: "One instance of an upstream. If its host is a name with several addresses, each address is an instance, with its \
          own connections, health, learned version and weight.",
    keys: &[
        key("url", ValueKind::Url,
            "Its URL: `http://host:port` or `https://host:port`, with a path prefix if needed, or `unix:/path` for a Unix \
             socket. The certificate must match the host name, whatever the address. Forwarded requests keep the client's \
             `Host`; the gateway's own requests, such as health checks, use the host of the URL, or `localhost` for a \
             socket.").required(),
        key("speaks", ValueKind::Name,
            "The version it speaks. Default: the version learned by `speaks_from`, otherwise `speaks` of the route or the \
             api."),
        key("weight", ValueKind::Integer { min: 0, max: 65_535 },
            "Its weight in load balancing, applied to each of its addresses; 0 for no requests.").or("1"),
        key("group", ValueKind::Word(&["stable", "canary"]),
            "Its group in rollouts. Instances of the group `canary` get no requests until a rollout is started. Requires \
             `state`, and a ledger without `url`.").or("\"stable\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static ROLLOUT: Table = Table {
    name: "upstream.rollout",
    title: "the upstream's `rollout`",
    doc: "How rollouts go. A rollout keeps the values that it was started with. See docs/rollouts.md.",
    keys: &[
        key("steps", ValueKind::List(&ValueKind::Percent),
            "The percentages of requests that the canary group gets, one step after the other, rising, each from 0.01 to \
             99.99. After the last step it gets all requests.").or("[1, 5, 25, 50]"),
        key("step_time", ValueKind::Duration, "Minimum duration of a step.").or("\"5m\""),
        key("step_requests", ValueKind::Integer { min: 1, max: 1_000_000_000 },
            "Minimum number of requests to the canary group in a step.").or("300"),
        key("tolerance", ValueKind::Percent,
            "By how many percentage points the error rate of the canary group may exceed that of the stable group: a step \
             passes once a larger difference is excluded with 95 % confidence.").or("1"),
        key("false_alarm", ValueKind::Percent,
            "The probability, in percent, that a build that is not worse is rolled back, over a whole rollout; from 0.01 to \
             50.").or("1"),
        key("max_step_time", ValueKind::Duration, "After this time a rollout whose step has not passed pauses.").or("\"24h\""),
        key("auto_promote", ValueKind::Flag,
            "Whether the next step follows by itself. Otherwise the rollout pauses after each step and waits for `promote`. \
             Rolling back is always automatic.").or("true"),
    ],
    common: &[],
};

#[rustfmt::skip]
static UPSTREAM_TLS: Table = Table {
    name: "upstream.tls",
    title: "the upstream's `tls`",
    doc: "TLS for instances. The files are reloaded when they change, and new connections use them.",
    keys: &[
        key("ca", ValueKind::Name, "Path of the trusted CA certificates, PEM."),
        key("certificate", ValueKind::Name, "Path of the client certificate chain, PEM."),
        key("key", ValueKind::Name, "Path of its private key, PEM."),
        key("server_name", ValueKind::Name, "The name that the certificate must match. Default: the host of the URL."),
    ],
    common: &[],
};

#[rustfmt::skip]
static CHECK: Table = Table {
    name: "upstream.check",
    title: "the upstream's `check`",
    doc: "Active health checks: a GET on a separate connection. A 2xx or 3xx response is a success.",
    keys: &[
        key("path", ValueKind::Name, "The path to request.").required(),
        key("every", ValueKind::Duration, "Interval between checks, varied by 10 %.").or("\"5s\""),
        key("timeout", ValueKind::Duration, "Maximum time for a check.").or("\"2s\""),
        key("rise", ValueKind::Integer { min: 1, max: 100 }, "Consecutive successes after which an instance is healthy.").or("2"),
        key("fall", ValueKind::Integer { min: 1, max: 100 }, "Consecutive failures after which an instance is unhealthy.").or("3"),
    ],
    common: &[],
};

#[rustfmt::skip]
static EJECT: Table = Table {
    name: "upstream.eject",
    title: "the upstream's `eject`",
    doc: "Passive health checks: refused connections, responses that end early or time out, and 502, 503 and 504 count as \
          failures. At most half of the instances are ejected at the same time.",
    keys: &[
        key("after", ValueKind::Integer { min: 0, max: 1000 },
            "Consecutive failures after which an instance is ejected; 0 for never.").or("5"),
        key("for", ValueKind::Duration,
            "How long an instance is ejected. The time grows with each ejection, up to ten times this value; then a single \
             request tests the instance.").or("\"30s\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static SPEAKS_FROM: Table = Table {
    name: "speaks_from",
    title: "`speaks_from`",
    doc: "Learns the version that an instance speaks: each new connection starts with a GET, and a header of the response \
          names the version. This works even while processes are replaced during a rolling deployment.",
    keys: &[
        key("path", ValueKind::Name, "The path to request.").required(),
        key("header", ValueKind::Name, "The response header that names the version.").required(),
    ],
    common: &[],
};
