//! The conditions of ops.

use super::{Key, Table, ValueKind, key};

pub(super) const EQUALS: Key =
    key("equals", ValueKind::Literal, "The value is this one: numbers by value, objects without order.");
pub(super) const EQUALS_JSON: Key = key("equals_json", ValueKind::Json, "The same, as JSON.");
pub(super) const IN: Key = key("in", ValueKind::List(&ValueKind::Literal), "The value is one of these.");
pub(super) const IN_JSON: Key = key("in_json", ValueKind::List(&ValueKind::Json), "The same, each as JSON.");
pub(super) const TYPE: Key = key(
    "type",
    ValueKind::OneOrMore(&ValueKind::Word(&["null", "boolean", "number", "integer", "string", "array", "object"])),
    "The value has this JSON type, or one of these. `integer` is a number without a fraction, however it is spelled.",
);

pub(super) const CEL: Key = key(
    "cel",
    ValueKind::Text,
    "An expression of the Common Expression Language. `self` is the value at `at`; in `when` without `at`, it is the object that the op starts from.",
);

/// The condition of a condition: functions, since a constant cannot name the table that it is a part of.
static CONDITION: ValueKind = ValueKind::Table(&WHEN);

pub(super) const fn any() -> Key {
    key("any", ValueKind::List(&CONDITION), "One of these conditions holds.")
}

pub(super) const fn all() -> Key {
    key("all", ValueKind::List(&CONDITION), "All of these conditions hold.")
}

pub(super) const fn not() -> Key {
    key("not", ValueKind::Table(&WHEN), "This condition does not hold.")
}

#[rustfmt::skip]
pub(super) static WHEN: Table = Table {
    name: "when",
    title: "`when`",
    doc: "A condition: `{ present = \"/x\" }`, `{ absent = \"/x\" }`, `{ at = \"/kind\", equals = \"card\" }`, \
          `{ at = \"/kind\", in = [\"card\", \"bank\"] }`, `{ at = \"/x\", type = \"string\" }`, or several combined by `any`, \
          `all` and `not`. If `at` leads to nothing, no test holds. Without `at`, `equals`, `in` and `type` are about the op's own \
          place: the source on the way up, the target on the way down. `cel` without `at` is about the object around that place.",
    keys: &[
        key("present", ValueKind::Text, "This member is present, also as `null`."),
        key("absent", ValueKind::Text, "This member is absent."),
        key("at", ValueKind::Text, "The value that is tested. Default: the op's own place; for `cel`, the object that the op starts from."),
        EQUALS, EQUALS_JSON, IN, IN_JSON, TYPE, CEL, any(), all(), not(),
    ],
    common: &[],
};

#[rustfmt::skip]
pub(super) static ELEMENT: Table = Table {
    name: "which",
    title: "`which`",
    doc: "Which elements of an array count: a condition whose pointers start at the element, `{ at = \"/type\", equals = \"cpu\" }`. \
          Without `at`, a test is about the element itself.",
    keys: WHEN.keys,
    common: &[],
};
