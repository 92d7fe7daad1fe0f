//! The tables of the file.

use super::cases::CASE;
use super::consumers::{CONSUMER, REGISTERED};
use super::gateway::GATEWAY;
use super::notices::NOTICE;
use super::op_table::on_error;
use super::ops::PLACE;
use super::upstream::UPSTREAM;
use super::{Key, Table, ValueKind, key};

#[rustfmt::skip]
pub(in crate::config) static ROOT: Table = Table {
    name: "file",
    title: "the file",
    doc: "The top level of the file.",
    keys: &[
        key("include", ValueKind::OneOrMore(&ValueKind::Name),
            "Further files, whose `[[api]]`, `[[upstream]]` and `[[consumer]]` tables are added to this one. Paths are relative to this \
             file; `*` matches any text in a file name."),
        key("gateway", ValueKind::Table(&GATEWAY), "Settings of the gateway itself."),
        key("api", ValueKind::List(&ValueKind::Table(&API)), "The versioned APIs."),
        key("upstream", ValueKind::List(&ValueKind::Table(&UPSTREAM)), "The services behind the gateway."),
        key("consumer", ValueKind::List(&ValueKind::Table(&REGISTERED)), "The register of consumers: names for identities."),
        key("notice", ValueKind::List(&ValueKind::Table(&NOTICE)), "Notices to those who use a version."),
    ],
    common: &[],
};

/// What is left of [`ROOT`] in a file that another one includes.
#[rustfmt::skip]
pub(in crate::config) static INCLUDED: Table = Table {
    name: "included",
    title: "an included file",
    doc: "The top level of an included file.",
    keys: &[
        key("api", ValueKind::List(&ValueKind::Table(&API)), "As in the main file."),
        key("upstream", ValueKind::List(&ValueKind::Table(&UPSTREAM)), "As in the main file."),
        key("consumer", ValueKind::List(&ValueKind::Table(&REGISTERED)), "As in the main file."),
    ],
    common: &[],
};

const ON_UNTYPED: ValueKind = ValueKind::Word(&["pass", "fail"]);
const CONTENT: ValueKind = ValueKind::Word(&["json", "ndjson", "event-stream", "json-seq", "form"]);
const FORMS: ValueKind = ValueKind::Word(&["plain", "brackets"]);

