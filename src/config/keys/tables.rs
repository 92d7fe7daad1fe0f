//! The tables of the file.

use super::cases::CASE;
use super::gateway::GATEWAY;
use super::ops::{PLACE, on_error};
use super::upstream::UPSTREAM;
use super::{Key, Kind, Table, key};

#[rustfmt::skip]
pub(in crate::config) static ROOT: Table = Table {
    name: "file",
    title: "the file",
    doc: "The tables at the top of the file.",
    keys: &[
        key("include", Kind::OneOrMore(&Kind::Name),
            "More files, whose `[[api]]` and `[[upstream]]` tables belong to this one. Paths are relative to this file; \
             `*` stands for any text in a file's name."),
        key("gateway", Kind::Table(&GATEWAY), "How the gateway itself runs."),
        key("api", Kind::List(&Kind::Table(&API)), "The versioned APIs, each `[[api]]`."),
        key("upstream", Kind::List(&Kind::Table(&UPSTREAM)), "The services behind, each `[[upstream]]`."),
    ],
    common: &[],
};

/// What is left of [`ROOT`] in a file that another one includes.
#[rustfmt::skip]
pub(in crate::config) static INCLUDED: Table = Table {
    name: "included",
    title: "an included file",
    doc: "The tables at the top of an included file.",
    keys: &[
        key("api", Kind::List(&Kind::Table(&API)), "As in the file."),
        key("upstream", Kind::List(&Kind::Table(&UPSTREAM)), "As in the file."),
    ],
    common: &[],
};

const ON_UNTYPED: Kind = Kind::Word(&["pass", "fail"]);
const CONTENT: Kind = Kind::Word(&["json", "ndjson", "event-stream", "json-seq"]);

