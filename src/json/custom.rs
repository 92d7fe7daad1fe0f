//! Functions over `serde_json::Value`, and the way back that keeps what they left as it was.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::Custom;
use super::equal::ValueType;
use super::error::{CustomError, Reason};
use super::interpret::{Interpreter, OpError};
use super::layout::after_string;
use super::scan::after_white;
use super::text;
use super::tree::{Tree, TreeNodeId};

/// Reads a valid text once, front to back.
struct ValueReader<'t> {
    text: &'t [u8],
    at: usize,
}

// === impl Interpreter ===

impl Interpreter<'_> {
    pub(super) fn custom(&mut self, id: TreeNodeId, custom: &Custom) -> Result<(), OpError> {
        let old = ValueReader { text: &self.tree.text(id), at: 0 }.value();
        let mut new = old.clone();
        custom.call(&mut new).map_err(|cause| OpError::new(id, Reason::Custom(CustomError(cause))))?;
        self.tree.update(id, &old, new);
        Ok(())
    }
}

// === impl Tree ===

impl Tree<'_> {
    /// Makes the value `new` where it was `old`; what is equal in both keeps its bytes.
    fn update(&mut self, id: TreeNodeId, old: &Value, new: Value) {
        match (old, new) {
            (old, new) if *old == new => {}
            (Value::Object(old), Value::Object(new)) => self.update_object(id, old, new),
            (Value::Array(old), Value::Array(new)) => self.update_list(id, old, new),
            (_, new) => self.set(id, written(&new)),
        }
    }

    /// From the last member to the first, since the last of duplicates is the one that `old` shows. The others stay
    /// only when that one is as it was.
    fn update_object(&mut self, id: TreeNodeId, old: &Map<String, Value>, new: Map<String, Value>) {
        let mut last = HashMap::new();
        for (key, member) in self.entries(id).into_iter().rev() {
            let key = decoded(&key);
            let same = old.get(&key) == new.get(&key);
            if !new.contains_key(&key) || (last.contains_key(&key) && !same) {
                self.kill(member);
            }
            last.entry(key).or_insert(member);
        }
        for (key, value) in new {
            match (last.get(&key), old.get(&key)) {
                (Some(member), Some(old)) => self.update(*member, old, value),
                _ => {
                    let value = self.add(written(&value));
                    self.append(id, &key, value);
                }
            }
        }
    }

    fn update_list(&mut self, id: TreeNodeId, old: &[Value], new: Vec<Value>) {
        let elements = self.children(id);
        elements.iter().skip(new.len()).for_each(|element| self.kill(*element));
        for (index, value) in new.into_iter().enumerate() {
            match (elements.get(index), old.get(index)) {
                (Some(element), Some(old)) => self.update(*element, old, value),
                _ => {
                    let element = self.add(written(&value));
                    self.insert(id, usize::MAX, element);
                }
            }
        }
    }
}

fn written(value: &Value) -> Cow<'static, [u8]> {
    Cow::Owned(value.to_string().into_bytes())
}

/// A `String` has no room for lone surrogates and invalid UTF-8; they show as U+FFFD.
fn decoded(quoted: &[u8]) -> String {
    String::from_utf8_lossy(&text::unescape(text::inner(quoted))).into_owned()
}

/// A `Value` has no room for `1E400`; the largest number stands in for what is past it, so that a document that
/// holds one is not refused for a function that does not look at it.
fn number(spelled: &[u8]) -> Value {
    let spelled = String::from_utf8_lossy(spelled);
    if let Ok(integer) = spelled.parse::<i64>()
        && spelled != "-0"
    {
        return integer.into();
    }
    if let Ok(integer) = spelled.parse::<u64>() {
        return integer.into();
    }
    let float = spelled.parse::<f64>().unwrap_or_default().clamp(f64::MIN, f64::MAX);
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

// === impl ValueReader ===

impl ValueReader<'_> {
    /// As deep as the document, which its limit bounds.
    fn value(&mut self) -> Value {
        match ValueType::of(&self.text[self.at..]) {
            ValueType::Object => self.object(),
            ValueType::List => self.list(),
            ValueType::Text => Value::String(self.string()),
            _ => self.scalar(),
        }
    }

    fn object(&mut self) -> Value {
        let mut object = Map::new();
        while self.item() {
            let key = self.string();
            self.at = after_white(self.text, after_white(self.text, self.at) + 1);
            object.insert(key, self.value());
        }
        Value::Object(object)
    }

    fn list(&mut self) -> Value {
        let mut list = Vec::new();
        while self.item() {
            list.push(self.value());
        }
        Value::Array(list)
    }

    /// Goes over a bracket or comma to the next item. `false` behind the closing bracket.
    fn item(&mut self) -> bool {
        self.at = after_white(self.text, self.at);
        let closes = |byte: Option<&u8>| matches!(byte, None | Some(b'}' | b']'));
        if !closes(self.text.get(self.at)) {
            self.at = after_white(self.text, self.at + 1);
        }
        let more = !closes(self.text.get(self.at));
        self.at += usize::from(!more);
        more
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at = after_string(self.text, start);
        decoded(&self.text[start..self.at])
    }

    fn scalar(&mut self) -> Value {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
        self.at += length;
        match &rest[..length] {
            b"null" => Value::Null,
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            spelled => number(spelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn updated(text: &str, change: impl Fn(&mut Value)) -> String {
        let mut tree = Tree::of(Cow::Borrowed(text.as_bytes()));
        let old = ValueReader { text: text.as_bytes(), at: 0 }.value();
        let mut new = old.clone();
        change(&mut new);
        tree.update(tree.root(), &old, new);
        String::from_utf8(tree.document()).expect("UTF-8")
    }

    #[test]
    fn reads_all_kinds() {
        let text = r#"{ "a" : [ ] , "b":[1,-2.5,1E400, 18446744073709551615,{} ],"c":"\u0041\uDEAD", "d":[[true ],false,null]}"#;
        let value = ValueReader { text: text.as_bytes(), at: 0 }.value();
        assert_eq!(value["b"], json!([1, -2.5, f64::MAX, u64::MAX, {}]));
        assert_eq!((&value["a"], &value["d"]), (&json!([]), &json!([[true], false, null])));
        assert!(value["c"].as_str().is_some_and(|text| text.starts_with('A')));
    }

    #[test]
    fn what_is_equal_keeps_its_bytes() {
        let text = r#"{ "a": 1.10, "b": [1E400, "\u0041", 3], "c": {"x": -0} }"#;
        assert_eq!(updated(text, |_| ()), text);
        assert_eq!(
            updated(text, |value| value["b"][2] = json!("three")),
            r#"{ "a": 1.10, "b": [1E400, "\u0041", "three"], "c": {"x": -0} }"#
        );
        assert_eq!(
            updated(text, |value| value["b"] = json!([f64::MAX])),
            r#"{ "a": 1.10, "b": [1E400], "c": {"x": -0} }"#
        );
        assert_eq!(
            updated(text, |value| {
                value.as_object_mut().map(|object| object.remove("a"));
                value["n"] = json!({"k": []});
            }),
            r#"{ "b": [1E400, "\u0041", 3], "c": {"x": -0},"n":{"k":[]} }"#
        );
    }
}