#[rustfmt::skip]
static API: Table = Table {
    name: "api",
    title: "[[api]]",
    doc: "One versioned API: its location, how a request names a version, and what happens to a request that names none.",
    keys: &[
        key("name", ValueKind::Name, "Its name in metrics, logs and commands.").required(),
        key("base_path", ValueKind::Text, "The path prefix of the api, such as `/api`. It starts with `/` and does not end with `/`.")
            .or("\"\""),
        key("host", ValueKind::OneOrMore(&ValueKind::Name),
            "The hosts of the api; any host if absent. `*.example.com` matches exactly one label in place of the `*`. \
             Ports are ignored."),
        key("path_case", ValueKind::Word(&["sensitive", "insensitive"]),
            "Whether paths are case-sensitive. With `sensitive`, a path that matches a route or `exclude` only in another \
             letter case gets a 404, because a service that ignores case would serve it unmigrated. A parameter matches in \
             any case: `/users/ME` matches `/users/{id}`, even next to a route `/users/me`. Use `insensitive` for a service \
             that ignores case. A trailing slash never makes a different route.").or("\"sensitive\""),
        key("undeclared", ValueKind::Word(&["pass", "refuse"]),
            "What to do with requests and responses that no resource, route or change declares: pass them on and count \
             them, or refuse them. An undeclared path gets a 404, an undeclared method a 405. A JSON response with an \
             undeclared status gets a 502 if another response of that route must be migrated. Problem documents always \
             pass.").or("\"pass\""),
        key("scheme", ValueKind::Word(&["major", "minor", "date", "month", "kubernetes", "declared"]),
            "How versions are named and ordered: `major` is `1`, `minor` is `1.2`, `date` is `2024-10-01`, `month` is \
             `2024-10`; `kubernetes` is `v1alpha1`, `v1beta1`, `v1`, in this order; `declared` is any name of letters, \
             digits and `-._~`, in the order in which `version` lists them.").or("\"major\""),
        key("version_from", ValueKind::Table(&VERSION_FROM),
            "Where a request may name its version. All configured sources are read, and those that name a version must agree."),
        key("precedence", ValueKind::List(&ValueKind::Word(&["path", "accept", "header", "query", "host"])),
            "If the sources disagree, the first one in this list that names a version is used. If absent, disagreement is \
             a 400."),
        key("unspecified", ValueKind::Either(&ValueKind::Word(&["reject"]), &ValueKind::Table(&UNSPECIFIED)),
            "What to do with a request that names no version: `\"reject\"` it with a 400, or use a default, `{ version = \
             \"1\" }`.").or("\"reject\""),
        key("on_unacceptable", ValueKind::Word(&["reject", "default"]),
            "What to do if `Accept` names versions and none of them can be served: `reject` answers 406, `default` treats \
             the request like one that names no version. An `Accept` that names no version, such as `text/csv`, is \
             negotiated by the service.")
            .or("\"reject\""),
        key("waterfall", ValueKind::Flag,
            "With dates and months: a version between two declared ones means the older of the two.").or("false"),
        key("aliases", ValueKind::Map(&ValueKind::Name), "Other names for versions: `{ stable = \"2\" }`."),
        key("exclude", ValueKind::OneOrMore(&ValueKind::Name),
            "Paths that are forwarded without versioning and without being counted. Each is the complete path of a \
             request, with base path and version: `/api/health`, or everything below a path, `/api/docs/*`."),
        key("speaks", ValueKind::Name, "The version that the service speaks. Default: the newest."),
        key("forward_as", ValueKind::Text,
            "The path prefix that the service expects in place of the base path and version, such as `/api/v{version}`. \
             Default: the base path is kept, and the version is removed."),
        key("upstream", ValueKind::Name, "The `[[upstream]]` that serves the api."),
        key("response_header", ValueKind::Name,
            "The response header that names the served version. Default: `version_from.header`."),
        key("docs", ValueKind::Name,
            "URL of the documentation of the versions. It is part of every problem document, unless the version has its \
             own `docs`."),
        key("problem_types", ValueKind::Name,
            "Prefix of the `type` of problem documents: an absolute URL that ends in `/`. The name of the problem type is \
             appended.")
            .or("\"https://sunward.dev/problems/\""),
        key("strict", ValueKind::Flag,
            "Whether members that a newer version added are removed for old clients and old services (`true`) or kept for \
             both (`false`). Default: kept in responses to old clients, removed from requests to old services."),
        on_error(
            "What to do if a value cannot be migrated: `fail` answers 422 for a request and 502 for a response, `pass` \
             leaves the value unchanged and counts it.")
            .or("\"fail\""),
        key("on_untyped", ON_UNTYPED,
            "What to do with a body that a change affects if its `Content-Type` is missing, malformed, or neither JSON nor a form: \
             `pass` forwards it unmigrated and counts it, `fail` answers 415 for a request and 502 for a response. A message \
             without content always passes; a body of unknown length counts as content.")
            .or("\"pass\""),
        key("forms", FORMS,
            "How the names of form fields are read (`application/x-www-form-urlencoded` and `multipart/form-data`). `plain`: \
             `a[b]` is the member `/a[b]`. `brackets`: `a[b]=1` is `/a/b`, and `a[]=1` or `a[0]=1` is an array.")
            .or("\"plain\""),
        key("pause", ValueKind::Flag, "Stops all brownouts of the api.").or("false"),
        key("dry_run", ValueKind::Flag, "Brownouts and sunsets refuse nothing and only count the requests that they would have refused.").or("false"),
        key("clamp_freshness", ValueKind::Flag, "Limits the cache lifetime of responses of a deprecated version to the time until its sunset.")
            .or("false"),
        key("cors", ValueKind::Table(&CORS),
            "Web origins whose scripts may read the responses that the gateway generates itself. Default: none."),
        key("consumer", ValueKind::OneOrMore(&ValueKind::Either(&ValueKind::Word(&["user-agent", "client-certificate", "network"]), &ValueKind::Table(&CONSUMER))),
            "Where to read the consumer, that is, who sent a request. The first source with a value is used."),
        key("pins", ValueKind::Map(&ValueKind::Name),
            "The version for requests of a consumer that name none: `{ acme = \"1\" }`."),
        key("version", ValueKind::List(&ValueKind::Table(&VERSION)), "The versions, oldest first."),
        key("resource", ValueKind::List(&ValueKind::Table(&RESOURCE)), "JSON shapes that changes refer to."),
        key("change", ValueKind::List(&ValueKind::Table(&CHANGE)), "What each version changed, in the order in which the changes run."),
        key("route", ValueKind::List(&ValueKind::Table(&ROUTE)), "Settings of single routes."),
        key("extension", ValueKind::List(&ValueKind::Table(&EXTENSION)), "Consumers that may use a version for longer."),
        key("case", ValueKind::List(&ValueKind::Table(&CASE)), "Tests of the changes, run by `sunward test`."),
    ],
    common: &[],
};

