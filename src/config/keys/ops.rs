//! The ops of a change, each an inline table, and the small tables that go with them.

use super::conditions::{CEL, ELEMENT, EQUALS, EQUALS_JSON, IN, IN_JSON, TYPE, WHEN, all, any, not};
use super::op_table::{KEEP, carrying, head, op};
use super::structure::{CASES, ENTRIES, FLATTEN, KEYED, NEST, PARTITION, PICK, PUT, RENAME_ALL};
use super::values::{COUNT, SCALE};
use super::{Key, Table, ValueKind, key};

/// The ops; each one's name is its first key.
pub(in crate::config) static OPS: &[&Table] = &[
    &ADD,
    &COPY,
    &COMPUTE,
    &COUNT,
    &RENAME,
    &MOVE,
    &REMOVE,
    &WRAP,
    &UNWRAP,
    &SPLIT,
    &JOIN,
    &MAP,
    &CONVERT,
    &SCALE,
    &REPLACE,
    &REPLACE_PREFIX,
    &REPLACE_SUFFIX,
    &REQUIRE,
    &ENTRIES,
    &KEYED,
    &PICK,
    &PUT,
    &PARTITION,
    &NEST,
    &FLATTEN,
    &RENAME_ALL,
    &PATCH,
    &ADD_HEADER,
    &RENAME_HEADER,
    &REMOVE_HEADER,
    &RENAME_COOKIE,
    &ADD_QUERY,
    &RENAME_QUERY,
    &REMOVE_QUERY,
    &MAP_QUERY,
    &MAP_STATUS,
    &MAP_CONTENT_TYPE,
    &RENAME_PREFIX,
    &ADD_ROUTE,
    &REMOVE_ROUTE,
    &MOVE_ROUTE,
];

const LITERALS: ValueKind = ValueKind::Map(&ValueKind::Literal);
const PAIRS: ValueKind = ValueKind::List(&ValueKind::Pair);
const MANY: ValueKind = ValueKind::Word(&["error", "first"]);
const FORMS: ValueKind = ValueKind::Either(
    &ValueKind::Word(&[
        "number",
        "string",
        "integer",
        "decimal",
        "json",
        "json-text",
        "unix-seconds",
        "unix-millis",
        "rfc3339",
        "rfc2822",
        "http-date",
        "date",
    ]),
    &ValueKind::Table(&FORMAT),
);
const ARRAY: ValueKind = ValueKind::Word(&["array"]);
const STATUS: ValueKind = ValueKind::Integer { min: 100, max: 599 };
const WHICH: Key = key(
    "which",
    ValueKind::Table(&ELEMENT),
    "Which elements of an array count when one is taken out. The others are lost; if none matches, the member is removed. \
     Default: all.",
);
const LOST: Key = key(
    "lossy",
    ValueKind::Flag,
    "Allows losing the other members of the object (with `many = \"first\"`, the other elements) when a value is taken \
     out. Otherwise they are an error.",
)
.or("false");
const LOSSY: Key = key("lossy", ValueKind::Flag, "The old side gets nothing in its place.").or("false");

const NAMED: Key = key(
    "name",
    ValueKind::Text,
    "With `\"*\"`, and required there: the member that holds the name while the value is not in its object. It is beside \
     the value or inside of it.",
);

#[rustfmt::skip]
static ADD: Table = op("add", "`add`", "Adds a member if it is absent. Additive.", &[
    key("add", ValueKind::Text, "The member.").required(),
    key("value", ValueKind::Literal, "Its value. This, `json` or `optional` is required."),
    key("json", ValueKind::Json, "Its value as JSON, for what TOML cannot express: `null`, `1.10`, long numbers."),
    key("optional", ValueKind::Flag, "The member is new and has no default: nothing is added. With `strict`, the old side does not get it.").or("false"),
]);

#[rustfmt::skip]
static COPY: Table = carrying("copy", "`copy`", "Copies a value byte for byte. Additive.", &[
    key("copy", ValueKind::Text, "The source.").required(),
    key("to", ValueKind::Text, "The target.").required(),
]);

