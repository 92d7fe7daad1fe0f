//! The ops of a change, each an inline table, and the small tables that go with them.

use super::{Key, Kind, Table, key};

/// The ops; each one's name is its first key.
pub(in crate::config) static OPS: &[&Table] = &[
    &ADD,
    &COPY,
    &COMPUTE,
    &RENAME,
    &MOVE,
    &REMOVE,
    &WRAP,
    &UNWRAP,
    &SPLIT,
    &JOIN,
    &MAP,
    &CONVERT,
    &REQUIRE,
    &PATCH,
    &ADD_HEADER,
    &RENAME_HEADER,
    &REMOVE_HEADER,
    &ADD_QUERY,
    &RENAME_QUERY,
    &REMOVE_QUERY,
    &MAP_QUERY,
    &MAP_STATUS,
    &RENAME_PREFIX,
    &ADD_ROUTE,
    &REMOVE_ROUTE,
    &MOVE_ROUTE,
];

pub(super) const fn on_error(doc: &'static str) -> Key {
    key("on_error", Kind::Word(&["fail", "pass"]), doc)
}

const fn op(name: &'static str, title: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, title, doc, keys, common: BODY }
}

const fn carrying(name: &'static str, title: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, title, doc, keys, common: CARRYING }
}

const fn head(name: &'static str, title: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, title, doc, keys, common: &[] }
}

const LITERALS: Kind = Kind::Map(&Kind::Literal);
const PAIRS: Kind = Kind::List(&Kind::Pair);
const MANY: Kind = Kind::Word(&["error", "first"]);
const FORMS: Kind = Kind::Word(&["number", "string", "integer", "decimal", "unix-seconds", "unix-millis", "rfc3339"]);
const STATUS: Kind = Kind::Integer { min: 100, max: 599 };
const KEEP: Key =
    key("keep", Kind::Flag, "If the target already exists, it keeps its value and the source is removed.").or("false");
const WHICH: Key = key(
    "which",
    Kind::Table(&ELEMENT),
    "Which elements of an array count where one is taken out; the others are lost, and where none counts, the member goes. All, unless said.",
);
const LOST: Key = key(
    "lossy",
    Kind::Flag,
    "Where a value is taken out, the other members of its object (with `many = \"first\"`, the other elements) may be lost. If not, they are an error.",
)
.or("false");
const LOSSY: Key = key("lossy", Kind::Flag, "The old side has to do without.").or("false");

#[rustfmt::skip]
const BODY: &[Key] = &[
    key("when", Kind::Table(&WHEN), "Where the op applies; everywhere, unless said."),
    on_error("What to do when a value cannot be migrated; what the change says, unless said."),
];

/// Of ops that bring a value to a place which may have one already.
#[rustfmt::skip]
const CARRYING: &[Key] = &[BODY[0], BODY[1], KEEP];

#[rustfmt::skip]
static ADD: Table = op("add", "`add`", "Adds a member where it is absent. Additive.", &[
    key("add", Kind::Text, "The member.").required(),
    key("value", Kind::Literal, "Its value. This or `json` is needed."),
    key("json", Kind::Json, "Its value as JSON text, for what TOML cannot spell: `null`, `1.10`, long numbers."),
]);

#[rustfmt::skip]
static COPY: Table = carrying("copy", "`copy`", "Copies the exact bytes of a value. Additive.", &[
    key("copy", Kind::Text, "The source.").required(),
    key("to", Kind::Text, "The target.").required(),
]);

#[rustfmt::skip]
static COMPUTE: Table = carrying("compute", "`compute`", "Writes a text made of others. Additive.", &[
    key("compute", Kind::Text, "The target.").required(),
    key("from", Kind::Text, "The template, `{/first} {/last}`; `{{` and `}}` stand for braces.").required(),
]);

#[rustfmt::skip]
static RENAME: Table = carrying("rename", "`rename`", "Renames a member within its object; its place is kept.", &[
    key("rename", Kind::Text, "The old member.").required(),
    key("to", Kind::Text, "The new one.").required(),
    key("expand", Kind::Flag, "Responses carry both names while an older version lives.").or("false"),
]);

#[rustfmt::skip]
static MOVE: Table = carrying("move", "`move`", "Takes a value to another place; objects on the way are made.", &[
    key("move", Kind::Text, "The old place.").required(),
    key("to", Kind::Text, "The new one.").required(),
]);

#[rustfmt::skip]
static REMOVE: Table = op("remove", "`remove`", "Removes a member. `restore`, `restore_json` or `lossy` is needed.", &[
    key("remove", Kind::Text, "The member.").required(),
    key("restore", Kind::Literal, "What the old side gets where it is absent."),
    key("restore_json", Kind::Json, "The same as JSON text."),
    LOSSY,
]);