#[rustfmt::skip]
static VERSION_FROM: Table = Table {
    name: "version_from",
    title: "`version_from`",
    doc: "Where a request may name its version. `{version}` stands for the name of the version.",
    keys: &[
        key("path", ValueKind::Name, "A template of path segments after the base path: `/v{version}`."),
        key("accept", ValueKind::Name,
            "A template of a media type, for `Accept` and `Content-Type`: `application/vnd.shop.v{version}+json`."),
        key("parameter", ValueKind::Name,
            "A media type parameter, usually `version`. It is read on every media type. Together with `accept`, only on \
             that type without its version and on `application/json`."),
        key("header", ValueKind::Name, "A request header."),
        key("query", ValueKind::Name, "A query parameter."),
        key("host", ValueKind::Name,
            "A template of the host: `v{version}.api.example.com`. A proxy in front must forward `Host` unchanged, with \
             its port; `X-Forwarded-Host` is not read for this."),
    ],
    common: &[],
};

#[rustfmt::skip]
static CORS: Table = Table {
    name: "cors",
    title: "`cors`",
    doc: "Which web origins may read, from scripts in a browser, the responses that the gateway generates itself: 410, \
          brownouts, 400, failed migrations, 502 to 504, and 413 and 503 of its limits. Responses and preflights of the \
          service remain under the service's own policy; the gateway only adds the version header to the headers that a \
          preflight allows, and its own headers to those exposed to scripts. Responses to malformed requests and to \
          requests outside all apis have no CORS headers.",
    keys: &[
        key("origins", ValueKind::OneOrMore(&ValueKind::Name),
            "Origins as browsers send them: `https://app.example.com`, with the port unless it is the default port of the \
             scheme; `https://*.example.com` for all subdomains; or only `*` for all origins.").required(),
        key("credentials", ValueKind::Flag,
            "Whether this includes requests with cookies or other credentials. Cannot be combined with `*`.").or("false"),
    ],
    common: &[],
};

static UNSPECIFIED: Table = Table {
    name: "unspecified",
    title: "`unspecified`",
    doc: "The default for requests that name no version.",
    keys: &[key(
        "version",
        ValueKind::Name,
        "The version. There is no word for the newest, since the default would then change with each release.",
    )
    .required()],
    common: &[],
};

