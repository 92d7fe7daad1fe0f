//! The ops of a change, each an inline table whose op key names it.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

use super::common::on_error;
use super::constant;
use super::head;
use super::keys::{OPS, Table, ValueKind};
use super::node::ConfigNode;
use super::structure;
use super::tree::TableReader;
use super::when::{condition, when};
use crate::change::{Loss, OpKind, OpSpec, ReplaceSpec, RestoreSource, RestoreSpec, ScaleSpec, ValueFormat};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use crate::json::{Literal, Many, Other, Otherwise, Rounding, Wrapper};

type LiteralPairs = Vec<(Literal, Literal)>;

/// One op; none if anything about it is wrong.
pub(super) fn read(node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<OpSpec> {
    let DeValue::Table(map) = node.value else {
        return node.wrong_type(ValueKind::Op, found);
    };
    let keys = pick(map, node, found)?;
    let mut reader = TableReader::open(node, keys, found)?;
    let op = kind(keys.name, &mut reader);
    let spec = common(&mut reader, op);
    reader.finish_whole()?;
    spec
}

/// The keys that ops share. Where an op does not have one, its reader says so.
fn common(reader: &mut TableReader<'_, '_>, op: Option<OpKind>) -> Option<OpSpec> {
    let when = reader.table("when", when);
    let otherwise = if reader.word("else") == Some("fail") { Otherwise::Fail } else { Otherwise::Skip };
    let on_error = on_error(reader);
    let keep = reader.flag("keep").unwrap_or_default();
    let expand = reader.flag("expand").unwrap_or_default();
    Some(OpSpec { when, otherwise, on_error, keep, expand, span: reader.span, ..OpSpec::new(op?) })
}

/// The op that a table's keys name.
fn pick(map: &DeTable<'_>, node: ConfigNode<'_>, found: &mut Diagnostics) -> Option<&'static Table> {
    let entries = constant::entries(map, node.file);
    let named: Vec<_> = entries.iter().filter_map(|(key, span, _)| Some((op_named(key)?, *span))).collect();
    // A key of one op may be the name of another: `convert` has a `scale`.
    let is_key = |name: &str| named.iter().any(|(op, _)| op.name != name && op.key(name).is_some());
    let mut named = named.iter().copied().filter(|(op, _)| !is_key(op.name));
    let Some((first, _)) = named.next() else {
        found.push(unknown(&entries, node));
        return None;
    };
    match named.next() {
        None => Some(first),
        Some((second, span)) => {
            let message = format!("one table has two ops, `{}` and `{}`", first.name, second.name);
            let help = "write each op as a separate table, in the order in which they run";
            found.push(Diagnostic::error("two-ops", message, span).help(help));
            None
        }
    }
}

fn op_named(word: &str) -> Option<&'static Table> {
    OPS.iter().copied().find(|op| op.name == word)
}

