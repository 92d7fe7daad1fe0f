//! The JSON Schema says the same as the reader.

use std::collections::BTreeSet;

use serde_json::Value;
use sunward::config;
use toml::de::{DeTable, DeValue};

use super::cases;

/// The keywords that the schema uses, of `pattern` only the one of variables; `seen` collects the properties that were met.
fn fits(root: &Value, schema: &Value, value: &Value, seen: &mut BTreeSet<String>) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(root, root.pointer(&reference[1..]).expect("a definition"), value, seen);
    }
    let number = value.as_f64();
    let fine = fits_type(schema, value)
        && schema["enum"].as_array().is_none_or(|words| words.contains(value))
        && number.is_none_or(|number| schema["minimum"].as_f64().is_none_or(|min| number >= min))
        && number.is_none_or(|number| schema["maximum"].as_f64().is_none_or(|max| number <= max))
        && value.as_str().is_none_or(|text| schema["minLength"] != 1 || !text.is_empty())
        && value.as_str().is_none_or(|text| schema["pattern"] != "\\$\\{" || text.contains("${"))
        && value.as_array().is_none_or(|list| schema["minItems"].as_u64().is_none_or(|min| list.len() as u64 >= min));
    fine && fits_any(root, schema, value, seen)
        && value.as_array().is_none_or(|list| {
            schema.get("items").is_none_or(|items| list.iter().all(|element| fits(root, items, element, seen)))
        })
        && value.as_object().is_none_or(|_| fits_object(root, schema, value, seen))
}

fn fits_type(schema: &Value, value: &Value) -> bool {
    match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    }
}

fn fits_any(root: &Value, schema: &Value, value: &Value, seen: &mut BTreeSet<String>) -> bool {
    let Some(any) = schema["anyOf"].as_array() else { return true };
    any.iter().any(|schema| {
        let mut tried = seen.clone();
        let fine = fits(root, schema, value, &mut tried);
        if fine {
            *seen = tried;
        }
        fine
    })
}

fn fits_object(root: &Value, schema: &Value, value: &Value, seen: &mut BTreeSet<String>) -> bool {
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = value.as_object().expect("an object");
    required.iter().all(|name| members.contains_key(name.as_str().unwrap_or_default()))
        && members.iter().all(|(name, member)| {
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(property), _) => {
                    seen.insert(format!("{} {name}", schema["description"]));
                    fits(root, property, member, seen)
                }
                (None, Value::Bool(false)) => false,
                (None, Value::Null) => true,
                (None, other) => fits(root, other, member, seen),
            }
        })
}

/// Dates become texts, as they do in editors.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX).into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().unwrap_or_default().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(list) => list.iter().map(|element| json_of(element.get_ref())).collect(),
        DeValue::Table(table) => json_of_table(table),
    }
}

fn json_of_table(table: &DeTable<'_>) -> Value {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref()))).collect()
}

fn document(source: &str) -> Option<Value> {
    Some(json_of_table(DeTable::parse(source).ok()?.get_ref()))
}

#[test]
fn the_schema_takes_valid_files_and_they_use_every_key() {
    let schema = config::schema();
    let mut seen = BTreeSet::new();
    for (path, source) in cases("valid") {
        assert!(fits(&schema, &schema, &document(&source).expect("TOML"), &mut seen), "{}", path.display());
    }
    let tables = schema["$defs"].as_object().expect("definitions").values().chain([&schema]);
    for table in tables {
        for name in table["properties"].as_object().into_iter().flat_map(|properties| properties.keys()) {
            let key = format!("{} {name}", table["description"]);
            assert!(seen.contains(&key), "no valid case has {key}");
        }
    }
}

#[test]
fn the_schema_refuses_what_is_wrong_with_keys_and_types() {
    let schema = config::schema();
    for (path, source) in cases("invalid") {
        let codes: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("#! ")?.split(' ').nth(1)).collect();
        let Some(document) = document(&source) else { continue };
        if codes.iter().any(|code| ["unknown-key", "unknown-word", "out-of-range", "unknown-op"].contains(code)) {
            assert!(!fits(&schema, &schema, &document, &mut BTreeSet::new()), "{}", path.display());
        }
    }
}

#[test]
fn the_schema_tells_defaults() {
    let schema = config::schema();
    let gateway = &schema["$defs"]["gateway"]["properties"];
    assert_eq!(gateway["listen"]["default"], "127.0.0.1:8080");
    assert_eq!(schema["$defs"]["gateway.limits"]["properties"]["held_bytes"]["default"], 4_194_304);
    assert_eq!(schema["$defs"]["brownout"]["properties"]["shares"]["default"], serde_json::json!([100]));
    assert_eq!(schema["$defs"]["api"]["additionalProperties"], false);
}