#[rustfmt::skip]
static VERSION: Table = Table {
    name: "api.version",
    title: "[[api.version]]",
    doc: "A version and the dates of its lifecycle. Versions are listed oldest first. A date is a TOML date, an RFC 3339 \
          time or an HTTP-date.",
    keys: &[
        key("name", ValueKind::Name, "The name of the version, written as `scheme` requires.").required(),
        key("released", ValueKind::Date, "Before this date the version does not exist."),
        key("docs", ValueKind::Name, "URL of the documentation for clients that must leave the version."),
        key("policy", ValueKind::Name, "URL of the retirement policy."),
        key("known", ValueKind::OneOrMore(&ValueKind::Name), "Consumers that used the version before it was closed."),
        key("strict", ValueKind::Flag, "Whether old clients (in responses) and old services (in requests) lose what this version added. Default: `strict` of the api."),
    ],
    common: &LIFE,
};

#[rustfmt::skip]
static LIFE: [Key; 5] = [
    key("deprecated", ValueKind::Date, "From this date on, responses announce that the version is deprecated."),
    key("closed", ValueKind::Date, "From this date on, new consumers are refused with a 403. Those that used the version before are in `known`, or in the ledger."),
    key("sunset", ValueKind::Date, "From this date on, requests get a 410."),
    key("hold_sunset", ValueKind::Flag, "Serves the version past its sunset until this is removed."),
    key("brownouts", ValueKind::List(&ValueKind::Table(&BROWNOUT)), "Trial shutdowns: windows in which the version is refused."),
];

#[rustfmt::skip]
static BROWNOUT: Table = Table {
    name: "brownout",
    title: "a brownout",
    doc: "A trial shutdown of a version: one window, or a series of windows with a growing share of requests.",
    keys: &[
        key("from", ValueKind::Date, "Start of the first window.").required(),
        key("for", ValueKind::Duration, "Length of each window.").required(),
        key("every", ValueKind::Duration, "Interval from the start of one window to the start of the next, for a series."),
        key("shares", ValueKind::OneOrMore(&ValueKind::Percent), "The percentage that is refused, one value per window.").or("[100]"),
        key("by", ValueKind::Word(&["consumers", "requests"]),
            "Whether a share is of consumers or of requests. Consumers are chosen by hash: the same ones in every window, \
             and more as the share grows.")
            .or("\"consumers\""),
        key("status", ValueKind::Integer { min: 100, max: 599 }, "Status of the response, 410 or 503.").or("410"),
        key("routes", ValueKind::OneOrMore(&ValueKind::Name), "The routes affected. Default: all."),
        key("consumers", ValueKind::OneOrMore(&ValueKind::Name), "The consumers affected. Default: all."),
        key("exempt", ValueKind::OneOrMore(&ValueKind::Name), "Consumers that are never refused."),
        key("dry_run", ValueKind::Flag, "Refuses nothing and only counts the requests that would have been refused.").or("false"),
    ],
    common: &[],
};

#[rustfmt::skip]
static RESOURCE: Table = Table {
    name: "api.resource",
    title: "[[api.resource]]",
    doc: "A JSON shape and every place in which it occurs, so that a change needs to name it only once.",
    keys: &[
        key("name", ValueKind::Name, "The name of the resource, used by `on` of a change.").required(),
        key("at", ValueKind::OneOrMore(&ValueKind::Either(&ValueKind::Name, &ValueKind::Table(&PLACE))),
            "Its places: `GET /users -> 200 /items/*` in a response, `POST /users <-` in a request, `order /lines/*` inside of another resource, `* -> 4xx` and `* <-` in the messages of every route. Routes, statuses and pointers are named as the newest version has them, also for a change of an older version.").required(),
        key("except", ValueKind::OneOrMore(&ValueKind::Name),
            "Routes, as the newest version has them, that the places of several routes (`* -> 4xx`, `* <-`, `* /users -> 200`) do not include."),
        key("links", ValueKind::OneOrMore(&ValueKind::Name),
            "Strings of the resource that are links to the API, such as `/next` or `/_links/*/href`, named as the newest version has \
             them. They are translated between versions as requests for them would be: prefix, version, route and query."),
    ],
    common: &[],
};