/// The key that is neither an op nor goes with one is most likely meant to be the op.
fn unknown(entries: &[(&str, Span, ConfigNode<'_>)], node: ConfigNode<'_>) -> Diagnostic {
    let words = || OPS.iter().map(|op| op.name);
    let stray = entries.iter().find(|(key, ..)| OPS.iter().all(|op| op.key(key).is_none()));
    let all = || format!("known ops: `{}`", words().collect::<Vec<_>>().join("`, `"));
    match stray {
        Some((key, span, _)) => {
            let help = nearest(key, words()).map_or_else(all, |word| format!("did you mean `{word}`?"));
            Diagnostic::error("unknown-op", format!("unknown op `{key}`"), *span).help(help)
        }
        None => Diagnostic::error("unknown-op", "the table has no op", node.span).help(all()),
    }
}

fn kind(name: &str, reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    match name {
        "add" => add(reader),
        "copy" => reader.two("copy", "to").map(|(from, to)| OpKind::Copy { from, to }),
        "compute" => compute(reader),
        "rename" => reader.two("rename", "to").map(|(from, to)| OpKind::Rename { from, to }),
        "move" if reader.has("many") => structure::move_many(reader),
        "move" => {
            structure::without(reader, &["lossy"], "`many`");
            reader.two("move", "to").map(|(from, to)| OpKind::Move { from, to })
        }
        "remove" => remove(reader),
        "wrap" => wrap(reader),
        "unwrap" => unwrap(reader),
        "split" => split(reader),
        "join" => join(reader),
        "map" => map(reader),
        "convert" => convert(reader),
        "scale" => scale(reader),
        "replace" => replace(reader),
        "replace_prefix" => ends("replace_prefix", reader)
            .map(|(at, from, to)| OpKind::Replace { at, by: ReplaceSpec::Prefix { from, to } }),
        "replace_suffix" => ends("replace_suffix", reader)
            .map(|(at, from, to)| OpKind::Replace { at, by: ReplaceSpec::Suffix { from, to } }),
        "require" => require(reader),
        "patch" => patch(reader),
        "count" | "entries" | "keyed" | "pick" | "put" | "partition" | "nest" | "flatten" | "rename_all" => {
            structure::kind(name, reader)
        }
        _ => head::kind(name, reader),
    }
}

fn add(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let at = reader.text("add");
    if reader.flag("optional") == Some(true) {
        reader.exclude("optional", "value");
        reader.exclude("optional", "json");
        return Some(OpKind::Add { at: at?, value: None });
    }
    let value = match reader.has("value") || reader.has("json") {
        true => at_most_one_of(reader, "value", "json"),
        false => reader.missing_one_of(&["value", "json", "optional"]),
    };
    Some(OpKind::Add { at: at?, value: Some(value?) })
}

fn compute(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let (at, template, cel) = (reader.text("compute"), reader.text("from"), reader.text("cel"));
    let back = reader.map("back", |node, found| node.text(ValueKind::Text, found));
    let lossy = reader.flag("lossy").unwrap_or_default();
    for key in ["cel", "back", "lossy"] {
        reader.exclude("from", key);
    }
    match (template, cel) {
        (Some(template), _) => Some(OpKind::Compute { at: at?, template }),
        (None, Some(cel)) => Some(OpKind::Evaluate { at: at?, cel, back, lossy }),
        (None, None) => reader.missing_one_of(&["from", "cel"]),
    }
}

fn remove(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let (at, value) = (reader.text("remove"), at_most_one_of(reader, "restore", "restore_json"));
    reader.exclude("restore_from", "restore_text");
    let place = reader.text("restore_from").map(RestoreSource::Place);
    let source = reader.text("restore_text").map(RestoreSource::Text).or(place);
    let restore = RestoreSpec { source, value };
    let lossy = reader.flag("lossy").unwrap_or_default();
    Some(OpKind::Remove { at: at?, restore, lossy })
}

fn wrap(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    if reader.is_text("as", "*") {
        return structure::only("wrap", reader);
    }
    structure::without(reader, &["name"], "`as = \"*\"`");
    let (ends, loss) = (reader.two("wrap", "as"), loss(reader));
    ends.map(|(at, into)| OpKind::Wrap { at, into: wrapper(into), loss })
}

fn unwrap(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    if reader.is_text("from", "*") {
        return structure::only("unwrap", reader);
    }
    structure::without(reader, &["name"], "`from = \"*\"`");
    let (ends, loss) = (reader.two("unwrap", "from"), loss(reader));
    ends.map(|(at, from)| OpKind::Unwrap { at, from: wrapper(from), loss })
}

fn wrapper(name: Spanned<String>) -> Wrapper {
    match name.value.as_str() {
        "array" => Wrapper::Array,
        _ => Wrapper::Member(name.value.into()),
    }
}

fn loss(reader: &mut TableReader<'_, '_>) -> Loss {
    let many = if reader.word("many") == Some("first") { Many::First } else { Many::Error };
    let which = reader.table("which", when);
    Loss { many, which, lossy: reader.flag("lossy").unwrap_or_default() }
}

fn require(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let (at, must) = (reader.text("require"), condition(reader));
    Some(OpKind::Require { at: at?, must: must? })
}

fn split(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    if reader.is_text("into", "array") {
        return structure::split_list(reader);
    }
    let lossy = reader.flag("lossy").unwrap_or_default();
    let (ends, into) = (reader.two("split", "on"), reader.texts("into"));
    ends.map(|(at, on)| OpKind::Split { at, into, on, lossy })
}

fn join(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    if reader.has("from") {
        return structure::join_list(reader);
    }
    let lossy = reader.flag("lossy").unwrap_or_default();
    let (from, on) = (reader.texts("join"), reader.text("on"));
    let to = if reader.has("to") { reader.text("to") } else { reader.missing_one_of(&["to", "from"]) };
    Some(OpKind::Join { from, to: to?, on: on?, lossy })
}

fn map(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let at = reader.text("map");
    let pairs = pairs(reader, ["values", "pairs", "pairs_json"]);
    if !["values", "pairs", "pairs_json"].iter().any(|key| reader.has(key)) {
        reader.missing_one_of::<()>(&["values", "pairs", "pairs_json"]);
    }
    let other = reader.word_or_table("other", |_| Other::Keep, other).unwrap_or(Other::Error);
    let back = self::pairs(reader, ["back", "back_pairs", "back_pairs_json"]);
    Some(OpKind::Map { at: at?, pairs, other, back })
}

/// The entries of a table, whose keys are texts, and those of a list of pairs, also as JSON.
fn pairs(reader: &mut TableReader<'_, '_>, [texts, list, json]: [&'static str; 3]) -> LiteralPairs {
    let texts = reader.map(texts, constant::literal);
    for (key, _) in &texts {
        looks_like_another(key, list, reader.found);
    }
    let mut pairs: LiteralPairs = texts.into_iter().map(|(key, value)| (Literal::string(&key), value)).collect();
    pairs.extend(reader.list(list, |node, _, found| constant::pair(node, found)));
    if let Some((node, _)) = reader.node(json)
        && let Some(literal) = node.json(reader.found)
    {
        pairs.extend(constant::json_pairs(node, &literal, reader.found));
    }
    pairs
}

/// A key of TOML is a text, whatever it looks like: `"0"` does not match the number 0.
fn looks_like_another(key: &Spanned<String>, list: &'static str, found: &mut Diagnostics) {
    if !Literal::parse(key).is_ok_and(|value| !value.as_str().starts_with(['"', '{', '['])) {
        return;
    }
    let message = format!("`{0}` is the string `\"{0}\"` here, not the value {0}", key.value);
    let help =
        format!("write `{list} = [[{0}, …]]` for the value, `{list} = [[\"{0}\", …]]` for the string", key.value);
    found.push(Diagnostic::warning("text-for-value", message, key.span).help(help));
}

fn other(mut reader: TableReader<'_, '_>) -> Option<Other> {
    let value = one_of(&mut reader, "value", "json");
    reader.finish();
    value.map(Other::Value)
}

fn convert(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let at = reader.text("convert");
    let (from, to) = (form(reader, "from"), form(reader, "to"));
    let scale = reader.integer("scale").and_then(|scale| u32::try_from(scale.value).ok());
    Some(OpKind::Convert { at: at?, from: from?, to: to?, scale })
}

fn form(reader: &mut TableReader<'_, '_>, name: &'static str) -> Option<ValueFormat> {
    let (node, _) = reader.node(name)?;
    let named = |word: &'static str| ValueFormat { text: Spanned::new(word.into(), node.span), is_pattern: false };
    reader.word_or_table(name, named, |mut reader| {
        let text = reader.text("format");
        reader.finish();
        text.map(|text| ValueFormat { text: text.map(Cow::Owned), is_pattern: true })
    })
}

fn scale(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    reader.exclude("by", "divide");
    let (at, by, divisor) = (reader.text("scale"), reader.text("by"), reader.text("divide"));
    let mut digits = |name| reader.integer(name).and_then(|digits| u32::try_from(digits.value).ok());
    let (digits, back_digits) = (digits("digits"), digits("back_digits"));
    let rounding = reader.word("rounding").and_then(rounding);
    let text = reader.flag("text").unwrap_or_default();
    let divides = divisor.is_some();
    let Some(factor) = by.or(divisor) else { return reader.missing_one_of(&["by", "divide"]) };
    Some(OpKind::Scale { at: at?, by: ScaleSpec { factor, divides, digits, back_digits, rounding, text } })
}

fn rounding(word: &str) -> Option<Rounding> {
    use Rounding::{Ceiling, Down, Floor, HalfEven, HalfUp, Up};
    [HalfEven, HalfUp, Up, Down, Ceiling, Floor].into_iter().find(|rounding| rounding.to_string() == word)
}

fn replace(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let (ends, back) = (reader.two("regex", "to"), reader.two("back_regex", "back_to"));
    let (at, lossy) = (reader.text("replace"), reader.flag("lossy").unwrap_or_default());
    let ((regex, to), (back_regex, back_to)) = (ends?, back?);
    let (to, back_regex, back_to) = (to.value, back_regex.value, back_to.value);
    Some(OpKind::Replace { at: at?, by: ReplaceSpec::Match { regex, to, back_regex, back_to, lossy } })
}

/// The place, and what is replaced by what there.
fn ends(op: &'static str, reader: &mut TableReader<'_, '_>) -> Option<(Spanned<String>, String, String)> {
    let (at, ends) = (reader.text(op), reader.two("from", "to"));
    let (from, to) = ends?;
    Some((at?, from.value, to.value))
}

fn patch(reader: &mut TableReader<'_, '_>) -> Option<OpKind> {
    let (ops, back) = (operations(reader, "patch"), operations(reader, "back"));
    Some(OpKind::Patch { ops: ops?, back })
}

fn operations(reader: &mut TableReader<'_, '_>, name: &'static str) -> Option<Literal> {
    let (node, kind) = reader.node(name)?;
    match node.value {
        DeValue::String(_) => node.json(reader.found),
        DeValue::Array(_) => constant::literal(node, reader.found),
        _ => node.wrong_type(kind, reader.found),
    }
}

/// A constant, as TOML has it or as JSON text.
fn one_of(reader: &mut TableReader<'_, '_>, plain: &'static str, json: &'static str) -> Option<Literal> {
    if !reader.has(plain) && !reader.has(json) {
        return reader.missing_one_of(&[plain, json]);
    }
    at_most_one_of(reader, plain, json)
}

fn at_most_one_of(reader: &mut TableReader<'_, '_>, plain: &'static str, json: &'static str) -> Option<Literal> {
    reader.exclude(plain, json);
    let (plain, json) = (reader.literal(plain), reader.json(json));
    plain.or(json)
}