#[rustfmt::skip]
static COMPUTE: Table = carrying("compute", "`compute`", "Builds a string from other values, or computes a value by an expression. Additive without `back`.", &[
    key("compute", ValueKind::Text, "The target.").required(),
    key("from", ValueKind::Text, "The template, `{/first} {/last}`; `{path.id}` is a parameter of the route's path, which has one name in all versions; `{%/id}` percent-encodes the value for a URL; `{{` and `}}` are literal braces. Either this or `cel` is required."),
    key("cel", ValueKind::Text, "An expression of the Common Expression Language. `self` is the object that the op starts from."),
    key("back", ValueKind::Map(&ValueKind::Text), "With `cel`: the old members that the new one replaces, each with the expression that computes its value on the way back. The op is then not additive."),
    key("lossy", ValueKind::Flag, "With `back`: accepts messages that are not the same after a round trip.").or("false"),
]);

#[rustfmt::skip]
static RENAME: Table = carrying("rename", "`rename`", "Renames a member within its object. Its position is kept.", &[
    key("rename", ValueKind::Text, "The old name.").required(),
    key("to", ValueKind::Text, "The new name.").required(),
    key("expand", ValueKind::Flag, "Responses contain both names until all older versions are gone.").or("false"),
]);

#[rustfmt::skip]
static MOVE: Table = carrying("move", "`move`", "Moves a value to another place, and creates objects on the way.", &[
    key("move", ValueKind::Text, "The old place.").required(),
    key("to", ValueKind::Text, "The new place.").required(),
    key("many", MANY,
            "One place is a member of every element, `/items/*/x`, and the other is a single value. `error`: all elements must \
             have the same value. `first`: the first value is taken, and the others are lost."),
    key("lossy", ValueKind::Flag, "With `many`: the value may be lost where there is no element. Otherwise it is an error.").or("false"),
]);

#[rustfmt::skip]
static REMOVE: Table = op("remove", "`remove`", "Removes a member. One of the keys from `restore` to `lossy` is required.", &[
    key("remove", ValueKind::Text, "The member.").required(),
    key("restore", ValueKind::Literal, "The value that the old side gets if it is absent."),
    key("restore_json", ValueKind::Json, "The same as JSON."),
    key("restore_from", ValueKind::Text, "The old side gets a copy of the value at this place if the member is absent. If the place is absent, too, it gets `restore`, or nothing."),
    key("restore_text", ValueKind::Text, "The old side gets this string if the member is absent. It is a template as for `compute`: `/v1/charges?payment_intent={/id}`. If one of its places is absent or null, it gets `restore`, or nothing."),
    LOSSY,
]);

#[rustfmt::skip]
static WRAP: Table = op("wrap", "`wrap`", "Puts a value into a new array or object.", &[
    key("wrap", ValueKind::Text, "The value; `\"\"` is the whole resource.").required(),
    key("as", ValueKind::Name, "`\"array\"`, the name of the member for the value, or `\"*\"`: the name is the value at `name`.").required(),
    NAMED,
    key("many", MANY,
            "What to do, on the way back, with an array of several elements: an error, or take the first. `first` requires \
             `which` or `lossy`.").or("\"error\""),
    WHICH,
    LOST,
]);

#[rustfmt::skip]
static UNWRAP: Table = op("unwrap", "`unwrap`", "Takes a value out of its array or object.", &[
    key("unwrap", ValueKind::Text, "The array or object; `\"\"` is the whole resource.").required(),
    key("from", ValueKind::Name, "`\"array\"`, the name of the member to take out, or `\"*\"`: the only member, whatever its name.").required(),
    NAMED,
    key("many", MANY,
            "What to do with an array of several elements: an error, or take the first. `first` requires `which` or \
             `lossy`.").or("\"error\""),
    WHICH,
    LOST,
]);

#[rustfmt::skip]
static SPLIT: Table = carrying("split", "`split`", "Splits a string at a separator: into members, or into an array.", &[
    key("split", ValueKind::Text, "The string.").required(),
    key("into", ValueKind::Either(&ARRAY, &ValueKind::List(&ValueKind::Text)), "The targets. The last one gets the rest. `\"array\"`: an array in place of the string.").required(),
    key("on", ValueKind::Name, "The separator.").required(),
    key("lossy", ValueKind::Flag, "On the way back, parts may be joined that the string would not be split into again, such as one that contains the separator. If not, they are an error.").or("false"),
]);