#[rustfmt::skip]
static CHANGE: Table = Table {
    name: "api.change",
    title: "[[api.change]]",
    doc: "What one version changed, written in the direction old → new. It runs in both directions.",
    keys: &[
        key("version", ValueKind::Name, "The version that introduced the change.").required(),
        key("summary", ValueKind::Name, "A sentence for the changelog.").required(),
        key("on", ValueKind::OneOrMore(&ValueKind::Name), "The resources it applies to."),
        key("at", ValueKind::OneOrMore(&ValueKind::Name), "Further places it applies to, written as in a resource: as the newest version has them, also if the change is of an older version. `order /lines/*` is a place inside of the resource `order`, wherever that is."),
        key("except", ValueKind::OneOrMore(&ValueKind::Name),
            "Routes, as the newest version has them, that the places of several routes in `at` do not include. The places of resources have their own `except`."),
        key("ops", ValueKind::List(&ValueKind::Op), "Its ops, in the order in which they run.").required(),
        key("breaking", ValueKind::Flag, "Allows ops that remove or alter something.").or("false"),
        key("strict", ValueKind::Flag, "Whether old clients and services lose what the change adds. Default: `strict` of the version or the api; without any, old clients keep it in responses, and old services lose it in requests."),
        on_error("What to do if a value cannot be migrated. Default: `on_error` of the api."),
    ],
    common: &[],
};

#[rustfmt::skip]
static ROUTE: Table = Table {
    name: "api.route",
    title: "[[api.route]]",
    doc: "Settings of one route. It also declares a route that no resource names.",
    keys: &[
        key("route", ValueKind::Name, "The route: `GET /users/{id}`; `*` stands for every method.").required(),
        key("default", ValueKind::Name, "The version for requests to this route that name none."),
        key("upstream", ValueKind::Name, "The `[[upstream]]` that serves it."),
        key("speaks", ValueKind::Name, "The version that its service speaks."),
        key("timeout", ValueKind::Duration,
            "Maximum time from the request headers to the end of the response, over all attempts. It does not apply to \
             server-sent events and WebSockets."),
        key("content", CONTENT,
            "How its responses with a 2xx status contain JSON, regardless of their `Content-Type`: for a service that \
             sends a wrong type, or none."),
        key("request_content", CONTENT,
            "How its requests contain JSON, regardless of their `Content-Type`. A request with the type of a patch remains \
             a patch."),
        key("on_untyped", ON_UNTYPED,
            "What to do with a body that a change affects if its `Content-Type` is missing, malformed, or neither JSON nor a form. \
             Default: `on_untyped` of the api."),
        key("forms", FORMS, "How the names of its form fields are read. Default: `forms` of the api."),
        key("version", ValueKind::List(&ValueKind::Table(&ROUTE_VERSION)), "Versions with other dates on this route."),
    ],
    common: &[],
};

static ROUTE_VERSION: Table = Table {
    name: "api.route.version",
    title: "[[api.route.version]]",
    doc: "The dates of one version on one route. Keys that are absent are taken from `[[api.version]]`.",
    keys: &[key("name", ValueKind::Name, "The version.").required()],
    common: &LIFE,
};

#[rustfmt::skip]
static EXTENSION: Table = Table {
    name: "api.extension",
    title: "[[api.extension]]",
    doc: "An extension lets one consumer use a version for longer. Responses to this consumer announce its own date.",
    keys: &[
        key("consumer", ValueKind::Name, "The consumer.").required(),
        key("version", ValueKind::Name, "The version.").required(),
        key("until", ValueKind::Date, "The sunset for this consumer.").required(),
        key("approved_by", ValueKind::Name, "Who approved it.").required(),
        key("reason", ValueKind::Name, "Why.").required(),
    ],
    common: &[],
};