#[rustfmt::skip]
static API: Table = Table {
    name: "api",
    title: "[[api]]",
    doc: "One versioned API: where it is, how a request names a version, and what a request gets that names none.",
    keys: &[
        key("name", Kind::Name, "Its name, in metrics, logs and commands.").required(),
        key("base_path", Kind::Text, "The path that all of it is under: `/api`. It starts with `/` and does not end with one.")
            .or("\"\""),
        key("host", Kind::OneOrMore(&Kind::Name),
            "The hosts it answers on; any, unless said. `*.example.com` stands for any one label in front. A port is not \
             compared, and not written."),
        key("path_case", Kind::Word(&["sensitive", "insensitive"]),
            "Whether paths that differ only in letter case are the same. With `sensitive`, a path that no route or `exclude` \
             has as it is, but in another letter case, gets a 404: a service that ignores case would serve it unmigrated. \
             A path that a route has with a parameter is that route's: `/users/ME` is of `/users/{id}`, also beside a \
             route `/users/me`. Use `insensitive` for a service that ignores case. \
             A slash at the end of a path never makes another route.").or("\"sensitive\""),
        key("undeclared", Kind::Word(&["pass", "refuse"]),
            "What happens to what no resource, route or change names: it passes and is counted, or it is refused. A path gets \
             a 404, and a method a 405. A JSON response gets a 502 if its status is not declared and another response of \
             that route has to be migrated. Problem documents always pass.").or("\"pass\""),
        key("scheme", Kind::Word(&["major", "minor", "date", "month"]),
            "How versions are named: `1`, `1.2`, `2024-10-01` or `2024-10`.").or("\"major\""),
        key("version_from", Kind::Table(&VERSION_FROM),
            "Where a request may name its version. All that are set are read, and all that speak must agree."),
        key("precedence", Kind::List(&Kind::Word(&["path", "accept", "header", "query", "host"])),
            "When sources disagree, the first of these that speaks counts. Without it, disagreement is a 400."),
        key("unspecified", Kind::Either(&Kind::Word(&["reject"]), &Kind::Table(&UNSPECIFIED)),
            "What a request gets that names no version: `\"reject\"` (400), or `{ version = \"1\" }`.").or("\"reject\""),
        key("on_unacceptable", Kind::Word(&["reject", "default"]),
            "When `Accept` names versions, and none of them can be served: 406, or what a request gets that names none. \
             An `Accept` that names no version, such as `text/csv`, is the service's to negotiate.")
            .or("\"reject\""),
        key("waterfall", Kind::Flag,
            "For dates and months: a version between two declared ones is the nearest one that is not newer.").or("false"),
        key("aliases", Kind::Map(&Kind::Name), "Other names for versions: `{ stable = \"2\" }`."),
        key("exclude", Kind::OneOrMore(&Kind::Name),
            "Paths that pass to the upstream untouched: they have no version, and are not counted. Each is the whole path of a \
             request, base path and version included: `/api/health`, or all below with `/api/docs/*`."),
        key("speaks", Kind::Name, "The version the service behind speaks; the newest, unless said."),
        key("forward_as", Kind::Text,
            "The prefix of the paths that the service gets, in place of base path and version: `/api/v{version}`. Default: the \
             base path stays, and the version is removed."),
        key("upstream", Kind::Name, "The `[[upstream]]` that serves it."),
        key("response_header", Kind::Name,
            "The response header that says which version was served; `version_from.header`, unless said."),
        key("docs", Kind::Name, "Where to read about the versions, a URL; in every refusal, unless the version has docs of its own."),
        key("problem_types", Kind::Name, "The start of the `type` of problem documents, an absolute URL that ends in `/`; the name of the type follows.")
            .or("\"https://sunward.dev/problems/\""),
        key("strict", Kind::Flag,
            "Whether old clients and old services lose what newer versions added (`true`), or both get it (`false`). Default: \
             old clients also get the new members in responses, and old services do not get them in requests."),
        on_error("What to do when a value cannot be migrated: answer 502 or 400, or leave that value as it is.")
            .or("\"fail\""),
        key("on_untyped", ON_UNTYPED,
            "What to do with a body that a change is about and whose `Content-Type` is missing, cannot be read, or is not JSON: \
             pass it on as it is and count it, or answer 415 (a request) or 502 (a response). A message without content always \
             passes; a body of unknown length counts as one with content.")
            .or("\"pass\""),
        key("pause", Kind::Flag, "Stops all brownouts.").or("false"),
        key("dry_run", Kind::Flag, "Brownouts and sunsets only count whom they would have hit.").or("false"),
        key("clamp_freshness", Kind::Flag, "Cuts cache lifetimes of deprecated versions to the time that is left.")
            .or("false"),
        key("cors", Kind::Table(&CORS),
            "The origins whose scripts may read, in a browser, the answers that the gateway gives itself. Default: none."),
        key("consumer", Kind::OneOrMore(&Kind::Either(&Kind::Word(&["user-agent", "client-certificate"]), &Kind::Table(&CONSUMER))),
            "Where to read who sent a request; the first that says something counts."),
        key("pins", Kind::Map(&Kind::Name),
            "The version that a consumer's requests speak when they name none: `{ acme = \"1\" }`."),
        key("version", Kind::List(&Kind::Table(&VERSION)), "Its versions, oldest first."),
        key("resource", Kind::List(&Kind::Table(&RESOURCE)), "Shapes that changes name."),
        key("change", Kind::List(&Kind::Table(&CHANGE)), "What versions altered, in the order in which it runs."),
        key("route", Kind::List(&Kind::Table(&ROUTE)), "What is particular about one route."),
        key("extension", Kind::List(&Kind::Table(&EXTENSION)), "Consumers that keep a version for longer."),
        key("case", Kind::List(&Kind::Table(&CASE)), "Tests of the changes, which `sunward test` runs."),
    ],
    common: &[],
};

#[rustfmt::skip]
static VERSION_FROM: Table = Table {
    name: "version_from",
    title: "`version_from`",
    doc: "Where a request may name its version. `{version}` stands for the version's name.",
    keys: &[
        key("path", Kind::Name, "A template of whole segments after the base path: `/v{version}`."),
        key("accept", Kind::Name,
            "A template of media types, for `Accept` and `Content-Type`: `application/vnd.shop.v{version}+json`."),
        key("parameter", Kind::Name,
            "A media type parameter, usually `version`. It counts on every media type; with `accept`, on that type without \
             its version, and on `application/json`."),
        key("header", Kind::Name, "A request header."),
        key("query", Kind::Name, "A query parameter."),
        key("host", Kind::Name, "A template of the host: `v{version}.api.example.com`. A proxy in front must keep `Host` as the client sent it, with its \
             port: `X-Forwarded-Host` names no version."),
    ],
    common: &[],
};