#[rustfmt::skip]
static JOIN: Table = carrying("join", "`join`", "Joins strings, or the strings of an array.", &[
    key("join", ValueKind::Either(&ValueKind::Text, &ValueKind::List(&ValueKind::Text)), "The sources. Absent ones are skipped. With `from = \"array\"`: the array.").required(),
    key("to", ValueKind::Text, "The target. Required, except for an array: its string takes its place."),
    key("from", ARRAY, "The source is an array of strings."),
    key("on", ValueKind::Name, "The separator.").required(),
    key("lossy", ValueKind::Flag, "Parts may be joined that the string would not be split into again on the way back, such as one that contains the separator. If not, they are an error.").or("false"),
]);

#[rustfmt::skip]
static MAP: Table = op("map", "`map`", "Replaces values by a table. At least one of `values`, `pairs` and `pairs_json` is required.", &[
    key("map", ValueKind::Text, "The value.").required(),
    key("values", LITERALS,
            "Old strings and their new values: `{ active = \"enabled\" }`. Keys are strings, `\"0\"` too; numbers go into \
             `pairs`."),
    key("pairs", PAIRS, "Old and new values that are not strings: `[[1, \"low\"], [2, \"high\"]]`."),
    key("pairs_json", ValueKind::Json, "The same as JSON, for what TOML cannot express: `[[null, \"none\"]]`."),
    key("other", ValueKind::Either(&ValueKind::Word(&["keep"]), &ValueKind::Table(&OTHER)),
        "What a value that is not listed becomes, in both directions: it is kept, or becomes this value. Default: an error."),
    key("back", LITERALS, "The old value of a new string that several old values map to: `{ open = \"new\" }`."),
    key("back_pairs", PAIRS, "The same for new values that are not strings: `[[1, \"low\"]]`, new first."),
    key("back_pairs_json", ValueKind::Json, "The same as JSON."),
]);

#[rustfmt::skip]
static CONVERT: Table = op("convert", "`convert`", "Converts a value to another form, exactly and without rounding.", &[
    key("convert", ValueKind::Text, "The value.").required(),
    key("from", FORMS, "The old form.").required(),
    key("to", FORMS, "The new form.").required(),
    key("scale", ValueKind::Integer { min: 0, max: 1000 },
            "Digits after the decimal point. Required with `decimal`, and only allowed there."),
]);

#[rustfmt::skip]
static REPLACE: Table = op("replace", "`replace`", "Rewrites strings by a regular expression, and by another one on the way back.", &[
    key("replace", ValueKind::Text, "The string.").required(),
    key("regex", ValueKind::Name, "A regular expression (of the crate `regex`) that matches the whole old string. Any other string is an error.").required(),
    key("to", ValueKind::Text, "The new string. `{name}` is the group `(?<name>…)` of `regex`; `{{` and `}}` are literal braces.").required(),
    key("back_regex", ValueKind::Name, "The same for the way back: what matches the whole new string.").required(),
    key("back_to", ValueKind::Text, "The old string, made of groups of `back_regex`.").required(),
    key("lossy", ValueKind::Flag, "Accepts strings that do not come back as they were. Otherwise they are an error.").or("false"),
]);

#[rustfmt::skip]
static REPLACE_PREFIX: Table = op("replace_prefix", "`replace_prefix`", "Replaces the beginning of strings. A string without it is an error.", &[
    key("replace_prefix", ValueKind::Text, "The string.").required(),
    key("from", ValueKind::Text, "The old prefix; `\"\"` if there was none.").required(),
    key("to", ValueKind::Text, "The new prefix; `\"\"` if there is none.").required(),
]);

#[rustfmt::skip]
static REPLACE_SUFFIX: Table = op("replace_suffix", "`replace_suffix`", "Replaces the end of strings. A string without it is an error.", &[
    key("replace_suffix", ValueKind::Text, "The string.").required(),
    key("from", ValueKind::Text, "The old suffix; `\"\"` if there was none.").required(),
    key("to", ValueKind::Text, "The new suffix; `\"\"` if there is none.").required(),
]);

