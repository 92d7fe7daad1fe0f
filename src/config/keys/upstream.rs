//! The keys of the services behind.

use super::{Kind, Table, key};

/// A count that may be as large as the machine allows.
const COUNT: Kind = Kind::Integer { min: 1, max: 1_000_000 };

#[rustfmt::skip]
pub(super) static UPSTREAM: Table = Table {
    name: "upstream",
    title: "[[upstream]]",
    doc: "A service: a pool of instances, each of which speaks one version. Of two instances drawn by weight, the one with fewer requests under way gets the next.",
    keys: &[
        key("name", Kind::Name, "Its name, for `upstream`.").required(),
        key("instances", Kind::List(&Kind::Table(&INSTANCE)), "Its instances; at least one.").required(),
        key("forward_as", Kind::Text, "The prefix it knows the api by; what the api says, unless said."),
        key("http2", Kind::Flag, "HTTP/2 to its instances: by ALPN over TLS, else with prior knowledge.").or("false"),
        key("tls", Kind::Table(&UPSTREAM_TLS), "For instances with `https://`: whom to trust and what to show; the system's authorities, unless said."),
        key("websocket", Kind::Flag, "Passes WebSocket upgrades on, over HTTP/1.1: not together with `http2`. Without it, `Upgrade` is taken off.").or("false"),
        key("act_as", Kind::Word(&["gateway", "origin"]), "On whose behalf its responses are migrated. As a gateway, one that has to be migrated and says `Cache-Control: no-transform` becomes a 502 (RFC 9110 §7.7); many frameworks say so on every stream of events. As a part of the origin, for services of your own, it is migrated.").or("\"gateway\""),
        key("public_urls", Kind::Flag, "URLs in `Location`, `Content-Location`, `Link` and `Refresh` that have an instance's own address (that of its `url` or, where a host name stands for several instances, its address) become paths, without the instance's prefix, so that clients come back to the gateway. With `false` they stay.").or("true"),
        key("response_timeout", Kind::Duration, "Its start of an answer, for each try; `timeouts.response`, unless said."),
        key("connections", COUNT, "Requests to each instance at once: each over a connection of its own, or over a stream with `http2`. A WebSocket is one for as long as it is open; health checks are not counted. More wait in a queue. There is no limit, unless said. A reload that changes it makes new instances: requests under way to the old ones are not counted."),
        key("queue", Kind::Integer { min: 0, max: 1_000_000 }, "Requests that may wait for each instance when it has `connections`. The one that came first goes first, and one whose client leaves gives up its place. Beyond it: a 503 with `Retry-After`.").or("1024"),
        key("queue_timeout", Kind::Duration, "How long a request may wait there; then, a 503 with `Retry-After`.").or("\"5s\""),
        key("request_buffer_bytes", COUNT, "Bodies of requests are sent with `Content-Length`: one whose length is not known is read whole before it is sent, up to so many bytes, and one that is larger gets a 413. For services that take chunks for an empty body; its trailers are dropped, and it has its place and connection meanwhile. Without it, only an instance that answered with HTTP/1.0 last gets lengths (1 MiB), since it cannot read chunks. Not together with `http2`."),
        key("alt_svc", Kind::Flag, "Passes `Alt-Svc` of its responses on. It names other servers for the gateway's own origin, so that clients would go past the gateway.").or("false"),
        key("response_header_bytes", Kind::Integer { min: 1024, max: 1_048_576 }, "The head of a response; beyond it, a 502. The instance has done its work by then: the request is not sent again, and the instance is not ejected for it.").or("32768"),
        key("response_headers", Kind::Integer { min: 1, max: 1000 }, "Fields in the head of a response, over HTTP/1.1; beyond it, a 502.").or("100"),
        key("retries", Kind::Integer { min: 0, max: 10 }, "How often a failed request is sent again. A request is repeated if nothing of it was sent, if the instance says over HTTP/2 that it did not process it (`GOAWAY`, `REFUSED_STREAM`), or if its method is idempotent. Its body must still be in memory: up to 64 KiB are kept, and each part in which the body arrived counts 64 bytes more. The retry goes to another instance. It goes to the same instance if the connection was a reused one, or if there is no other instance and the request was not processed. A connection that closes before it takes the request costs no retry: the request goes over a new one.").or("2"),
        key("retry_budget", Kind::Percent, "Retries as a share of its requests of the last ten seconds, beside ten that are always there.").or("20"),
        key("check", Kind::Table(&CHECK), "Asks each instance how it is; nobody does, unless said."),
        key("eject", Kind::Table(&EJECT), "When an instance that fails gets no requests for a while."),
        key("slow_start", Kind::Duration, "An instance that comes back, and an address that is new, gets its full share only after so long."),
        key("panic", Kind::Percent, "If less than this share of the instances is healthy, health is ignored and all instances get requests, because so many failures at once usually mean that the check itself is broken.").or("50"),
        key("speaks_from", Kind::Table(&SPEAKS_FROM), "How to learn what an instance speaks, where `speaks` does not say."),
        key("resolve", Kind::Duration, "How often host names are looked up again. New addresses get requests, those that are gone get no more, and what is under way there ends. When a lookup fails, the old addresses stay, and it is tried again sooner.").or("\"30s\""),
        key("addresses", Kind::Word(&["each", "ipv4", "ipv6", "first"]), "Which addresses of a host name are instances: each of IPv4, each of IPv6, or each of the kind that the system puts first (`localhost`, which is one machine, stays one instance); with `first`, the name is one instance, and connections go to the first address that answers.").or("\"each\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static INSTANCE: Table = Table {
    name: "instance",
    title: "an instance",
    doc: "One instance of an upstream, or, if the host is a name, one for each of its addresses: each with connections, health, a learned version and a share of its own.",
    keys: &[
        key("url", Kind::Url, "Where it is: `http://host:port` or `https://host:port`, with a path prefix if it has one, or `unix:/path` for a Unix socket. A certificate must have the host's name, whatever the address. Requests keep the client's `Host`; those of the gateway itself, such as health checks, have the URL's, or `localhost` over a socket.").required(),
        key("speaks", Kind::Name, "The version it speaks; what `speaks_from` learns, else what the route or the api says, unless said."),
        key("weight", Kind::Integer { min: 0, max: 65_535 }, "Its share of the requests, and that of each of its addresses; 0 for none.").or("1"),
    ],
    common: &[],
};

#[rustfmt::skip]
static UPSTREAM_TLS: Table = Table {
    name: "upstream.tls",
    title: "the upstream's `tls`",
    doc: "TLS towards instances. The files are read again when they change: new connections use them.",
    keys: &[
        key("ca", Kind::Name, "The file of the authorities to trust, PEM."),
        key("certificate", Kind::Name, "The file of the certificate chain to show, PEM."),
        key("key", Kind::Name, "The file of its private key, PEM."),
        key("server_name", Kind::Name, "The name that the certificate must have; the URL's host, unless said."),
    ],
    common: &[],
};

#[rustfmt::skip]
static CHECK: Table = Table {
    name: "upstream.check",
    title: "the upstream's `check`",
    doc: "Active health checks: a GET on a connection of its own. 2xx and 3xx are well.",
    keys: &[
        key("path", Kind::Name, "The path to ask for.").required(),
        key("every", Kind::Duration, "How often, give or take a tenth.").or("\"5s\""),
        key("timeout", Kind::Duration, "How long the answer may take.").or("\"2s\""),
        key("rise", Kind::Integer { min: 1, max: 100 }, "So many in a row make it well.").or("2"),
        key("fall", Kind::Integer { min: 1, max: 100 }, "So many in a row make it unwell.").or("3"),
    ],
    common: &[],
};

#[rustfmt::skip]
static EJECT: Table = Table {
    name: "upstream.eject",
    title: "the upstream's `eject`",
    doc: "Passive health: failures are connections refused, answers that broke off or came too late, and 502, 503 and 504. Never are more than half of the instances ejected.",
    keys: &[
        key("after", Kind::Integer { min: 0, max: 1000 }, "So many failures in a row; 0 for never.").or("5"),
        key("for", Kind::Duration, "For so long, and longer each time, up to ten times; then one request tries.").or("\"30s\""),
    ],
    common: &[],
};

#[rustfmt::skip]
static SPEAKS_FROM: Table = Table {
    name: "speaks_from",
    title: "`speaks_from`",
    doc: "Each new connection to an instance begins with a GET, and a header of its answer says what the process at the other end speaks: so it is known even while instances are exchanged.",
    keys: &[
        key("path", Kind::Name, "The path to ask for.").required(),
        key("header", Kind::Name, "The response header that names the version.").required(),
    ],
    common: &[],
};
