//! The tables of cases: in an api, and in files of their own.

use super::{Key, Kind, Table, key};

/// A file of cases.
#[rustfmt::skip]
pub(in crate::config) static CASES: Table = Table {
    name: "cases",
    title: "a file of cases",
    doc: "A file that `sunward test` is given beside the config.",
    keys: &[key("case", Kind::List(&Kind::Table(&CASE_OF_FILE)), "Tests of the changes.").required()],
    common: &[],
};

#[rustfmt::skip]
static CASE_OF_FILE: Table = Table {
    name: "case",
    title: "[[case]]",
    doc: "As `[[api.case]]`, and the api.",
    keys: &[key("api", Kind::Name, "The api; not needed if there is only one.")],
    common: &CASE_KEYS,
};

#[rustfmt::skip]
pub(super) static CASE: Table = Table {
    name: "api.case",
    title: "[[api.case]]",
    doc: "A test of the changes: a message of one version, and what it is in another. `sunward test` runs it both ways; a gateway does not read it.",
    keys: &CASE_KEYS,
    common: &[],
};

#[rustfmt::skip]
static CASE_KEYS: [Key; 6] = [
    key("name", Kind::Name, "What it shows, for the report.").required(),
    key("at", Kind::Name, "The message: `GET /users/{id} -> 200` for a response, `POST /users <-` for a request. The route is named as in a resource.").required(),
    key("from", Kind::Table(&FROM), "What comes in.").required(),
    key("to", Kind::Table(&TO), "What it becomes.").required(),
    key("back", Kind::Either(&Kind::Flag, &Kind::Table(&BACK)),
        "What `to` becomes on the way back, where that is not `from` again because the change loses something; `false` if the way back is not tested.")
        .or("true"),
    key("exact", Kind::Flag,
        "Compares bodies byte by byte. Otherwise white space between tokens and the order of members do not count; the spelling of numbers, texts after unescaping, and duplicates do.")
        .or("false"),
];

#[rustfmt::skip]
static FROM: Table = Table {
    name: "case.from",
    title: "a case's `from`",
    doc: "The message that comes in. It has nothing but what is given here.",
    keys: &[key("version", Kind::Name, "The version that it speaks.").required()],
    common: &MESSAGE,
};

#[rustfmt::skip]
static TO: Table = Table {
    name: "case.to",
    title: "a case's `to`",
    doc: "The message that is expected. It has nothing but what is given here; path, status and Content-Type are compared only if they are given; without a `content_type`, the body is read as that of `from`.",
    keys: &[
        key("version", Kind::Name, "The version that it is migrated to.").required(),
        key("error", Kind::Name, "The message is refused, and the error contains this text. Nothing but `version` goes with it."),
    ],
    common: &MESSAGE,
};

#[rustfmt::skip]
static BACK: Table = Table {
    name: "case.back",
    title: "a case's `back`",
    doc: "The message that is expected on the way back. Its version is that of `from`.",
    keys: &[key("error", Kind::Name, "The message is refused, and the error contains this text. Nothing else goes with it.")],
    common: &MESSAGE,
};

#[rustfmt::skip]
static MESSAGE: [Key; 7] = [
    key("path", Kind::Name, "A request's path below the base path, without the version: `/users/7`. Unless given, one is made up from the route."),
    key("query", Kind::Text, "A request's query, percent-encoded and without the `?`: `sort=-name&page=2`."),
    key("headers", Kind::Map(&Kind::OneOrMore(&Kind::Text)), "The header fields, without the Content-Type: `{ X-Plan = \"free\" }`."),
    key("status", Kind::Integer { min: 100, max: 599 }, "A response's status, as its version has it; that of `at`, unless given."),
    key("content_type", Kind::Name, "The Content-Type of the body. Default: `application/json`; in `to` and `back`, that of `from`."),
    key("body", Kind::Text, "The body, best in single quotes: `'{\"id\": 7}'`. There is none, unless given."),
    key("body_file", Kind::Name, "The file that the body is in, relative to this one; in place of `body`."),
];
