//! From JSON to definitions, with all errors.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{FlagDefinition, FlagType};
use crate::diagnostic::{SUGGESTED, Span, suggestion};
use crate::flags::evaluation::FlagVariant;
use crate::flags::logic::{Evaluators, Findings, Logic, escaped};

const KEYS: [&str; 4] = ["$schema", "flags", "$evaluators", "metadata"];
const FLAG_KEYS: [&str; 5] = ["state", "variants", "defaultVariant", "targeting", "metadata"];

/// Where the reader of JSON gave up.
pub(super) fn syntax_span(text: &str, error: &serde_json::Error) -> Span {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let start = (lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1)).min(text.len());
    let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Span::new(start, start + 1)
}

/// The flags and the metadata of a document.
pub(super) fn document(document: &Value, findings: &mut Findings) -> (Vec<FlagDefinition>, Map<String, Value>) {
    let Value::Object(document) = document else {
        findings.error("", "flags-type", "the document is an object with the member `flags`");
        return (Vec::new(), Map::new());
    };
    unknown_keys(document, "", &KEYS, findings);
    let Some(flags) = document.get("flags") else {
        findings.error("", "flags-missing", "`flags` is missing");
        return (Vec::new(), Map::new());
    };
    let mut evaluators = Evaluators::new(object(document, "$evaluators", "", findings));
    evaluators.compile_all(findings);
    let metadata = object(document, "metadata", "", findings).cloned().unwrap_or_default();
    let Value::Object(flags) = flags else {
        findings.error("/flags", "flags-type", "`flags` is an object: the key of each flag, and its definition");
        return (Vec::new(), metadata);
    };
    let mut read = Vec::with_capacity(flags.len());
    for (key, flag) in flags {
        read.extend(read_flag(key, flag, &mut evaluators, findings));
    }
    (read, metadata)
}

fn read_flag<'v>(
    key: &'v str,
    flag: &'v Value,
    evaluators: &mut Evaluators<'v>,
    findings: &mut Findings,
) -> Option<FlagDefinition> {
    let pointer = format!("/flags/{}", escaped(key));
    if key.is_empty() {
        findings.error(&pointer, "flag-key", "the key of a flag is not empty");
    }
    let Value::Object(flag) = flag else {
        findings.error(&pointer, "flags-type", "a flag is an object");
        return None;
    };
    unknown_keys(flag, &pointer, &FLAG_KEYS, findings);
    let enabled = state(flag, &pointer, findings);
    let (variants, flag_type) = variants(flag, &pointer, findings);
    let default_variant = default_variant(flag, &variants, &pointer, findings);
    let targeting = match flag.get("targeting") {
        None | Some(Value::Null) => None,
        Some(Value::Object(rule)) if rule.is_empty() => None,
        Some(rule) => {
            let pointer = format!("{pointer}/targeting");
            let rule = evaluators.compile(rule, &pointer, findings);
            check_answers(rule.as_ref(), &variants, &pointer, findings);
            rule
        }
    };
    let metadata = object(flag, "metadata", &pointer, findings).cloned().unwrap_or_default();
    Some(FlagDefinition { key: key.into(), enabled, flag_type, variants, default_variant, targeting, metadata })
}

fn state(flag: &Map<String, Value>, pointer: &str, findings: &mut Findings) -> bool {
    match flag.get("state") {
        Some(Value::String(state)) if state == "ENABLED" => return true,
        Some(Value::String(state)) if state == "DISABLED" => {}
        None => findings.error(pointer, "flag-state", "`state` is missing; it is `ENABLED` or `DISABLED`"),
        Some(other) => {
            let message = format!("unknown state {other}; known: `ENABLED`, `DISABLED`");
            findings.error(&format!("{pointer}/state"), "flag-state", message);
        }
    }
    false
}

fn variants(
    flag: &Map<String, Value>,
    pointer: &str,
    findings: &mut Findings,
) -> (Vec<Arc<FlagVariant>>, Option<FlagType>) {
    let Some(variants) = object(flag, "variants", pointer, findings) else {
        if !flag.contains_key("variants") {
            findings.error(pointer, "flag-variants", "`variants` is missing");
        }
        return (Vec::new(), None);
    };
    let pointer = format!("{pointer}/variants");
    if variants.is_empty() {
        findings.error(&pointer, "flag-variants", "a flag has at least one variant");
    }
    let mut flag_type = None;
    for (name, value) in variants {
        let pointer = format!("{pointer}/{}", escaped(name));
        match (FlagType::of(value), flag_type) {
            (None, _) => {
                findings.error(&pointer, "flag-variants", "a variant is a boolean, a string, a number or an object");
            }
            (Some(own), None) => flag_type = Some(own),
            (Some(own), Some(first)) if own != first => {
                let (own, first) = (own.as_str(), first.as_str());
                let message = format!("the variant `{name}` is of type {own}, but the first one is of type {first}");
                findings.error(&pointer, "flag-variants", message);
            }
            _ => {}
        }
    }
    let made =
        variants.iter().map(|(name, value)| Arc::new(FlagVariant { name: name.as_str().into(), value: value.clone() }));
    (made.collect(), flag_type)
}

fn default_variant(
    flag: &Map<String, Value>,
    variants: &[Arc<FlagVariant>],
    pointer: &str,
    findings: &mut Findings,
) -> Option<usize> {
    let pointer = format!("{pointer}/defaultVariant");
    match flag.get("defaultVariant") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => {
            let found = variants.iter().position(|variant| *variant.name == **name);
            if found.is_none() {
                unknown_variant(name, variants, &pointer, findings);
            }
            found
        }
        Some(other) => {
            let message = format!("`defaultVariant` is the name of a variant, as a string, not {other}");
            findings.error(&pointer, "flag-variant", message);
            None
        }
    }
}

fn check_answers(rule: Option<&Logic>, variants: &[Arc<FlagVariant>], pointer: &str, findings: &mut Findings) {
    let mut answers = Vec::new();
    if let Some(rule) = rule {
        rule.answers(&mut answers);
    }
    answers.sort_unstable();
    answers.dedup();
    for name in answers {
        if !variants.iter().any(|variant| &*variant.name == name) {
            unknown_variant(name, variants, pointer, findings);
        }
    }
}

fn unknown_variant(name: &str, variants: &[Arc<FlagVariant>], pointer: &str, findings: &mut Findings) {
    let known: Vec<_> = variants.iter().map(|variant| &*variant.name).collect();
    let message = format!("unknown variant `{name}`; {}", suggestion(name, &known, SUGGESTED));
    findings.error(pointer, "flag-variant", message);
}

fn unknown_keys(object: &Map<String, Value>, pointer: &str, known: &[&str], findings: &mut Findings) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        let message = format!("unknown key `{name}`; {}", suggestion(name, known, SUGGESTED));
        findings.error(&format!("{pointer}/{}", escaped(name)), "flags-key", message);
    }
}

fn object<'v>(
    parent: &'v Map<String, Value>,
    name: &str,
    pointer: &str,
    findings: &mut Findings,
) -> Option<&'v Map<String, Value>> {
    match parent.get(name)? {
        Value::Object(object) => Some(object),
        _ => {
            findings.error(&format!("{pointer}/{name}"), "flags-type", format!("`{name}` is an object"));
            None
        }
    }
}
