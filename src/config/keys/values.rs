//! Ops that write numbers.

use super::op_table::{carrying, op};
use super::{Table, ValueKind, key};

#[rustfmt::skip]
pub(super) static COUNT: Table = carrying("count", "`count`",
    "Writes the number of elements of an array, or of members of an object. Additive.", &[
    key("count", ValueKind::Text, "The array or object.").required(),
    key("to", ValueKind::Text, "The target.").required(),
]);

const DIGITS: ValueKind = ValueKind::Integer { min: 0, max: 64 };

#[rustfmt::skip]
pub(super) static SCALE: Table = op("scale", "`scale`",
    "Multiplies or divides numbers by a constant, exactly, and does the reverse on the way back. Results have no exponent and \
     no zeros at the end of the fraction. `by` or `divide` is required.", &[
    key("scale", ValueKind::Text, "The number.").required(),
    key("by", ValueKind::Name, "The factor, a decimal as a string: `\"100\"`, `\"0.001\"`."),
    key("divide", ValueKind::Name, "The divisor: `\"1024\"`."),
    key("digits", DIGITS, "How many digits the new value may have after the point; 0 for integers. A value with more is rounded or an error. Default: any number."),
    key("back_digits", DIGITS, "The same for the old value, on the way back."),
    key("rounding", ValueKind::Word(&["half-even", "half-up", "up", "down", "ceiling", "floor"]),
        "How a value is rounded that would have more digits than `digits` or `back_digits`. Default: it is an error."),
    key("text", ValueKind::Flag, "The values are strings with decimals, in both versions.").or("false"),
]);
