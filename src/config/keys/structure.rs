//! The ops on structure.

use super::ops::{ELEMENT, carrying, op};
use super::{Key, Table, ValueKind, key};

pub(super) const CASES: ValueKind =
    ValueKind::Word(&["snake_case", "camelCase", "PascalCase", "kebab-case", "SCREAMING_SNAKE_CASE"]);

const KEY: Key = key(
    "key",
    ValueKind::Text,
    "The member of an element that has the name, as a pointer from the element: `/name`. In a list it must be there and \
     be a text, another one in each element.",
)
.required();
const VALUE: Key = key(
    "value",
    ValueKind::Text,
    "The member of an element that has the value. Without it, the value is an object, and the element is that object with \
     `key` in it.",
);
const BESIDE: Key = key(
    "lossy",
    ValueKind::Flag,
    "Other members of an element than `key` and `value` may be lost. If not, they are an error.",
)
.or("false");
const NEW_PLACE: Key = key("to", ValueKind::Text, "Where the result goes; in place, unless said.");

#[rustfmt::skip]
pub(super) static ENTRIES: Table = carrying("entries", "`entries`",
    "Makes a list of an object: one element for each member, in their order. `keyed` is the mirror.", &[
    key("entries", ValueKind::Text, "The object.").required(),
    NEW_PLACE, KEY, VALUE, BESIDE,
]);

#[rustfmt::skip]
pub(super) static KEYED: Table = carrying("keyed", "`keyed`",
    "Makes an object of a list, by a text in each element. `entries` is the mirror.", &[
    key("keyed", ValueKind::Text, "The list.").required(),
    NEW_PLACE, KEY, VALUE, BESIDE,
]);

#[rustfmt::skip]
pub(super) static PICK: Table = carrying("pick", "`pick`",
    "Takes one element out of a list. On the way back it becomes the first element. `put` is the mirror.", &[
    key("pick", ValueKind::Text, "The list.").required(),
    key("where", ValueKind::Table(&ELEMENT), "Which element: the first for which it holds. The first of all, unless said. On the way back the value must meet it."),
    key("to", ValueKind::Text, "The member that gets the element.").required(),
]);

#[rustfmt::skip]
pub(super) static PUT: Table = op("put", "`put`",
    "Puts a value into a list as its first element. A list that is absent is made, and goes again when it is left empty. \
     `pick` is the mirror.", &[
    key("put", ValueKind::Text, "The value.").required(),
    key("into", ValueKind::Text, "The list.").required(),
    key("where", ValueKind::Table(&ELEMENT), "What the value must meet, and which element is taken out on the way back: the first for which it holds."),
]);

#[rustfmt::skip]
pub(super) static PARTITION: Table = carrying("partition", "`partition`",
    "Takes the elements that meet a condition into a list of their own. On the way back they are the last elements.", &[
    key("partition", ValueKind::Text, "The list.").required(),
    key("where", ValueKind::Table(&ELEMENT), "Which elements go. On the way back all elements of the new list must meet it, and no other may.").required(),
    key("to", ValueKind::Text, "The new list, which is written also if it is empty.").required(),
]);

#[rustfmt::skip]
pub(super) static NEST: Table = carrying("nest", "`nest`",
    "Takes the members whose names begin with a prefix into an object of their own, without the prefix. `flatten` is the \
     mirror.", &[
    key("nest", ValueKind::Text, "The object that has the members; `\"\"` is the whole resource.").required(),
    key("prefix", ValueKind::Text, "The beginning of their names.").required(),
    key("to", ValueKind::Text, "The new object.").required(),
]);

#[rustfmt::skip]
pub(super) static FLATTEN: Table = carrying("flatten", "`flatten`",
    "Takes all members of an object into the object around it, with a prefix before their names. `nest` is the mirror.", &[
    key("flatten", ValueKind::Text, "The object.").required(),
    key("prefix", ValueKind::Text, "What their names begin with then.").required(),
]);

#[rustfmt::skip]
pub(super) static RENAME_ALL: Table = op("rename_all", "`rename_all`",
    "Writes the names of all members in another case, at any depth. A name that would not come back as it is, such as \
     `line_2` in `camelCase`, is an error: give it a name of its own, or except it.", &[
    key("rename_all", ValueKind::Text, "The place; `\"\"` is the whole resource.").required(),
    key("from", CASES, "The old case.").required(),
    key("to", CASES, "The new case.").required(),
    key("except", ValueKind::List(&ValueKind::Name), "Members of these names keep them, and all that is inside of them is left alone."),
    key("values", ValueKind::Map(&ValueKind::Name), "Names, and what they become: `{ line_2 = \"line2\" }`."),
    key("depth", ValueKind::Integer { min: 1, max: 1000 }, "How many levels of objects are renamed: 1 is the object itself. All, unless said."),
]);