#[rustfmt::skip]
static CORS: Table = Table {
    name: "cors",
    title: "`cors`",
    doc: "Whose scripts may read, in a browser, what the gateway answers itself: a 410, a brownout, a 400, a body that could not be \
          migrated, 502 to 504, and 413 or 503 of its limits. Responses and preflights of the service stay the service's to \
          allow; the gateway adds the version header to what a preflight allows, and the fields that it writes to what scripts \
          may read. A request that is malformed, or that is for no api, is answered without it.",
    keys: &[
        key("origins", Kind::OneOrMore(&Kind::Name),
            "Origins as browsers write them: `https://app.example.com`, with a port if it is not the scheme's own; \
             `https://*.example.com` for all hosts below one; or `*` alone for all origins.").required(),
        key("credentials", Kind::Flag, "Whether this also holds for requests with cookies or other credentials. Not with `*`.").or("false"),
    ],
    common: &[],
};

static UNSPECIFIED: Table = Table {
    name: "unspecified",
    title: "`unspecified`",
    doc: "What a request speaks that names no version.",
    keys: &[key("version", Kind::Name, "The version. There is no word for the newest: it would change by itself.")
        .required()],
    common: &[],
};

static CONSUMER: Table = Table {
    name: "consumer",
    title: "a consumer source",
    doc: "Where to read who sent a request. The text `\"user-agent\"` stands for the name of the first product of \
          `User-Agent`, without its version (`acme-app` of `acme-app/2.1`), and `\"client-certificate\"` for the name in the certificate that the client's connection was \
          made with: its first URI, else its first DNS name.",
    keys: &[
        key("header", Kind::Name, "A header that an authenticating proxy sets; its value is the consumer. The consumer is written to the access log and shown to operators as it is, so it must be no secret: `Authorization`, `Cookie` and `Proxy-Authorization` are refused, and a name that looks like a key's (`X-Api-Key`) gets a warning.").required()
    ],
    common: &[],
};

#[rustfmt::skip]
static VERSION: Table = Table {
    name: "api.version",
    title: "[[api.version]]",
    doc: "A version and the dates of its life; oldest first. A date is a TOML date, an RFC 3339 time or an HTTP-date.",
    keys: &[
        key("name", Kind::Name, "Its name, as the scheme has it.").required(),
        key("released", Kind::Date, "Before it, the version does not exist."),
        key("docs", Kind::Name, "The documentation for those who have to leave it, a URL."),
        key("policy", Kind::Name, "The retirement policy, a URL."),
        key("known", Kind::OneOrMore(&Kind::Name), "Consumers that used it before it was closed."),
        key("strict", Kind::Flag, "Old clients and servers lose what it added; what the api says, unless said."),
    ],
    common: &LIFE,
};

#[rustfmt::skip]
static LIFE: [Key; 5] = [
    key("deprecated", Kind::Date, "From then on it is deprecated, and answers say so."),
    key("closed", Kind::Date, "From then on nobody new may start to use it."),
    key("sunset", Kind::Date, "From then on it is gone: 410."),
    key("hold_sunset", Kind::Flag, "Serves it past its sunset until this is taken back."),
    key("brownouts", Kind::List(&Kind::Table(&BROWNOUT)), "Times in which it is switched off on trial."),
];

#[rustfmt::skip]
static BROWNOUT: Table = Table {
    name: "brownout",
    title: "a brownout",
    doc: "A time in which a version is switched off on trial: one window, or a ramp of windows of growing share.",
    keys: &[
        key("from", Kind::Date, "When the first window begins.").required(),
        key("for", Kind::Duration, "How long each window lasts.").required(),
        key("every", Kind::Duration, "From the start of one window to the start of the next; for a ramp."),
        key("shares", Kind::OneOrMore(&Kind::Percent), "The share hit, in percent; a window for each.").or("[100]"),
        key("by", Kind::Word(&["consumers", "requests"]),
            "A share of the consumers (the same from the first window on, and more with each) or of the requests.")
            .or("\"consumers\""),
        key("status", Kind::Integer { min: 100, max: 599 }, "The status of the answer, 410 or 503.").or("410"),
        key("routes", Kind::OneOrMore(&Kind::Name), "The routes it hits; all, unless said."),
        key("consumers", Kind::OneOrMore(&Kind::Name), "The consumers it hits; all, unless said."),
        key("exempt", Kind::OneOrMore(&Kind::Name), "Consumers it never hits."),
        key("dry_run", Kind::Flag, "Only counts whom it would have hit.").or("false"),
    ],
    common: &[],
};

