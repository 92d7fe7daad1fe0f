//! What the tables of ops share.

use super::conditions::WHEN;
use super::{Key, Table, ValueKind, key};

pub(super) const KEEP: Key = key(
    "keep",
    ValueKind::Flag,
    "If the target already exists, keeps its value. A source that the op takes away is removed all the same.",
)
.or("false");

#[rustfmt::skip]
const BODY: &[Key] = &[
    key("when", ValueKind::Table(&WHEN), "Condition under which the op applies. Default: always."),
    key("else", ValueKind::Word(&["skip", "fail"]),
        "What happens if `when` does not hold and the op has something to do: `skip` leaves the message as it is, `fail` refuses it.").or("\"skip\""),
    on_error("What to do if a value cannot be migrated. Default: `on_error` of the change."),
];

/// Of ops that bring a value to a place which may have one already.
#[rustfmt::skip]
const CARRYING: &[Key] = &[BODY[0], BODY[1], BODY[2], KEEP];

pub(super) const fn on_error(doc: &'static str) -> Key {
    key("on_error", ValueKind::Word(&["fail", "pass"]), doc)
}

pub(super) const fn op(name: &'static str, title: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, title, doc, keys, common: BODY }
}

pub(super) const fn carrying(
    name: &'static str,
    title: &'static str,
    doc: &'static str,
    keys: &'static [Key],
) -> Table {
    Table { name, title, doc, keys, common: CARRYING }
}

pub(super) const fn head(name: &'static str, title: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, title, doc, keys, common: &[] }
}
