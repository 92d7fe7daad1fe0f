//! The keys of the services behind.

use super::{Kind, Table, key};

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
        key("response_timeout", Kind::Duration, "Its start of an answer, for each try; `timeouts.response`, unless said."),
        key("retries", Kind::Integer { min: 0, max: 10 }, "How often a request that failed is sent to another instance: always safe if nothing of it was sent, else only if its method is idempotent and its body was kept (64 KiB).").or("2"),
        key("retry_budget", Kind::Percent, "Retries as a share of its requests of the last ten seconds, beside ten that are always there.").or("20"),
        key("check", Kind::Table(&CHECK), "Asks each instance how it is; nobody does, unless said."),
        key("eject", Kind::Table(&EJECT), "When an instance that fails gets no requests for a while."),
        key("slow_start", Kind::Duration, "An instance that comes back, and an address that is new, gets its full share only after so long."),
        key("panic", Kind::Percent, "When fewer of the instances than this share are well, all get requests: then the checks are likelier wrong than the instances.").or("50"),
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
        key("url", Kind::Url, "Where it is: `http://host:port` or `https://host:port`, with a path prefix if it has one. A certificate must have the host's name, whatever the address.").required(),
        key("speaks", Kind::Name, "The version it speaks; what `speaks_from` learns, else what the route or the api says, unless said."),
        key("weight", Kind::Integer { min: 0, max: 65_535 }, "Its share of the requests, and that of each of its addresses; 0 for none.").or("1"),
    ],
    common: &[],
};

#[rustfmt::skip]
static UPSTREAM_TLS: Table = Table {
    name: "upstream.tls",
    title: "the upstream's `tls`",
    doc: "TLS towards instances. The files are read at each load of the config.",
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