#[rustfmt::skip]
static RESOURCE: Table = Table {
    name: "api.resource",
    title: "[[api.resource]]",
    doc: "A JSON shape and every place it occurs, named once, so that a change names it once.",
    keys: &[
        key("name", Kind::Name, "Its name, for `on`.").required(),
        key("at", Kind::OneOrMore(&Kind::Either(&Kind::Name, &Kind::Table(&PLACE))),
            "Its places: `GET /users -> 200 /items/*` (in a response), `POST /users <-` (in a request).").required(),
    ],
    common: &[],
};

#[rustfmt::skip]
static CHANGE: Table = Table {
    name: "api.change",
    title: "[[api.change]]",
    doc: "What one version altered, written in the direction old → new and run in both.",
    keys: &[
        key("version", Kind::Name, "The version that introduced it.").required(),
        key("summary", Kind::Name, "A sentence for the changelog.").required(),
        key("on", Kind::OneOrMore(&Kind::Name), "The resources it applies to."),
        key("at", Kind::OneOrMore(&Kind::Name), "Places it applies to that need no name, written as in a resource."),
        key("ops", Kind::List(&Kind::Op), "Its steps, in the order in which they run.").required(),
        key("breaking", Kind::Flag, "Allows ops that take something away or alter it.").or("false"),
        key("strict", Kind::Flag, "Old clients lose what it adds; what the version or the api says, unless said."),
        on_error("What to do when a value cannot be migrated; what the api says, unless said."),
    ],
    common: &[],
};

#[rustfmt::skip]
static ROUTE: Table = Table {
    name: "api.route",
    title: "[[api.route]]",
    doc: "A route that no resource names, or what is particular about one.",
    keys: &[
        key("route", Kind::Name, "The route, `GET /users/{id}`; `*` stands for every method.").required(),
        key("default", Kind::Name, "The version that its requests speak when they name none."),
        key("upstream", Kind::Name, "The `[[upstream]]` that serves it."),
        key("speaks", Kind::Name, "The version the service behind it speaks."),
        key("timeout", Kind::Duration, "How long its exchanges may take, from the request's head to the end of the response, over all tries; a stream of events or a WebSocket may take longer."),
        key("content", CONTENT,
            "How JSON stands in its responses with a status of 2xx, whatever their `Content-Type` says: for a service that \
             sends a wrong type, or none."),
        key("request_content", CONTENT,
            "How JSON stands in its requests, whatever their `Content-Type` says; a patch by its type stays a patch."),
        key("on_untyped", ON_UNTYPED,
            "What to do with a body that a change is about and whose `Content-Type` is missing, cannot be read, or is not JSON; \
             what the api says, unless said."),
        key("version", Kind::List(&Kind::Table(&ROUTE_VERSION)), "Versions whose dates are other ones here."),
    ],
    common: &[],
};

static ROUTE_VERSION: Table = Table {
    name: "api.route.version",
    title: "[[api.route.version]]",
    doc: "The dates of one version on one route; what is not said is as in `[[api.version]]`.",
    keys: &[key("name", Kind::Name, "The version.").required()],
    common: &LIFE,
};

#[rustfmt::skip]
static EXTENSION: Table = Table {
    name: "api.extension",
    title: "[[api.extension]]",
    doc: "A consumer that keeps a version for longer than the others, and sees its own date.",
    keys: &[
        key("consumer", Kind::Name, "The consumer.").required(),
        key("version", Kind::Name, "The version it keeps.").required(),
        key("until", Kind::Date, "Its own sunset.").required(),
        key("approved_by", Kind::Name, "Who approved it.").required(),
        key("reason", Kind::Name, "Why.").required(),
    ],
    common: &[],
};