#[rustfmt::skip]
static REQUIRE: Table = op("require", "`require`",
    "Refuses a message, in both directions, if a condition does not hold of a value. An absent value is accepted. Use it for \
     values that one side can send and the other cannot read, after the op that writes the value. With `on_error = \
     \"pass\"` it refuses nothing, and `check` warns. One of the keys from `equals` to `not` is required.", &[
    key("require", ValueKind::Text, "The value.").required(),
    EQUALS, EQUALS_JSON, IN, IN_JSON, TYPE, CEL, any(), all(), not(),
]);

#[rustfmt::skip]
static PATCH: Table = op("patch", "`patch`", "Applies a JSON Patch (RFC 6902). The whole body is held in memory.", &[
    key("patch", ValueKind::Patch, "The operations, as tables or as JSON.").required(),
    key("back", ValueKind::Patch, "The operations for the way back."),
]);

#[rustfmt::skip]
static ADD_HEADER: Table = head("add_header", "`add_header`", "Adds a header if it is absent. Additive.", &[
    key("add_header", ValueKind::Name, "The header.").required(),
    key("value", ValueKind::Text, "Its value.").required(),
]);

#[rustfmt::skip]
static RENAME_HEADER: Table = head("rename_header", "`rename_header`",
    "Renames all lines of a header. If a message has both names, the lines of the new name are removed, or with `keep` \
     those of the old name.", &[
    key("rename_header", ValueKind::Name, "The old header.").required(),
    key("to", ValueKind::Name, "The new header.").required(),
    KEEP,
]);

#[rustfmt::skip]
static REMOVE_HEADER: Table = head("remove_header", "`remove_header`",
    "Removes a header. `restore` or `lossy` is required.", &[
    key("remove_header", ValueKind::Name, "The header.").required(),
    key("restore", ValueKind::Text, "The value that the old side gets if it is absent."),
    LOSSY,
]);

#[rustfmt::skip]
static RENAME_COOKIE: Table = head("rename_cookie", "`rename_cookie`",
    "Renames a cookie: in `Cookie` of requests, and in `Set-Cookie` of responses, at the places of the change. If a message \
     has both names, the cookies with the new name are removed, or with `keep` those with the old name.", &[
    key("rename_cookie", ValueKind::Name, "The old name.").required(),
    key("to", ValueKind::Name, "The new name.").required(),
    KEEP,
]);

#[rustfmt::skip]
static ADD_QUERY: Table = head("add_query", "`add_query`", "Adds a query parameter if it is absent. Additive.", &[
    key("add_query", ValueKind::Name, "The parameter.").required(),
    key("value", ValueKind::Text, "Its value.").required(),
]);

#[rustfmt::skip]
static RENAME_QUERY: Table = head("rename_query", "`rename_query`",
    "Renames all occurrences of a query parameter. If a request has both names, the values of the new name are removed, or \
     with `keep` those of the old name.", &[
    key("rename_query", ValueKind::Name, "The old parameter.").required(),
    key("to", ValueKind::Name, "The new parameter.").required(),
    KEEP,
]);

#[rustfmt::skip]
static REMOVE_QUERY: Table = head("remove_query", "`remove_query`",
    "Removes a query parameter. `restore` or `lossy` is required.", &[
    key("remove_query", ValueKind::Name, "The parameter.").required(),
    key("restore", ValueKind::Text, "The value that the old side gets if it is absent."),
    LOSSY,
]);

#[rustfmt::skip]
static MAP_QUERY: Table = head("map_query", "`map_query`",
    "Replaces values of a query parameter that name members, such as `sort` or `fields`, also in a comma-separated list. \
     Commas, a sign before a name, and spaces around it may be percent-encoded, and keep their spelling.", &[
    key("map_query", ValueKind::Name, "The parameter.").required(),
    key("values", ValueKind::Map(&ValueKind::Text), "Old values and their new ones: `{ name = \"title\" }`. This or `from` and `to` are needed."),
    key("from", CASES, "Names of members are in this case; each part of a path such as `home.zip_code` is a name. A name that would not come back stays as it is."),
    key("to", CASES, "The case that they get."),
    key("except", ValueKind::List(&ValueKind::Name), "With `from` and `to`: names that stay."),
]);

