//! The tables of cases: in an api, and in files of their own.

use super::{Key, Table, ValueKind, key};

/// A file of cases.
#[rustfmt::skip]
pub(in crate::config) static CASES: Table = Table {
    name: "cases",
    title: "a file of cases",
    doc: "A file of cases, passed to `sunward test` in addition to the config.",
    keys: &[key("case", ValueKind::List(&ValueKind::Table(&CASE_OF_FILE)), "Tests of the changes.").required()],
    common: &[],
};

#[rustfmt::skip]
static CASE_OF_FILE: Table = Table {
    name: "case",
    title: "[[case]]",
    doc: "The keys of `[[api.case]]`, and the api.",
    keys: &[key("api", ValueKind::Name, "The api. Optional if there is only one.")],
    common: &CASE_KEYS,
};

#[rustfmt::skip]
pub(super) static CASE: Table = Table {
    name: "api.case",
    title: "[[api.case]]",
    doc: "A test of the changes: a message of one version, and what it becomes in another. `sunward test` runs it in both \
          directions. Serving does not run it, but a case that cannot be read or names an unknown route is an error of the config.",
    keys: &CASE_KEYS,
    common: &[],
};

#[rustfmt::skip]
static CASE_KEYS: [Key; 6] = [
    key("name", ValueKind::Name, "Its name in the report.").required(),
    key("at", ValueKind::Name,
            "The message: `GET /users/{id} -> 200` for a response, `POST /users <-` for a request. The route is named \
             as in the newest version that has it, whatever the versions of the case.").required(),
    key("from", ValueKind::Table(&FROM), "The message before the migration.").required(),
    key("to", ValueKind::Table(&TO), "The message after the migration.").required(),
    key("back", ValueKind::Either(&ValueKind::Flag, &ValueKind::Table(&BACK)),
        "What `to` becomes on the way back, if that differs from `from` because the change loses something. With `false`, \
         the way back is not tested.")
        .or("true"),
    key("exact", ValueKind::Flag,
        "Whether bodies are compared byte by byte. Otherwise white space between tokens and the order of members are \
         ignored; the spelling of numbers, strings after unescaping, and duplicate members are compared.")
        .or("false"),
];

#[rustfmt::skip]
static FROM: Table = Table {
    name: "case.from",
    title: "a case's `from`",
    doc: "The message before the migration. It contains only what is given here.",
    keys: &[key("version", ValueKind::Name, "The version of the message.").required()],
    common: &MESSAGE,
};

#[rustfmt::skip]
static TO: Table = Table {
    name: "case.to",
    title: "a case's `to`",
    doc: "The expected message. It contains only what is given here. The path, the status and the Content-Type are \
          compared only if given. Without `content_type`, the body is read like that of `from`.",
    keys: &[
        key("version", ValueKind::Name, "The version that the message is migrated to.").required(),
        key("error", ValueKind::Name,
            "The message must be refused, with an error that contains this text. Only `version` may be given with it."),
    ],
    common: &MESSAGE,
};

#[rustfmt::skip]
static BACK: Table = Table {
    name: "case.back",
    title: "a case's `back`",
    doc: "The expected message on the way back. Its version is that of `from`.",
    keys: &[key("error", ValueKind::Name,
            "The message must be refused, with an error that contains this text. No other key may be given with it.")],
    common: &MESSAGE,
};

#[rustfmt::skip]
static MESSAGE: [Key; 7] = [
    key("path", ValueKind::Name,
            "Path of the request below the base path, without the version: `/users/7`. In a response, that of the request that it answers. Default: made up from the route."),
    key("query", ValueKind::Text, "Query of a request, percent-encoded and without the `?`: `sort=-name&page=2`."),
    key("headers", ValueKind::Map(&ValueKind::OneOrMore(&ValueKind::Text)), "The headers, except Content-Type: `{ X-Plan = \"free\" }`."),
    key("status", ValueKind::Integer { min: 100, max: 599 }, "Status of a response, in its own version. Default: the status in `at`; in `to`, the one that comes out, which is then also that of the way back."),
    key("content_type", ValueKind::Name, "Content-Type of the body. Default: `application/json`; in `to` and `back`, that of `from`."),
    key("body", ValueKind::Text, "The body, best in single quotes: `'{\"id\": 7}'`. Default: no body."),
    key("body_file", ValueKind::Name, "Path of a file with the body, relative to this file. Replaces `body`."),
];