#[rustfmt::skip]
static WRAP: Table = op("wrap", "`wrap`", "Puts a value into an array or an object of its own.", &[
    key("wrap", Kind::Text, "The value; `\"\"` is the whole resource.").required(),
    key("as", Kind::Name, "`\"array\"`, or the name of the member that it becomes.").required(),
    key("many", MANY, "What the way back makes of an array of several: an error, or its first element. `first` needs `which` or `lossy`.").or("\"error\""),
    WHICH,
    LOST,
]);

#[rustfmt::skip]
static UNWRAP: Table = op("unwrap", "`unwrap`", "Takes a value out of its array or object.", &[
    key("unwrap", Kind::Text, "The array or object; `\"\"` is the whole resource.").required(),
    key("from", Kind::Name, "`\"array\"`, or the name of the member that is taken out.").required(),
    key("many", MANY, "What to make of an array of several: an error, or its first element. `first` needs `which` or `lossy`.").or("\"error\""),
    WHICH,
    LOST,
]);

#[rustfmt::skip]
static SPLIT: Table = carrying("split", "`split`", "Cuts a text at the first separators.", &[
    key("split", Kind::Text, "The text.").required(),
    key("into", Kind::List(&Kind::Text), "The targets; the last takes the rest.").required(),
    key("on", Kind::Name, "The separator.").required(),
]);

#[rustfmt::skip]
static JOIN: Table = carrying("join", "`join`", "Puts several texts together.", &[
    key("join", Kind::List(&Kind::Text), "The sources; those that are absent are left out.").required(),
    key("to", Kind::Text, "The target.").required(),
    key("on", Kind::Name, "The separator.").required(),
]);

#[rustfmt::skip]
static MAP: Table = op("map", "`map`", "Exchanges values by a list. `values` or `pairs` is needed, or both.", &[
    key("map", Kind::Text, "The value.").required(),
    key("values", LITERALS, "Old texts and their new values: `{ active = \"enabled\" }`. Keys are texts, also `\"0\"`: numbers go into `pairs`."),
    key("pairs", PAIRS, "Old and new values that are no texts: `[[1, \"low\"], [2, \"high\"]]`."),
    key("other", Kind::Either(&Kind::Word(&["keep"]), &Kind::Table(&OTHER)),
        "What becomes of a value that is not listed, both ways: it stays, or is this value. An error, unless said."),
    key("back", LITERALS, "Which old value a new text goes back to, where two old ones meet: `{ open = \"new\" }`."),
    key("back_pairs", PAIRS, "The same for new values that are no texts: `[[1, \"low\"]]`, new first."),
]);

#[rustfmt::skip]
static CONVERT: Table = op("convert", "`convert`", "Writes a value in another form. Exact, never rounded.", &[
    key("convert", Kind::Text, "The value.").required(),
    key("from", FORMS, "The old form.").required(),
    key("to", FORMS, "The new form.").required(),
    key("scale", Kind::Integer { min: 0, max: 1000 }, "Digits after the point; with `decimal`, and needed there."),
]);

#[rustfmt::skip]
static REQUIRE: Table = op("require", "`require`",
    "Refuses a message, in both directions, if the value is not the required one. If the value is absent, nothing happens. It \
     is for values that one side can send and the other cannot read. Put it behind the op that writes the value. With \
     `on_error = \"pass\"` it refuses nothing, and `check` warns.", &[
    key("require", Kind::Text, "The value.").required(),
    key("equals", Kind::Literal, "What it must be. This or `equals_json` is needed."),
    key("equals_json", Kind::Json, "The same as JSON text."),
]);

#[rustfmt::skip]
static PATCH: Table = op("patch", "`patch`", "Runs a JSON Patch (RFC 6902). The body is held as a whole.", &[
    key("patch", Kind::Patch, "The operations, as tables or as their JSON text.").required(),
    key("back", Kind::Patch, "The operations of the way back."),
]);

#[rustfmt::skip]
static ADD_HEADER: Table = head("add_header", "`add_header`", "Adds a header where it is absent. Additive.", &[
    key("add_header", Kind::Name, "The header.").required(),
    key("value", Kind::Text, "Its value.").required(),
]);

#[rustfmt::skip]
static RENAME_HEADER: Table = head("rename_header", "`rename_header`",
    "Renames a header, all its lines. Where a message has both names, the lines under the new name go, or with `keep` those \
     under the old one.", &[
    key("rename_header", Kind::Name, "The old header.").required(),
    key("to", Kind::Name, "The new one.").required(),
    KEEP,
]);

#[rustfmt::skip]
static REMOVE_HEADER: Table = head("remove_header", "`remove_header`",
    "Removes a header. `restore` or `lossy` is needed.", &[
    key("remove_header", Kind::Name, "The header.").required(),
    key("restore", Kind::Text, "The value that the old side gets where it is absent."),
    LOSSY,
]);