#[rustfmt::skip]
static MAP_STATUS: Table = head("map_status", "`map_status`", "Replaces a response status, with `when` only that of some responses.", &[
    key("map_status", STATUS, "The old status.").required(),
    key("to", STATUS, "The new status.").required(),
    key("when", ValueKind::Table(&WHEN),
        "Condition that the body must fulfil, in both directions. Its pointers start at the root of the body, and a test without `at` is \
         about the whole body. It is read in the body as it is at this op's place in `ops`. The whole body is held. Without a body, or if \
         the body is not one JSON document, the status is kept. Default: always."),
]);

#[rustfmt::skip]
static MAP_CONTENT_TYPE: Table = head("map_content_type", "`map_content_type`",
    "Replaces the media type in `Content-Type`; parameters such as `charset` are kept. In responses, a client that accepts \
     the type of its version also accepts that of the service: `Accept` is extended.", &[
    key("map_content_type", ValueKind::Name, "The old media type, `application/json`, without parameters.").required(),
    key("to", ValueKind::Name, "The new media type, `application/problem+json`.").required(),
]);

#[rustfmt::skip]
static RENAME_PREFIX: Table = head("rename_prefix", "`rename_prefix`",
    "Replaces the prefix of paths in `Location`, `Content-Location`, `Link` and declared links of bodies, in responses.", &[
    key("rename_prefix", ValueKind::Name, "The old prefix.").required(),
    key("to", ValueKind::Name, "The new prefix.").required(),
]);

#[rustfmt::skip]
static ADD_ROUTE: Table = head("add_route", "`add_route`", "The version added this route; older versions do not have it.", &[
    key("add_route", ValueKind::Name, "The route, `POST /users`.").required(),
]);

#[rustfmt::skip]
static REMOVE_ROUTE: Table = head("remove_route", "`remove_route`",
    "The version removed this route; only older versions have it.", &[
    key("remove_route", ValueKind::Name, "The route, `POST /users`.").required(),
]);

#[rustfmt::skip]
static MOVE_ROUTE: Table = head("move_route", "`move_route`", "The version moved this route to another path. The method stays.", &[
    key("move_route", ValueKind::Name, "The old route, `GET /people/{id}`.").required(),
    key("to", ValueKind::Name, "The new route, `GET /users/{id}`.").required(),
    key("query", ValueKind::Map(&ValueKind::Text),
        "Query parameters of the new route that stand for the name of the old one, `{ types = \"private_channel\" }`. They \
         are set on the way up and removed on the way back. Several old routes may become one if their `query` differs; a \
         request with the `query` of none of them gets a 404 from an older service."),
    key("lost", ValueKind::Map(&ValueKind::Name),
        "Path parameters of the old route that the new one lacks, and their values on the way back, `{ type = \"_doc\" }`. Links that lead back to the path of the request have its values instead."),
]);

#[rustfmt::skip]
pub(super) static PLACE: Table = Table {
    name: "place",
    title: "a place",
    doc: "A place of a resource that needs more than a string.",
    keys: &[
        key("at", ValueKind::Name, "The place, `PATCH /users/{id} <-`.").required(),
        key("partial", ValueKind::Flag,
            "Whether the resource has only some of its members here, so that absent ones are not filled in, except in an \
             object that the same change creates. Default: `true` for requests of `PATCH`, otherwise `false`. Each place \
             has its own setting."),
    ],
    common: &[],
};

static FORMAT: Table = Table {
    name: "format",
    title: "a format",
    doc: "A format of times.",
    keys: &[key(
        "format",
        ValueKind::Name,
        "A pattern of `strftime`, such as `%a %b %d %H:%M:%S %z %Y`. A time without an offset is in UTC.",
    )
    .required()],
    common: &[],
};

static OTHER: Table = Table {
    name: "other",
    title: "`other`",
    doc: "What every value becomes that the `map` does not list. Give exactly one of the keys.",
    keys: &[key("value", ValueKind::Literal, "The value."), key("json", ValueKind::Json, "The value as JSON.")],
    common: &[],
};
