//! Conditions: `when`, `which` and `require`.

use super::constant;
use super::tree::TableReader;
use crate::change::When;
use crate::json::{Condition, JsonType, Literal, Test};

/// Keys of which one is a condition by itself.
const RULES: [&str; 5] = ["present", "absent", "any", "all", "not"];
/// Keys that say what must hold of the value that `at` names, or of the op's own.
const TESTS: [&str; 6] = ["equals", "equals_json", "in", "in_json", "type", "cel"];

/// A table that is a condition.
pub(super) fn when(mut reader: TableReader<'_, '_>) -> Option<When> {
    let when = condition(&mut reader);
    reader.finish();
    when
}

/// The condition among the keys of a table.
pub(super) fn condition(reader: &mut TableReader<'_, '_>) -> Option<When> {
    let known: Vec<&'static str> = RULES.into_iter().chain(TESTS).filter(|key| reader.knows(key)).collect();
    let given: Vec<&'static str> = known.iter().copied().filter(|key| reader.has(key)).collect();
    let Some((first, more)) = given.split_first() else {
        let wanted = if reader.has("at") { &TESTS } else { &*known };
        return reader.missing_one_of(wanted);
    };
    more.iter().for_each(|other| reader.exclude(first, other));
    let at = reader.text("at");
    if RULES.contains(first) {
        reader.exclude(first, "at");
    }
    match *first {
        "present" => reader.text("present").map(|at| When(Condition::of(Some(at), Test::Present))),
        "absent" => reader.text("absent").map(|at| When(Condition::of(Some(at), Test::Present).not())),
        "any" => Some(When::any(reader.tables("any", when))),
        "all" => Some(When::all(reader.tables("all", when))),
        "not" => reader.table("not", when).map(When::not),
        _ => test(reader).map(|test| When(Condition::of(at, test))),
    }
}

fn test(reader: &mut TableReader<'_, '_>) -> Option<Test> {
    if reader.has("type") {
        return Some(Test::Type(reader.list("type", |node, kind, found| json_type(node.word(kind, found)?))));
    }
    if reader.has("in") || reader.has("in_json") {
        let list = reader.list("in", |node, _, found| constant::literal(node, found));
        let json = reader.list("in_json", |node, _, found| node.json(found));
        return Some(Test::In(list.into_iter().chain(json).collect::<Vec<Literal>>()));
    }
    if reader.has("cel") {
        let text = reader.text("cel")?;
        return reader.expression(&text).map(Test::Holds);
    }
    reader.literal("equals").or_else(|| reader.json("equals_json")).map(Test::Equals)
}

fn json_type(word: &str) -> Option<JsonType> {
    JsonType::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, of)| of)
}
