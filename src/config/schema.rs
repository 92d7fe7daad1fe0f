//! The JSON Schema of the file, for editors.

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::constant;
use super::keys::{Key, OPS, ROOT, Table, ValueKind, has_variables, tables};
use super::node::{ConfigNode, FileText};
use crate::diagnostic::{Diagnostics, Span};

/// The JSON Schema (draft 2020-12) of the file.
///
/// ```
/// let schema = sunward::config::schema();
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["$defs"]["api"]["required"][0], "name");
/// ```
#[must_use]
pub fn schema() -> Value {
    let mut definitions: Map<String, Value> =
        tables().into_iter().map(|table| (table.name.to_owned(), object(table))).collect();
    let mut root = definitions.remove(ROOT.name).unwrap_or_default();
    let ops: Vec<Value> = OPS.iter().map(|op| reference(op)).collect();
    definitions.insert("op".to_owned(), json!({ "description": "One step of a change.", "anyOf": ops }));
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "sunward".into();
    root["$defs"] = definitions.into();
    root
}

fn reference(table: &Table) -> Value {
    json!({ "$ref": format!("#/$defs/{}", table.name) })
}

fn object(table: &Table) -> Value {
    let variables = has_variables(table);
    let properties: Map<String, Value> =
        table.all().map(|key| (key.name.to_owned(), property(key, variables))).collect();
    let required: Vec<&str> = table.all().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key, variables: bool) -> Value {
    let mut schema = of(key.kind);
    if variables && matches!(key.kind, ValueKind::Word(_) | ValueKind::Url | ValueKind::Duration) {
        schema = json!({ "anyOf": [schema, { "type": "string", "pattern": "\\$\\{" }] });
    }
    schema["description"] = key.doc.into();
    if let Some(default) = default(key.default) {
        schema["default"] = default;
    }
    schema
}

/// A default, which the table of keys spells as the file would.
fn default(text: &str) -> Option<Value> {
    let parsed = DeValue::parse(text).ok()?;
    let node = ConfigNode { key: "", value: parsed.get_ref(), span: Span::NONE, file: FileText::default() };
    let literal = constant::literal(node, &mut Diagnostics::new())?;
    serde_json::from_str(literal.as_str()).ok()
}

fn of(kind: ValueKind) -> Value {
    match kind {
        // Editors hand the dates of TOML on as texts.
        ValueKind::Text | ValueKind::Date | ValueKind::Listen | ValueKind::Network => json!({ "type": "string" }),
        ValueKind::Name => json!({ "type": "string", "minLength": 1 }),
        ValueKind::Url => json!({ "type": "string", "pattern": "^(https?://|unix:/)" }),
        ValueKind::Flag => json!({ "type": "boolean" }),
        ValueKind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        ValueKind::Percent => json!({ "type": "number", "minimum": 0, "maximum": 100 }),
        ValueKind::Duration => {
            json!({ "type": "string", "pattern": "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$" })
        }
        ValueKind::Literal => json!({}),
        ValueKind::Json => json!({ "type": "string", "contentMediaType": "application/json" }),
        ValueKind::Pair => json!({ "type": "array", "minItems": 2, "maxItems": 2 }),
        ValueKind::Patch => {
            json!({ "anyOf": [of(ValueKind::Json), { "type": "array", "items": { "type": "object" } }] })
        }
        ValueKind::Op => json!({ "$ref": "#/$defs/op" }),
        ValueKind::Word(words) => json!({ "enum": words }),
        ValueKind::Table(table) => reference(table),
        ValueKind::Map(inner) => json!({ "type": "object", "additionalProperties": of(*inner) }),
        ValueKind::List(inner) => json!({ "type": "array", "items": of(*inner) }),
        ValueKind::OneOrMore(inner) => json!({ "anyOf": [of(*inner), of(ValueKind::List(inner))] }),
        ValueKind::Either(one, other) => json!({ "anyOf": [of(*one), of(*other)] }),
    }
}
