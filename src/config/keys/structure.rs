//! The ops on structure.

use super::conditions::ELEMENT;
use super::op_table::{carrying, op};
use super::{Key, Table, ValueKind, key};

pub(super) const CASES: ValueKind =
    ValueKind::Word(&["snake_case", "camelCase", "PascalCase", "kebab-case", "SCREAMING_SNAKE_CASE"]);

const ENDS: ValueKind = ValueKind::Word(&["first", "last"]);

const KEY: Key = key(
    "key",
    ValueKind::Text,
    "The member of an element that has the name, as a pointer from the element: `/name`. In an array it must be present \
     and a string, a different one in each element.",
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
const NEW_PLACE: Key = key("to", ValueKind::Text, "Where the result goes. Default: in place.");

#[rustfmt::skip]
pub(super) static ENTRIES: Table = carrying("entries", "`entries`",
    "Turns an object into an array: one element for each member, in their order. `keyed` is the reverse.", &[
    key("entries", ValueKind::Text, "The object.").required(),
    NEW_PLACE, KEY, VALUE, BESIDE,
]);

#[rustfmt::skip]
pub(super) static KEYED: Table = carrying("keyed", "`keyed`",
    "Turns an array into an object, by a string in each element. `entries` is the reverse.", &[
    key("keyed", ValueKind::Text, "The array.").required(),
    NEW_PLACE, KEY, VALUE, BESIDE,
]);

#[rustfmt::skip]
pub(super) static PICK: Table = carrying("pick", "`pick`",
    "Takes one element out of an array. On the way back it becomes the first or the last element. `put` is the reverse.", &[
    key("pick", ValueKind::Text, "The array.").required(),
    key("where", ValueKind::Table(&ELEMENT), "Which element: one for which this condition holds. Default: any. On the way back the condition must hold for the value."),
    key("position", ENDS, "Which of these elements, and where it is put on the way back.").or("\"first\""),
    key("to", ValueKind::Text, "The member that gets the element.").required(),
]);

#[rustfmt::skip]
pub(super) static PUT: Table = op("put", "`put`",
    "Puts a value into an array as its first or last element. An absent array is created; on the way back, an array that \
     becomes empty is removed. `pick` is the reverse.", &[
    key("put", ValueKind::Text, "The value.").required(),
    key("into", ValueKind::Text, "The array.").required(),
    key("where", ValueKind::Table(&ELEMENT), "A condition that must hold for the value. On the way back, an element for which it holds is taken out."),
    key("position", ENDS, "Where the value is put, and which of these elements is taken out on the way back.").or("\"first\""),
]);

#[rustfmt::skip]
pub(super) static PARTITION: Table = carrying("partition", "`partition`",
    "Moves the elements that meet a condition into an array of their own. On the way back they become the last elements.", &[
    key("partition", ValueKind::Text, "The array.").required(),
    key("where", ValueKind::Table(&ELEMENT), "Which elements are moved. On the way back, the condition must hold for all elements of the new array and for no other.").required(),
    key("to", ValueKind::Text, "The new array. It is written even if it is empty.").required(),
]);

#[rustfmt::skip]
pub(super) static NEST: Table = carrying("nest", "`nest`",
    "Moves the members whose names begin with a prefix into an object of their own, without the prefix. `flatten` is the \
     reverse.", &[
    key("nest", ValueKind::Text, "The object that has these members; `\"\"` is the whole resource.").required(),
    key("prefix", ValueKind::Text, "The prefix of their names.").required(),
    key("to", ValueKind::Text, "The new object.").required(),
]);

#[rustfmt::skip]
pub(super) static FLATTEN: Table = carrying("flatten", "`flatten`",
    "Moves all members of an object into the object around it, with a prefix before their names. `nest` is the reverse.", &[
    key("flatten", ValueKind::Text, "The object.").required(),
    key("prefix", ValueKind::Text, "The prefix that their names get.").required(),
]);

#[rustfmt::skip]
pub(super) static RENAME_ALL: Table = op("rename_all", "`rename_all`",
    "Converts the names of all members to another case, at any depth. A name that cannot be converted back, such as \
     `line_2` in `camelCase`, is an error: list it in `values` or in `except`.", &[
    key("rename_all", ValueKind::Text, "The place; `\"\"` is the whole resource.").required(),
    key("from", CASES, "The old case.").required(),
    key("to", CASES, "The new case.").required(),
    key("except", ValueKind::List(&ValueKind::Name), "Members with these names keep them, and their content is not touched."),
    key("values", ValueKind::Map(&ValueKind::Name), "Names with their own conversion: `{ line_2 = \"line2\" }`."),
    key("depth", ValueKind::Integer { min: 1, max: 1000 }, "How many levels of objects are converted: 1 is the object itself. Default: all."),
]);
