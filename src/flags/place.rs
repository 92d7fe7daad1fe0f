//! Where in a JSON text something is: members that occur twice, and the byte range of a pointer.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::logic::escaped;
use crate::diagnostic::Span;

/// The range of the value at `pointer` in `text`, or of the nearest value around it.
pub(super) fn span(text: &str, pointer: &str) -> Span {
    let Ok(mut found) = serde_json::from_str::<&RawValue>(text) else { return Span::NONE };
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let inner = match found.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str::<BTreeMap<String, &RawValue>>(found.get())
                .ok()
                .and_then(|members| members.get(&segment).copied()),
            Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(found.get())
                .ok()
                .and_then(|items| segment.parse().ok().and_then(|index: usize| items.get(index).copied())),
            _ => None,
        };
        let Some(inner) = inner else { break };
        found = inner;
    }
    let start = found.get().as_ptr() as usize - text.as_ptr() as usize;
    Span::new(start, start + found.get().len())
}

/// The pointers of the members that occur twice in their object.
pub(super) fn duplicates(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // What is no JSON was found before.
    let _ = MemberScan { pointer: String::new(), found: &mut found }.deserialize(&mut deserializer);
    found
}

struct MemberScan<'f> {
    pointer: String,
    found: &'f mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for MemberScan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberScan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt("JSON", f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let pointer = format!("{}/{}", self.pointer, escaped(&name));
            if !seen.insert(name) {
                self.found.push(pointer.clone());
            }
            map.next_value_seed(MemberScan { pointer, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut at = 0;
        while items
            .next_element_seed(MemberScan { pointer: format!("{}/{at}", self.pointer), found: self.found })?
            .is_some()
        {
            at += 1;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
