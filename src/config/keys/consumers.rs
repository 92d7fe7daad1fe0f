//! The tables about consumers.

use super::{Table, ValueKind, key};

#[rustfmt::skip]
pub(super) static CONSUMER: Table = Table {
    name: "consumer",
    title: "a consumer source",
    doc: "Where to read the consumer of a request, by one of `header`, `key` and `claim`. The string `\"user-agent\"` means \
          the name of the first product in `User-Agent`, without its version (`acme-app` of `acme-app/2.1`). \
          `\"client-certificate\"` means the name in the client's TLS certificate: its first URI, otherwise its first DNS \
          name. `\"network\"` means the network of the client, behind trusted proxies: `net:192.0.2.0/24`, or a `/48` of \
          IPv6.",
    keys: &[
        key("header", ValueKind::Name,
            "A header set by an authenticating proxy. Its value is the consumer. Consumers are written to the access log \
             and shown to operators, so the header must not carry a secret: `Authorization`, `Cookie` and \
             `Proxy-Authorization` are rejected, and a name that looks like a key (`X-Api-Key`) gets a warning."),
        key("trusted", ValueKind::Flag,
            "Whether `header` counts only in requests from `trusted` proxies of `[gateway.proxy]`, and only if it is there \
             once. Without it, a client that reaches the gateway can set the header itself.").or("false"),
        key("key", ValueKind::Either(&ValueKind::Word(&["basic"]), &ValueKind::Table(&KEY)),
            "An API key, or `\"basic\"` for the user of Basic authentication. The consumer is `key-` and the first 16 \
             hexadecimal digits of its HMAC-SHA-256 under `consumer_secret` of `[gateway]`; the key itself is neither kept nor logged."),
        key("claim", ValueKind::Name,
            "A claim of the JSON Web Token in `Authorization: Bearer`, such as `azp` or `client_id`."),
        key("jwks", ValueKind::Name,
            "The public keys that tokens are verified with, as a JWK Set: RSA, P-256, P-384 and Ed25519. Either a file, which is read \
             again when it changes, or an `https` URL, which is fetched every hour, and at most every 30 seconds for a token with an \
             unknown `kid`. Keys that cannot be read again stay as they are. A token must have `exp`; clocks may differ by 60 seconds. A token that is not \
             right names no consumer, and is counted by `sunward_token_errors_total`."),
        key("issuer", ValueKind::Name, "What `iss` of the token must be."),
        key("audience", ValueKind::Name, "What `aud` of the token must have."),
        key("verify", ValueKind::Flag,
            "`false`, in place of `jwks`: the token of `claim` is not verified. Anything that a client writes is taken for \
             true, so the consumer is `claimed:` and the claim.").or("true"),
    ],
    common: &[],
};

static KEY: Table = Table {
    name: "consumer.key",
    title: "a key source",
    doc: "Where a request has its API key. A key that is sent twice, is empty or has more than 4096 bytes is none.",
    keys: &[
        key("header", ValueKind::Name, "The header with the key."),
        key(
            "scheme",
            ValueKind::Name,
            "The scheme before the key in `header`, such as `Bearer` in `Authorization`. Default: the whole value is the key.",
        ),
        key("query", ValueKind::Name, "The query parameter with the key."),
    ],
    common: &[],
};

#[rustfmt::skip]
pub(super) static REGISTERED: Table = Table {
    name: "registered",
    title: "[[consumer]]",
    doc: "A registered consumer. Logs, reports, `pins`, extensions and brownouts use its name in place of its identities. A \
          consumer that is not registered has its identity as its name.",
    keys: &[
        key("name", ValueKind::Name, "Its name.").required(),
        key("matches", ValueKind::OneOrMore(&ValueKind::Name),
            "Its identities, as a source gives them: `key-57d51e87c2b4bd55` (see `sunward consumer hash`), `claimed:acme-app`, \
             `net:192.0.2.0/24`, the name in a certificate, or the value of a header. Its name is always one of them."),
        key("owner", ValueKind::Name, "Who owns it."),
        key("contact", ValueKind::Name, "How to reach the owner: a mail address, or the URL of a webhook."),
        key("tags", ValueKind::OneOrMore(&ValueKind::Name), "Words for reports."),
        key("role", ValueKind::Word(&["internal", "ignored"]),
            "`internal` is a client of the own organisation. It and an `ignored` one are listed, and do not keep a version \
             from being retired."),
        key("reason", ValueKind::Name, "Why it is `ignored`."),
        key("expects", ValueKind::Word(&["daily", "weekly", "monthly", "quarterly", "yearly"]),
            "How often it is expected to send requests."),
    ],
    common: &[],
};
