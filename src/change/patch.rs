//! JSON Patch documents (RFC 6902), read by the `json-patch` crate.

use crate::json::{Literal, PatchOp, Pointer};

/// Reads a JSON Patch. `json-patch` judges the document; the values are then taken from the text itself, so that
/// numbers keep their spelling.
pub(super) fn parse(document: &Literal) -> Result<Vec<PatchOp>, String> {
    let patch: json_patch::Patch = serde_json::from_str(document.as_str()).map_err(|e| e.to_string())?;
    let texts = values(document)?;
    patch.0.iter().zip(texts).map(|(op, value)| convert(op, value)).collect()
}

fn convert(op: &json_patch::PatchOperation, value: Option<Literal>) -> Result<PatchOp, String> {
    use json_patch::PatchOperation as P;
    let value = || value.clone().ok_or_else(|| "`value` is missing".to_owned());
    Ok(match op {
        P::Add(op) => PatchOp::Add { path: pointer(&op.path)?, value: value()? },
        P::Replace(op) => PatchOp::Replace { path: pointer(&op.path)?, value: value()? },
        P::Test(op) => PatchOp::Test { path: pointer(&op.path)?, value: value()? },
        P::Remove(op) => PatchOp::Remove { path: pointer(&op.path)? },
        P::Move(op) => PatchOp::Move { from: pointer(&op.from)?, path: pointer(&op.path)? },
        P::Copy(op) => PatchOp::Copy { from: pointer(&op.from)?, path: pointer(&op.path)? },
    })
}

fn pointer(path: &impl ToString) -> Result<Pointer, String> {
    Pointer::parse(&path.to_string()).map_err(|e| e.to_string())
}

/// The text of each op's `value`.
fn values(document: &Literal) -> Result<Vec<Option<Literal>>, String> {
    #[derive(serde::Deserialize)]
    struct Value<'a> {
        #[serde(borrow, default)]
        value: Option<&'a serde_json::value::RawValue>,
    }
    let ops: Vec<Value<'_>> = serde_json::from_str(document.as_str()).map_err(|e| e.to_string())?;
    let literal = |raw: &serde_json::value::RawValue| Literal::parse(raw.get()).map_err(|e| e.to_string());
    ops.iter().map(|op| op.value.map(literal).transpose()).collect()
}