#[rustfmt::skip]
static ADD_QUERY: Table = head("add_query", "`add_query`", "Adds a query parameter where it is absent. Additive.", &[
    key("add_query", Kind::Name, "The parameter.").required(),
    key("value", Kind::Text, "Its value.").required(),
]);

#[rustfmt::skip]
static RENAME_QUERY: Table = head("rename_query", "`rename_query`",
    "Renames a query parameter, each time it is given. Where a request has both names, the values under the new name go, or \
     with `keep` those under the old one.", &[
    key("rename_query", Kind::Name, "The old parameter.").required(),
    key("to", Kind::Name, "The new one.").required(),
    KEEP,
]);

#[rustfmt::skip]
static REMOVE_QUERY: Table = head("remove_query", "`remove_query`",
    "Removes a query parameter. `restore` or `lossy` is needed.", &[
    key("remove_query", Kind::Name, "The parameter.").required(),
    key("restore", Kind::Text, "The value that the old side gets where it is absent."),
    LOSSY,
]);

#[rustfmt::skip]
static MAP_QUERY: Table = head("map_query", "`map_query`",
    "Exchanges values of a query parameter that name fields, such as `sort` or `fields`; in a comma list each. Commas, \
     signs before a name and spaces around it may be escaped, and are kept as they are written.", &[
    key("map_query", Kind::Name, "The parameter.").required(),
    key("values", Kind::Map(&Kind::Text), "Old values and their new ones: `{ name = \"title\" }`.").required(),
]);

#[rustfmt::skip]
static MAP_STATUS: Table = head("map_status", "`map_status`", "Exchanges one response status for another.", &[
    key("map_status", STATUS, "The old status.").required(),
    key("to", STATUS, "The new one.").required(),
]);

#[rustfmt::skip]
static RENAME_PREFIX: Table = head("rename_prefix", "`rename_prefix`",
    "Exchanges the prefix of paths in `Location` and `Link`.", &[
    key("rename_prefix", Kind::Name, "The old prefix.").required(),
    key("to", Kind::Name, "The new one.").required(),
]);

#[rustfmt::skip]
static ADD_ROUTE: Table = head("add_route", "`add_route`", "The version added a route: older clients have none.", &[
    key("add_route", Kind::Name, "The route, `POST /users`.").required(),
]);

#[rustfmt::skip]
static REMOVE_ROUTE: Table = head("remove_route", "`remove_route`",
    "The version removed a route: only older clients have it.", &[
    key("remove_route", Kind::Name, "The route, `POST /users`.").required(),
]);

#[rustfmt::skip]
static MOVE_ROUTE: Table = head("move_route", "`move_route`", "The version moved a route.", &[
    key("move_route", Kind::Name, "The old route, `GET /people/{id}`.").required(),
    key("to", Kind::Name, "The new one, `GET /users/{id}`.").required(),
]);

#[rustfmt::skip]
pub(super) static PLACE: Table = Table {
    name: "place",
    title: "a place",
    doc: "A place of a resource, where its text alone does not say enough.",
    keys: &[
        key("at", Kind::Name, "The place, `PATCH /users/{id} <-`.").required(),
        key("partial", Kind::Flag,
            "The resource has only some of its members here, so what is absent is not filled in, except inside of an object \
             that the same change makes. Default: `true` for requests of `PATCH`, else `false`. Each place has its own."),
    ],
    common: &[],
};

#[rustfmt::skip]
static WHEN: Table = Table {
    name: "when",
    title: "`when`",
    doc: "Where an op applies: `{ present = \"/x\" }`, or `{ at = \"/kind\", equals = \"card\" }`.",
    keys: &[
        key("present", Kind::Text, "Where this member is present."),
        key("at", Kind::Text, "Where the value here is the one that `equals` says."),
        key("equals", Kind::Literal, "The value."),
        key("equals_json", Kind::Json, "The value as JSON text."),
    ],
    common: &[],
};

#[rustfmt::skip]
static ELEMENT: Table = Table {
    name: "which",
    title: "`which`",
    doc: "Which elements of an array count; pointers start at the element: `{ at = \"/type\", equals = \"cpu\" }`.",
    keys: &[
        key("present", Kind::Text, "Those in which this member is present."),
        key("at", Kind::Text, "Those in which the value here is the one that `equals` says."),
        key("equals", Kind::Literal, "The value."),
        key("equals_json", Kind::Json, "The value as JSON text."),
    ],
    common: &[],
};

static OTHER: Table = Table {
    name: "other",
    title: "`other`",
    doc: "The value that stands for all that a `map` does not list; one of the keys.",
    keys: &[key("value", Kind::Literal, "The value."), key("json", Kind::Json, "The value as JSON text.")],
    common: &[],
};
